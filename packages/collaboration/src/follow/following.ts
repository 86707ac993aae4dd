// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Keeps the user's view of a document with that of somebody else.
 *
 * Knows presence and places; what is drawn is drawn by its owner. Whoever is
 * followed is told, and tells what they see.
 */

import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { IDocumentUser } from '../people/users';
import { seenOf } from '../people/places';
import type { DocumentPresence } from '../people/documentPresence';

/** What ends following: deeds that move the view, or are meant for it. */
const DEEDS = ['wheel', 'touchmove', 'pointerdown', 'keydown'] as const;

/** Keys that do nothing by themselves. */
const QUIET_KEYS = ['Shift', 'Control', 'Alt', 'Meta'];

/** Milliseconds between two messages about what is seen. */
const INTERVAL = 100;

/**
 * Follows one person at a time in one document.
 */
export class Following implements IDisposable {
  /**
   * @param _presence Who is in the document.
   * @param _view Where deeds of the user end it.
   */
  constructor(
    private _presence: DocumentPresence,
    private _view: HTMLElement
  ) {
    _presence.changed.connect(this._follow, this);
  }

  /**
   * Who is followed; `null` if nobody is.
   */
  get person(): IDocumentUser | null {
    return this._person;
  }

  /**
   * A signal emitted when somebody else is followed, or nobody any more.
   */
  get personChanged(): ISignal<this, IDocumentUser | null> {
    return this._personChanged;
  }

  /**
   * Whether it is disposed.
   */
  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /**
   * Follow nobody.
   */
  dispose(): void {
    if (!this._isDisposed) {
      this.stop();
      this._isDisposed = true;
      this._presence.changed.disconnect(this._follow, this);
      Signal.clearData(this);
    }
  }

  /**
   * Follow somebody.
   *
   * @param key What tells them apart.
   * @returns Whether they are here.
   */
  start(key: string): boolean {
    const person = this._presence.find(key) ?? null;
    this._set(person);
    if (person) {
      const state = this._presence.stateOf(person);
      if (state && !seenOf(state)) {
        this._presence.places.jump(state); // until they tell what they see
      }
      this._follow();
    }
    return person !== null;
  }

  /**
   * Follow nobody.
   */
  stop(): void {
    this._set(null);
  }

  private _set(person: IDocumentUser | null): void {
    const before = this._person;
    this._person = person;
    if (before?.key === person?.key) {
      return;
    }
    const options = { capture: true, passive: true };
    for (const deed of DEEDS) {
      this._view.removeEventListener(deed, this._onDeed, options);
      if (person) {
        this._view.addEventListener(deed, this._onDeed, options);
      }
    }
    this._seen = '';
    this._presence.publish('following', person?.username ?? null);
    this._personChanged.emit(person);
  }

  private _onDeed = (event: Event): void => {
    const isQuiet =
      event instanceof KeyboardEvent && QUIET_KEYS.includes(event.key);
    if (!isQuiet) {
      this.stop();
    }
  };

  private _follow(): void {
    if (!this._person) {
      return;
    }
    const person = this._presence.find(this._person.key);
    const state = person && this._presence.stateOf(person);
    if (!state) {
      this.stop(); // they are gone
      return;
    }
    const seen = seenOf(state);
    const text = JSON.stringify(seen);
    if (seen && text !== this._seen) {
      this._seen = text;
      this._presence.places.see(seen);
    }
  }

  private _isDisposed = false;
  private _person: IDocumentUser | null = null;
  private _personChanged = new Signal<this, IDocumentUser | null>(this);
  private _seen = '';
}

/**
 * Tells followers what the user sees, while there are any.
 */
export class SeenPublisher implements IDisposable {
  /**
   * @param _presence Who is in the document.
   * @param _scroller What is scrolled.
   */
  constructor(
    private _presence: DocumentPresence,
    private _scroller: HTMLElement
  ) {
    _presence.changed.connect(this._look, this);
    _scroller.addEventListener('scroll', this._later, { passive: true });
  }

  /**
   * Whether it is disposed.
   */
  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /**
   * Tell no more.
   */
  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      clearTimeout(this._timer);
      this._presence.changed.disconnect(this._look, this);
      this._scroller.removeEventListener('scroll', this._later);
    }
  }

  private _look(): void {
    const isFollowed = this._presence.users.some(user => user.isFollower);
    if (isFollowed !== this._isFollowed) {
      this._isFollowed = isFollowed;
      this._presence.publish('seen', isFollowed ? this._seen() : null);
    }
  }

  private _later = (): void => {
    if (this._isFollowed && this._timer === undefined) {
      this._timer = setTimeout(() => {
        this._timer = undefined;
        if (this._isFollowed) {
          this._presence.publish('seen', this._seen());
        }
      }, INTERVAL);
    }
  };

  private _seen(): unknown {
    return this._presence.places.seen();
  }

  private _isDisposed = false;
  private _isFollowed = false;
  private _timer: ReturnType<typeof setTimeout> | undefined;
}
