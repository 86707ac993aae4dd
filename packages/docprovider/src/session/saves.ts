// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Asks the server to write the file of a document, and keeps what came of it.
 *
 * Knows requests and replies; knows nothing of sockets.
 */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { IReply } from '../protocol';
import { encodeRequest } from '../protocol';
import { failure, Requests, SaveError } from './requests';
import type { ISaveResult } from '../tokens';

/**
 * The saves of one document.
 */
export class Saves implements IDisposable {
  /**
   * @param _send Sends bytes; tells whether that was possible.
   * @param _trans Translates the reasons of failures.
   */
  constructor(
    private _send: (data: Uint8Array) => boolean,
    private _trans: TranslationBundle
  ) {
    this._requests = new Requests(_send, _trans);
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
   * A signal emitted when any of them changed.
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
   * @param name `recreate` if it was deleted.
   * @throws SaveError if it was not written. [F2]
   */
  async write(name: 'save' | 'recreate'): Promise<ISaveResult> {
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

  /**
   * Ask the server to read the file again.
   *
   * @throws SaveError if it could not.
   */
  async revert(): Promise<void> {
    await this._requests.ask('revert');
  }

  /**
   * How long the server takes to answer, in milliseconds.
   *
   * @throws SaveError if it does not.
   */
  async ping(): Promise<number> {
    const asked = performance.now();
    await this._requests.ask('ack');
    return performance.now() - asked;
  }

  /**
   * Ask for a sign that everything sent so far has arrived.
   *
   * @returns The id of the question; `null` if it cannot be asked now.
   */
  acknowledge(): number | null {
    const id = this._requests.nextId();
    return this._send(encodeRequest('ack', id)) ? id : null;
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
          this._setError(failure(reply, this._trans), reply.code === 'deleted');
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
        this._setError(failure(reply, this._trans));
        break;
    }
  }

  /**
   * Why nothing can be asked without a connection.
   */
  connectionLost(): SaveError {
    return this._requests.connectionLost();
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
    this._requests.dispose();
    Signal.clearData(this);
  }

  private _setError(error: string | null, isFileDeleted = false): void {
    if (this._error !== error || this._isFileDeleted !== isFileDeleted) {
      this._error = error;
      this._isFileDeleted = isFileDeleted;
      this._errorChanged.emit();
    }
  }

  private _error: string | null = null;
  private _errorChanged = new Signal<this, void>(this);
  private _isFileDeleted = false;
  private _requests: Requests;
}
