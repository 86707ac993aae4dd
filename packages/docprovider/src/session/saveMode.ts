// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Whether a document is saved automatically, and for whom. [F13]
 *
 * The server decides it from the setting of each editor, which is published in
 * the presence of the document. Knows nothing of settings and sockets.
 */

import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { Awareness } from 'y-protocols/awareness';

import type { IReply } from '../protocol';
import type { ISaveMode } from '../tokens';

/**
 * The part of a presence state that matters here.
 */
interface IEditorState {
  autosave?: boolean | null;
  user?: { display_name?: string; name?: string; role?: string };
}

/**
 * How one document is saved.
 */
export class SaveMode implements ISaveMode, IDisposable {
  /**
   * @param _awareness The presence of the document.
   */
  constructor(
    private _awareness: Pick<
      Awareness,
      'clientID' | 'getStates' | 'off' | 'on' | 'setLocalStateField'
    >
  ) {
    _awareness.setLocalStateField('autosave', null);
  }

  get isManual(): boolean {
    return this._isManual;
  }

  get autosave(): boolean | null {
    return this._autosave;
  }

  set autosave(value: boolean | null) {
    if (this._autosave !== value) {
      this._autosave = value;
      this._awareness.setLocalStateField('autosave', value);
      this._awareness.off('change', this._onPresence);
      if (value === false) {
        this._awareness.on('change', this._onPresence);
      }
      this._changed.emit();
    }
  }

  get isLastEditor(): boolean {
    return this._otherEditors().length === 0;
  }

  get othersWithAutosave(): string[] {
    const names = this._otherEditors()
      .filter(({ autosave }) => autosave !== false && autosave !== null)
      .map(({ user }) => user?.display_name || user?.name || '')
      .filter(name => name);
    return [...new Set(names)];
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /**
   * A connection is open: on it, the server reports whether saving is manual.
   */
  opened(): void {
    this._isTold = false;
  }

  /**
   * Take the server's message about the mode.
   */
  receive({ manual }: IReply): void {
    this._isTold = true;
    this._set(manual === true);
  }

  /**
   * The document is synchronized: without a message, it is saved automatically.
   */
  synced(): void {
    if (!this._isTold) {
      this._set(false);
    }
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this._awareness.off('change', this._onPresence);
      Signal.clearData(this);
    }
  }

  private _otherEditors(): IEditorState[] {
    const { clientID } = this._awareness;
    return [...this._awareness.getStates()]
      .filter(([id]) => id !== clientID)
      .map(([_, state]) => state as IEditorState)
      .filter(({ user }) => user?.role !== 'viewer');
  }

  /** The presence of a person may arrive after the server's message about them. */
  private _onPresence = (): void => {
    const others = this.othersWithAutosave.join('\n');
    if (others !== this._others) {
      this._others = others;
      this._changed.emit();
    }
  };

  private _set(isManual: boolean): void {
    if (this._isManual !== isManual) {
      this._isManual = isManual;
      this._changed.emit();
    }
  }

  private _autosave: boolean | null = null;
  private _changed = new Signal<this, void>(this);
  private _isDisposed = false;
  private _isManual = false;
  private _isTold = false;
  private _others = '';
}
