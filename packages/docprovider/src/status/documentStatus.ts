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
  RoleReason,
  SessionName
} from '../tokens';

/**
 * The status of one document.
 */
export class DocumentStatus implements IDisposable {
  /**
   * @param _provider The provider of the document; the caller disposes it.
   */
  constructor(private _provider: IDocumentProvider) {
    for (const signal of this._signals) {
      signal.connect(this._onChanged, this);
    }
    _provider.edits.unsent.changed.connect(this._onCounted, this);
  }

  /**
   * The state of the connection.
   */
  get status(): ConnectionStatus {
    return this._provider.connection.status;
  }

  /**
   * The name of the connection's state, which says more.
   */
  get sessionName(): SessionName {
    return this._provider.connection.name;
  }

  /**
   * The number of changes that the server has not acknowledged.
   */
  get unacknowledged(): number {
    return this._provider.edits.unsent.count;
  }

  /**
   * Whether this browser keeps them, so that a reload does not lose them.
   */
  get isKeptInBrowser(): boolean {
    return this._provider.edits.unsent.isKeptInBrowser;
  }

  /**
   * Why the last save failed, in words; `null` if it did not.
   */
  get saveError(): string | null {
    return this._provider.saves.error;
  }

  /**
   * Whether that was because the file was deleted. [F8]
   */
  get isFileDeleted(): boolean {
    return this._provider.saves.isFileDeleted;
  }

  /**
   * Whether there are changes that are not in the file yet.
   */
  get isDirty(): boolean {
    return this._provider.saves.isDirty;
  }

  /**
   * Whether only explicit saves write the file. [F13]
   */
  get isSavedManually(): boolean {
    return this._provider.saves.mode.isManual;
  }

  /**
   * For whom the document is saved automatically although autosave is off for
   * this user: the names of other editors.
   */
  get autosavedFor(): readonly string[] {
    const { autosave, isManual, othersWithAutosave } =
      this._provider.saves.mode;
    return autosave === false && !isManual ? othersWithAutosave : [];
  }

  /**
   * When the file was last seen to hold the document, in milliseconds since
   * the epoch; `null` if that was not seen yet.
   */
  get savedAt(): number | null {
    return this._provider.saves.savedAt;
  }

  /**
   * Whether another server on the same folder keeps the shared history. [H7]
   */
  get hasPrivateHistory(): boolean {
    return this._provider.history.isPrivate;
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
    return this._provider.connection.ping().catch(() => null);
  }

  /**
   * Connect anew at once.
   */
  retry(): void {
    this._provider.connection.restart();
  }

  /**
   * What the user may do.
   */
  get role(): Role {
    return this._provider.access.role;
  }

  /**
   * Why the user may not do more; empty for editors.
   */
  get roleReason(): RoleReason {
    return this._provider.access.reason;
  }

  /**
   * Why the server has closed the connection, for good or for a while, in
   * words; `null` if it has not, or did not say.
   */
  get reason(): string | null {
    const { refusal, trouble } = this._provider.connection;
    return refusal?.message ?? trouble;
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
    for (const signal of this._signals) {
      signal.disconnect(this._onChanged, this);
    }
    this._provider.edits.unsent.changed.disconnect(this._onCounted, this);
    Signal.clearData(this);
  }

  private get _signals(): ISignal<unknown, void>[] {
    const { access, connection, saves } = this._provider;
    return [
      connection.changed,
      saves.errorChanged,
      saves.dirtyChanged,
      access.changed,
      saves.mode.changed
    ];
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
