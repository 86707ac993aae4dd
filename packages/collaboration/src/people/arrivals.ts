// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Who came to a document and who left it, as opposed to who is not known to be
 * there because the user's own connection was lost.
 */

import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { IDocumentUser } from './users';
import type { DocumentPresence, IPeopleChange } from './documentPresence';

/**
 * The arrivals and departures of one document.
 */
export class Arrivals implements IDisposable {
  /**
   * @param _presence Who is in the document.
   * @param _isLive Whether the user is connected.
   */
  constructor(
    private _presence: DocumentPresence,
    private _isLive: () => boolean
  ) {
    for (const user of _presence.users) {
      this._known.set(user.key, user);
    }
    _presence.peopleChanged.connect(this._onPeopleChanged, this);
  }

  /**
   * A signal emitted when people came or left.
   */
  get changed(): ISignal<this, IPeopleChange> {
    return this._changed;
  }

  /**
   * Whether it is disposed.
   */
  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /**
   * Follow nobody any more.
   */
  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this._presence.peopleChanged.disconnect(this._onPeopleChanged, this);
      Signal.clearData(this);
    }
  }

  private _onPeopleChanged(_: DocumentPresence, change: IPeopleChange): void {
    const joined = change.joined.filter(({ key }) => !this._known.has(key));
    joined.forEach(user => this._known.set(user.key, user));
    if (joined.length) {
      this._changed.emit({ joined, left: [] });
    }
    if (change.left.length) {
      // A connection that is being lost is still called live at this point.
      queueMicrotask(() => this._leave(change.left));
    }
  }

  /**
   * Whoever is missing only because the connection was lost stays known, so
   * that they do not arrive when it is back.
   */
  private _leave(people: readonly IDocumentUser[]): void {
    if (this._isDisposed || !this._isLive()) {
      return;
    }
    const left = people.filter(
      ({ key }) => this._known.has(key) && !this._presence.find(key)
    );
    left.forEach(({ key }) => this._known.delete(key));
    if (left.length) {
      this._changed.emit({ joined: [], left });
    }
  }

  private _changed = new Signal<this, IPeopleChange>(this);
  private _isDisposed = false;
  private _known = new Map<string, IDocumentUser>();
}
