// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The frame around a document while somebody is followed in it.
 */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';

import { pageColor, textColorOn } from '../people/userColor';
import type { IDocumentUser } from '../people/users';
import type { Following } from './following';

/**
 * Shows a frame in the color of whoever is followed; Escape ends it.
 */
export class FollowFrame implements IDisposable {
  /**
   * @param _following Who is followed.
   * @param _host What is framed.
   * @param _trans Translates what is shown.
   */
  constructor(
    private _following: Following,
    private _host: HTMLElement,
    private _trans: TranslationBundle
  ) {
    this._frame.className = 'jp-FollowFrame';
    this._words.className = 'jp-FollowFrame-words';
    this._words.setAttribute('role', 'status');
    this._frame.append(this._words);
    _following.personChanged.connect(this._show, this);
  }

  /**
   * Whether it is disposed.
   */
  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /**
   * Show nothing more.
   */
  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this._following.personChanged.disconnect(this._show, this);
      this._show(this._following, null);
    }
  }

  private _show(_: Following, person: IDocumentUser | null): void {
    document.removeEventListener('keydown', this._onKey, true);
    if (!person) {
      this._frame.remove();
      return;
    }
    document.addEventListener('keydown', this._onKey, true);
    const { color, name } = person;
    this._frame.style.borderColor = color;
    this._words.style.backgroundColor = color;
    this._words.style.color = textColorOn(color, pageColor);
    this._host.append(this._frame);
    this._words.textContent = this._trans.__(
      'Following %1 — Esc to stop',
      name
    );
  }

  private _onKey = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') {
      this._following.stop();
    }
  };

  private _frame = document.createElement('div');
  private _isDisposed = false;
  private _words = document.createElement('div');
}
