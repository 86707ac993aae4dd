// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Asks the server to write the file of a document, and keeps what came of it.
 *
 * Knows requests and replies, and when nothing can be written; knows nothing of
 * sockets.
 */

import type { DocumentChange, YDocument } from '@jupyter/ydoc';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { IReply } from '../protocol';
import { encodeRequest } from '../protocol';
import type { DocumentSession } from './documentSession';
import { failure, Requests, SaveError } from './requests';
import { roleMessage } from './role';
import type { SaveMode } from './saveMode';
import type { IDocumentAccess, IDocumentSaves, ISaveResult } from '../tokens';

/**
 * The saves of one document.
 */
export class Saves implements IDocumentSaves, IDisposable {
  /**
   * @param _options See the interface.
   */
  constructor(private _options: Saves.IOptions) {
    const { mode, model, send, trans } = _options;
    this.mode = mode;
    this._requests = new Requests(send, trans);
    model.changed.connect(this._onModelChanged, this);
  }

  /**
   * Whether the document is saved automatically.
   */
  readonly mode: SaveMode;

  /**
   * Whether there are changes that are not in the file yet.
   */
  get isDirty(): boolean {
    return this._options.model.ystate.get('dirty') === true;
  }

  /**
   * When the file was last seen to hold the document, in milliseconds since
   * the epoch; `null` if that was not seen yet.
   */
  get savedAt(): number | null {
    return this._savedAt;
  }

  /**
   * Why the file could not be saved the last time, in words; `null` if it was.
   */
  get error(): string | null {
    return this._error;
  }

  /**
   * Whether that was because the file was deleted. [F8]
   */
  get isFileDeleted(): boolean {
    return this._isFileDeleted;
  }

  /**
   * A signal emitted when `isDirty` changed.
   */
  get dirtyChanged(): ISignal<this, void> {
    return this._dirtyChanged;
  }

  /**
   * A signal emitted when `error` or `isFileDeleted` changed.
   */
  get errorChanged(): ISignal<this, void> {
    return this._errorChanged;
  }

  /**
   * Whether no more saves are possible.
   */
  get isDisposed(): boolean {
    return this._requests.isDisposed;
  }

  /**
   * Ask the server to write the file.
   *
   * @throws SaveError if it was not written. [F2]
   */
  save(): Promise<ISaveResult> {
    return this._write('save');
  }

  /**
   * Ask the server to write a file that was deleted again. [F8]
   *
   * @throws SaveError if it was not written.
   */
  recreate(): Promise<ISaveResult> {
    return this._write('recreate');
  }

  /**
   * Ask the server to read the file again.
   *
   * @throws SaveError if it could not.
   */
  async revert(): Promise<void> {
    this._needEditor();
    await this._requests.ask('revert');
  }

  /**
   * Ask the server for nothing but an answer.
   *
   * @throws SaveError if it does not come.
   */
  async ask(): Promise<void> {
    await this._requests.ask('ack');
  }

  /**
   * Ask for a sign that everything sent so far has arrived.
   *
   * @returns The id of the question; `null` if it cannot be asked now.
   */
  acknowledge(): number | null {
    const id = this._requests.nextId();
    return this._options.send(encodeRequest('ack', id)) ? id : null;
  }

  /**
   * Take a message of the server.
   */
  receive(reply: IReply): void {
    switch (reply.type) {
      case 'save':
      case 'recreate':
      case 'autosave':
        if (reply.status === 'failed') {
          this._setError(
            failure(reply, this._options.trans),
            reply.code === 'deleted'
          );
        } else {
          this._setError(null);
        }
        this._requests.settle(reply);
        break;
      case 'ack':
        this._requests.settle({ ...reply, status: 'success' });
        break;
      case 'revert':
        this._requests.settle(reply);
        break;
      case 'error':
        this._setError(failure(reply, this._options.trans));
        break;
    }
  }

  /**
   * The connection is lost: nothing will be answered.
   */
  lost(): void {
    this._requests.lost();
  }

  /**
   * Reject what is under way.
   */
  dispose(): void {
    this._options.model.changed.disconnect(this._onModelChanged, this);
    this._requests.dispose();
    Signal.clearData(this);
  }

  /**
   * @throws SaveError if the user is none.
   */
  private _needEditor(): void {
    const { access, trans } = this._options;
    if (access.role === 'viewer') {
      throw new SaveError(roleMessage(access.reason, trans), false, 'viewer');
    }
  }

  private _onModelChanged(_: unknown, change: DocumentChange): void {
    if (change.stateChange?.some(each => each.name === 'dirty')) {
      if (!this.isDirty) {
        this._savedAt = Date.now();
      }
      this._dirtyChanged.emit();
    }
  }

  private async _write(name: 'save' | 'recreate'): Promise<ISaveResult> {
    const { isInFork, session, trans } = this._options;
    if (session.refusal) {
      throw new SaveError(session.refusal.message);
    }
    this._needEditor();
    if (isInFork()) {
      throw new SaveError(
        trans.__('A fork has no file: it is saved when it is merged.')
      );
    }
    if (session.followed) {
      // The server does not have all that is on the screen. [F2]
      throw this._requests.connectionLost();
    }
    try {
      const { hash } = await this._requests.ask(name);
      return typeof hash === 'string' ? { hash } : {};
    } catch (error) {
      if (error instanceof SaveError && !error.isConnectionLost) {
        this._setError(error.message, error.code === 'deleted');
      }
      throw error;
    }
  }

  private _setError(error: string | null, isFileDeleted = false): void {
    if (this._error !== error || this._isFileDeleted !== isFileDeleted) {
      this._error = error;
      this._isFileDeleted = isFileDeleted;
      this._errorChanged.emit();
    }
  }

  private _dirtyChanged = new Signal<this, void>(this);
  private _error: string | null = null;
  private _errorChanged = new Signal<this, void>(this);
  private _isFileDeleted = false;
  private _requests: Requests;
  private _savedAt: number | null = null;
}

/**
 * Types of the saves.
 */
export namespace Saves {
  /**
   * What saves need.
   */
  export interface IOptions {
    /** What the user may do. */
    access: IDocumentAccess;
    /** Whether the document is in a fork, which has no file. */
    isInFork: () => boolean;
    /** Whether the document is saved automatically; disposed by the caller. */
    mode: SaveMode;
    /** The document; the caller disposes it. */
    model: YDocument<DocumentChange>;
    /** Sends bytes; tells whether that was possible. */
    send: (data: Uint8Array) => boolean;
    /** Where the document is on its way. */
    session: DocumentSession;
    /** Translates the reasons of failures. */
    trans: TranslationBundle;
  }
}
