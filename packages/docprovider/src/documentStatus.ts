// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * What a user should know about the connection of a document.
 *
 * A model for views: knows a provider; knows nothing of widgets and words.
 */

import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type {
  ConnectionStatus,
  IDocumentProvider,
  Role,
  RoleReason
} from './tokens';

/**
 * The status of one document.
 */
export class DocumentStatus implements IDisposable {
  /**
   * @param _provider The provider of the document; the caller disposes it.
   */
  constructor(private _provider: IDocumentProvider) {
    _provider.statusChanged.connect(this._onChanged, this);
    _provider.unacknowledgedChanged.connect(this._onCounted, this);
    _provider.saveErrorChanged.connect(this._onChanged, this);
    _provider.dirtyChanged.connect(this._onChanged, this);
    _provider.roleChanged.connect(this._onChanged, this);
    _provider.saveMode.changed.connect(this._onChanged, this);
  }

  /**
   * The state of the connection.
   */
  get status(): ConnectionStatus {
    return this._provider.status;
  }

  /**
   * The number of changes that the server has not acknowledged.
   */
  get unacknowledged(): number {
    return this._provider.unacknowledged;
  }

  /**
   * Whether this browser keeps them, so that a reload does not lose them.
   */
  get isKeptInBrowser(): boolean {
    return this._provider.isKeptInBrowser;
  }

  /**
   * Why the last save failed, in words; `null` if it did not.
   */
  get saveError(): string | null {
    return this._provider.saveError;
  }

  /**
   * Whether that was because the file was deleted. [F8]
   */
  get isFileDeleted(): boolean {
    return this._provider.isFileDeleted;
  }

  /**
   * Whether there are changes that are not in the file yet.
   */
  get isDirty(): boolean {
    return this._provider.isDirty;
  }

  /**
   * Whether only explicit saves write the file. [F13]
   */
  get isSavedManually(): boolean {
    return this._provider.saveMode.isManual;
  }

  /**
   * For whom the document is saved automatically although autosave is off for
   * this user: the names of other editors.
   */
  get autosavedFor(): readonly string[] {
    const { autosave, isManual, othersWithAutosave } = this._provider.saveMode;
    return autosave === false && !isManual ? othersWithAutosave : [];
  }

  /**
   * When the file was last seen to hold the document, in milliseconds since
   * the epoch; `null` if that was not seen yet.
   */
  get savedAt(): number | null {
    return this._provider.savedAt;
  }

  /**
   * Whether another server on the same folder keeps the shared history. [H7]
   */
  get hasPrivateHistory(): boolean {
    return this._provider.hasPrivateHistory;
  }

  /**
   * The path of the document.
   */
  get path(): string {
    return this._provider.path;
  }

  /**
   * How long the server takes to answer, in milliseconds; `null` if it does
   * not.
   */
  async ping(): Promise<number | null> {
    return this._provider.ping().catch(() => null);
  }

  /**
   * Connect anew at once.
   */
  retry(): void {
    this._provider.retry();
  }

  /**
   * What the user may do.
   */
  get role(): Role {
    return this._provider.role;
  }

  /**
   * Why the user may not do more; empty for editors.
   */
  get roleReason(): RoleReason {
    return this._provider.roleReason;
  }

  /**
   * Why the server has closed the connection, for good or for a while, in
   * words; `null` if it has not, or did not say.
   */
  get reason(): string | null {
    return this._provider.refusal?.message ?? this._provider.trouble;
  }

  /**
   * A signal emitted when anything changed; the number of changes counts only
   * while there is no connection, since it changes with every keystroke.
   */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /**
   * Whether the model is disposed.
   */
  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /**
   * Stop looking.
   */
  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._provider.statusChanged.disconnect(this._onChanged, this);
    this._provider.unacknowledgedChanged.disconnect(this._onCounted, this);
    this._provider.saveErrorChanged.disconnect(this._onChanged, this);
    this._provider.dirtyChanged.disconnect(this._onChanged, this);
    this._provider.roleChanged.disconnect(this._onChanged, this);
    this._provider.saveMode.changed.disconnect(this._onChanged, this);
    Signal.clearData(this);
  }

  private _onChanged(): void {
    this._changed.emit();
  }

  private _onCounted(): void {
    if (this.status !== 'live') {
      this._changed.emit();
    }
  }

  private _changed = new Signal<this, void>(this);
  private _isDisposed = false;
}
