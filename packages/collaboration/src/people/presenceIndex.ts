// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The presence of one document, parsed once for all who show it.
 *
 * Listens to an awareness, and notifies each view only of changes of its part:
 * the editor of a text, of people in this text; views of people, of people. So
 * the cost of a change does not depend on the number of cells or editors.
 */

import type * as Y from 'yjs';

import type { DocumentColors } from './documentColors';
import { documentColors } from './documentColors';
import { asRecord } from './userColor';
import type { UsersAwareness } from './users';
import { keyOf } from './users';

/** The most positions of one client that are looked at. */
const MOST_POSITIONS = 1000;

/** The key of positions that may be in any text. */
const ANYWHERE = '';

/** The key of texts that are not part of a document yet. */
const NOWHERE = 'nowhere';

/**
 * The content of the `change` event of an awareness.
 */
export interface IAwarenessChange {
  added: number[];
  updated: number[];
  removed: number[];
}

/**
 * What is known of one client.
 */
interface IClient {
  /** The published `cursors`, and their keys. */
  cursors: unknown;
  texts: ReadonlySet<string>;
  /** What views of people show, and all but the cursors, to compare. */
  person: string;
  rest: string;
  /** The key of the person, for colors. */
  key: string;
}

type Listener = (clientIds: ReadonlySet<number>) => void;

/**
 * An observer of one text.
 */
interface ITextObserver {
  key: string;
  readonly text: Y.Text;
  readonly listener: Listener;
}

/**
 * The presence of one document.
 */
export class PresenceIndex {
  /**
   * The index of an awareness: one for all who ask.
   */
  static of(awareness: UsersAwareness): PresenceIndex {
    let index = indexes.get(awareness);
    if (!index) {
      index = new PresenceIndex(awareness);
      indexes.set(awareness, index);
    }
    return index;
  }

  private constructor(private _awareness: UsersAwareness) {
    this._readOwnUser();
    this._read([..._awareness.getStates().keys()]);
    this._colors = documentColors(_awareness);
    _awareness.on('change', this._onChange);
  }

  /**
   * The colors of the people in the document.
   */
  get colors(): DocumentColors {
    return this._colors;
  }

  /**
   * The color of a client; `undefined` if it has no user.
   */
  colorOf(clientId: number): string | undefined {
    return this._colors.get(this._clients.get(clientId)?.key ?? '');
  }

  /**
   * The other clients that may have a cursor in a text.
   */
  clientsIn(text: Y.Text): number[] {
    return [
      ...(this._inTexts.get(keyOfText(text)) ?? []),
      ...(this._inTexts.get(ANYWHERE) ?? [])
    ];
  }

  /**
   * Call a function when the cursors, names or colors of others in a text
   * changed, with the ids of their clients.
   *
   * @returns A function that ends it.
   */
  observeText(text: Y.Text, listener: Listener): () => void {
    const observer = { key: keyOfText(text), text, listener };
    this._add(observer);
    return () => this._remove(observer);
  }

  /**
   * Call a function when people came or went, or look or act differently.
   *
   * @returns A function that ends it.
   */
  observePeople(listener: () => void): () => void {
    this._peopleListeners.add(listener);
    return () => this._peopleListeners.delete(listener);
  }

  /**
   * Call a function when anything of others but their cursors changed, and
   * whether people changed.
   *
   * @returns A function that ends it.
   */
  observeStates(listener: (isPeople: boolean) => void): () => void {
    this._stateListeners.add(listener);
    return () => this._stateListeners.delete(listener);
  }

  /**
   * Call a function when the own client has another id, as after the document
   * went on in another history.
   *
   * @returns A function that ends it.
   */
  observeRejoin(listener: () => void): () => void {
    this._rejoinListeners.add(listener);
    return () => this._rejoinListeners.delete(listener);
  }

  private _onChange = (change: IAwarenessChange): void => {
    const own = this._awareness.clientID;
    const others = [
      ...change.added,
      ...change.updated,
      ...change.removed
    ].filter(clientId => clientId !== own);
    const isRejoined = change.added.includes(own);
    if (isRejoined) {
      // The document goes on in another history: its texts have other keys.
      [...this._observers.values()].forEach(each => this._keyAgain(each));
      this._rejoinListeners.forEach(listener => listener());
    }
    this._keyAgain(this._observers.get(NOWHERE));
    const isOwnUserNew = this._readOwnUser();
    if (!others.length && !isOwnUserNew) {
      return;
    }
    const { arePeopleNew, areStatesNew, touched } = this._read(others);
    const isPeople = arePeopleNew || isOwnUserNew;
    if (isPeople) {
      this._readColors(touched);
    }
    for (const [key, clientIds] of touched) {
      if (key === ANYWHERE) {
        this._observers.forEach(observers =>
          observers.forEach(({ listener }) => listener(clientIds))
        );
      } else {
        this._observers
          .get(key)
          ?.forEach(({ listener }) => listener(clientIds));
      }
    }
    if (areStatesNew || isPeople) {
      this._stateListeners.forEach(listener => listener(isPeople));
    }
    if (isPeople) {
      this._peopleListeners.forEach(listener => listener());
    }
  };

  /**
   * Read the states of clients.
   *
   * @returns Whether people and states changed, and which clients changed in
   * which text.
   */
  private _read(clientIds: readonly number[]): {
    arePeopleNew: boolean;
    areStatesNew: boolean;
    touched: Touched;
  } {
    const states = this._awareness.getStates();
    const touched: Touched = new Map();
    let arePeopleNew = false;
    let areStatesNew = false;
    for (const clientId of clientIds) {
      if (clientId === this._awareness.clientID) {
        continue;
      }
      const before = this._clients.get(clientId);
      const state = asRecord(states.get(clientId));
      const now = state ? clientOf(clientId, state) : null;
      arePeopleNew ||= before?.person !== now?.person;
      areStatesNew ||= before?.rest !== now?.rest;
      const areCursorsNew =
        !before || !now || !isSame(before.cursors, now.cursors);
      if (areCursorsNew || before.person !== now.person) {
        before?.texts.forEach(key => touch(touched, key, clientId));
        now?.texts.forEach(key => touch(touched, key, clientId));
      }
      before?.texts.forEach(key => this._inTexts.get(key)?.delete(clientId));
      now?.texts.forEach(key => {
        const here = this._inTexts.get(key) ?? new Set();
        this._inTexts.set(key, here.add(clientId));
      });
      before?.texts.forEach(key => {
        if (!this._inTexts.get(key)?.size) {
          this._inTexts.delete(key);
        }
      });
      if (now) {
        this._clients.set(clientId, now);
      } else {
        this._clients.delete(clientId);
      }
    }
    return { arePeopleNew, areStatesNew, touched };
  }

  /**
   * Read the own user, who has a color, too.
   *
   * @returns Whether it changed.
   */
  private _readOwnUser(): boolean {
    const user = this._awareness.getLocalState()?.user;
    if (user === this._ownUser) {
      return false;
    }
    const isNew = !isSame(user, this._ownUser);
    this._ownUser = user;
    return isNew;
  }

  /**
   * Somebody who comes or goes may change the color of another person.
   */
  private _readColors(touched: Touched): void {
    const before = this._colors;
    this._colors = documentColors(this._awareness);
    for (const [clientId, { key, texts }] of this._clients) {
      if (before.get(key) !== this._colors.get(key)) {
        texts.forEach(text => touch(touched, text, clientId));
      }
    }
  }

  private _add(observer: ITextObserver): void {
    const observers = this._observers.get(observer.key) ?? new Set();
    this._observers.set(observer.key, observers.add(observer));
  }

  private _remove(observer: ITextObserver): void {
    const observers = this._observers.get(observer.key);
    observers?.delete(observer);
    if (observers?.size === 0) {
      this._observers.delete(observer.key);
    }
  }

  /**
   * Look again where texts are.
   */
  private _keyAgain(observers: ReadonlySet<ITextObserver> = new Set()): void {
    for (const observer of [...observers]) {
      this._remove(observer);
      observer.key = keyOfText(observer.text);
      this._add(observer);
    }
  }

  private _clients = new Map<number, IClient>();
  private _colors: DocumentColors;
  private _inTexts = new Map<string, Set<number>>();
  private _observers = new Map<string, Set<ITextObserver>>();
  private _ownUser: unknown;
  private _peopleListeners = new Set<() => void>();
  private _rejoinListeners = new Set<() => void>();
  private _stateListeners = new Set<(isPeople: boolean) => void>();
}

/** Which clients changed in which text. */
type Touched = Map<string, Set<number>>;

const indexes = new WeakMap<UsersAwareness, PresenceIndex>();

function touch(touched: Touched, key: string, clientId: number): void {
  const clientIds = touched.get(key) ?? new Set();
  touched.set(key, clientIds.add(clientId));
}

function clientOf(clientId: number, state: Record<string, unknown>): IClient {
  const { cursors, ...rest } = state;
  const { following, isIdle, user } = rest;
  return {
    cursors,
    texts: textsOf(cursors),
    person: JSON.stringify([user, isIdle, following]),
    rest: JSON.stringify(rest),
    key: keyOf(user, clientId)
  };
}

/**
 * The keys of the texts in which there are cursors.
 */
function textsOf(cursors: unknown): Set<string> {
  const keys = new Set<string>();
  if (Array.isArray(cursors)) {
    for (const cursor of cursors.slice(0, MOST_POSITIONS)) {
      const head = asRecord(asRecord(cursor)?.head);
      if (head) {
        keys.add(keyOfPosition(head));
      }
    }
  }
  return keys;
}

/**
 * The key of the text of a position, which names it by the item that holds it,
 * or by its name.
 */
function keyOfPosition({ tname, type }: Record<string, unknown>): string {
  if (typeof tname === 'string') {
    return `name:${tname}`;
  }
  const named = asRecord(type);
  return named ? `${named.client}:${named.clock}` : ANYWHERE;
}

/**
 * The key of a text, as positions in it have it.
 */
function keyOfText(text: Y.Text): string {
  const { doc, _item: item } = text;
  if (item) {
    return `${item.id.client}:${item.id.clock}`;
  }
  for (const [name, root] of doc?.share ?? []) {
    if ((root as unknown) === text) {
      return `name:${name}`;
    }
  }
  return NOWHERE;
}

function isSame(one: unknown, other: unknown): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}
