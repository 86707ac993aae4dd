// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The presence of oneself and of others in one open document.
 *
 * Knows an awareness and the places of the document; knows no widgets. The
 * fields that are published beside those of the public protocol: `cell`, the
 * id of the active cell; `isIdle`; `running`, the ids of cells that the user
 * runs; `asked`, the id of the cell that asks the user for input; `following`,
 * the username of whom the user follows; `seen`, what the user sees, while
 * somebody follows.
 */

import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import type { Awareness } from 'y-protocols/awareness';

import type { IDocumentUser } from '../users';
import { otherUsers, sameUsers } from '../users';
import { PresenceIndex } from './presenceIndex';
import type { IDocumentPlaces, PresenceState } from './places';

/**
 * Options of `DocumentPresence`.
 */
export interface IDocumentPresenceOptions {
  /** The presence of the document. */
  awareness: Awareness;
  /** The places of the document. */
  places: IDocumentPlaces;
  /** The username of oneself. */
  ownUsername?: string;
  /** What to call people without a name. */
  anonymous: string;
}

/**
 * Who is in a document, where, and what they do.
 */
export class DocumentPresence implements IDisposable {
  /**
   * @param _options The document.
   */
  constructor(private _options: IDocumentPresenceOptions) {
    this._look();
    const index = PresenceIndex.of(_options.awareness);
    this._stop = index.observeStates(this._onChange);
  }

  /**
   * The presence of the document.
   */
  get awareness(): Awareness {
    return this._options.awareness;
  }

  /**
   * The places of the document.
   */
  get places(): IDocumentPlaces {
    return this._options.places;
  }

  /**
   * The other people.
   */
  get users(): readonly IDocumentUser[] {
    return this._users;
  }

  /**
   * A signal emitted when somebody comes, goes, or does something else than
   * moving their cursor.
   */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /**
   * A signal emitted when people come and go.
   */
  get peopleChanged(): ISignal<this, IPeopleChange> {
    return this._peopleChanged;
  }

  /**
   * Whether it is disposed.
   */
  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /**
   * Look no more.
   */
  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this._stop();
      Signal.clearData(this);
    }
  }

  /**
   * Tell the others something of oneself.
   */
  publish(field: string, value: unknown): void {
    const { awareness } = this._options;
    const state = awareness.getLocalState();
    if (state && JSON.stringify(state[field]) !== JSON.stringify(value)) {
      awareness.setLocalStateField(field, value);
    }
  }

  /**
   * The presence of somebody: of the tab that they use.
   */
  stateOf(user: IDocumentUser): PresenceState | null {
    const states = this._options.awareness.getStates();
    for (const clientId of user.clientIds) {
      const state = states.get(clientId);
      if (state) {
        return state;
      }
    }
    return null;
  }

  /**
   * Somebody by key, if they are here.
   */
  find(key: string): IDocumentUser | undefined {
    return this._users.find(user => user.key === key);
  }

  private _onChange = (arePeopleNew: boolean): void => {
    if (arePeopleNew) {
      this._look();
    }
    this._changed.emit();
  };

  private _look(): void {
    const { anonymous, awareness, ownUsername } = this._options;
    const users = otherUsers(awareness, {
      anonymous,
      base: document.baseURI,
      ...(ownUsername === undefined ? {} : { ownUsername })
    });
    if (!sameUsers(this._users, users)) {
      const before = this._users;
      this._users = users;
      const lacks = (list: readonly IDocumentUser[]) => (user: IDocumentUser) =>
        !list.some(({ key }) => key === user.key);
      this._peopleChanged.emit({
        joined: users.filter(lacks(before)),
        left: before.filter(lacks(users))
      });
    }
  }

  private _changed = new Signal<this, void>(this);
  private _isDisposed = false;
  private _peopleChanged = new Signal<this, IPeopleChange>(this);
  private _stop: () => void;
  private _users: readonly IDocumentUser[] = [];
}

/**
 * Who came, and who went.
 */
export interface IPeopleChange {
  /** Those who came. */
  joined: IDocumentUser[];
  /** Those who went. */
  left: IDocumentUser[];
}
