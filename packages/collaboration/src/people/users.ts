// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The people in a document, read from its presence.
 *
 * A model without widgets: whoever has the document open several times is one
 * person, and moving a cursor changes nobody.
 */

import type { Awareness } from 'y-protocols/awareness';

import { documentColors } from './documentColors';
import { PresenceIndex } from './presenceIndex';
import {
  asRecord,
  avatarUrl,
  displayName,
  isAnonymous,
  userColor,
  userInitials
} from './userColor';

/**
 * Somebody who has the document open.
 */
export interface IDocumentUser {
  /**
   * What tells people apart: the username, or the client id without one.
   */
  readonly key: string;

  /**
   * The lowest client id of this person.
   */
  readonly clientId: number;

  /**
   * All client ids of this person, of tabs that are used first.
   */
  readonly clientIds: readonly number[];

  /**
   * The name to show.
   */
  readonly name: string;

  /**
   * Whether the server has made up the name.
   */
  readonly isAnonymous: boolean;

  /**
   * The username; `null` without one.
   */
  readonly username: string | null;

  /**
   * The color, safe in a style.
   */
  readonly color: string;

  /**
   * The initials.
   */
  readonly initials: string;

  /**
   * The address of a picture that may be shown; `null` without one.
   */
  readonly avatarUrl: string | null;

  /**
   * What this person may do here; `null` if the server does not say it.
   */
  readonly role: 'editor' | 'viewer' | null;

  /**
   * Since when this person is here, in seconds since the epoch; `null` if the
   * server does not say it.
   */
  readonly since: number | null;

  /**
   * Whether this person did nothing for a while, in any tab.
   */
  readonly isIdle: boolean;

  /**
   * Whether this person follows oneself.
   */
  readonly isFollower: boolean;
}

/**
 * The presence, as far as it is read here.
 */
export type UsersAwareness = Pick<
  Awareness,
  'clientID' | 'getStates' | 'getLocalState' | 'on' | 'off'
>;

/**
 * Options of `otherUsers`.
 */
export interface IOtherUsersOptions {
  /**
   * The username of oneself; the one in the own presence if not given.
   */
  ownUsername?: string;

  /**
   * What to call people without a name.
   */
  anonymous?: string;

  /**
   * The address of the page, for pictures; none are shown without it.
   */
  base?: string;
}

/**
 * The other people in a document, each once, by name.
 */
export function otherUsers(
  awareness: Pick<UsersAwareness, 'clientID' | 'getStates' | 'getLocalState'>,
  options: IOtherUsersOptions = {}
): IDocumentUser[] {
  const ownName =
    options.ownUsername ?? usernameOf(awareness.getLocalState()?.user);
  const own = new Set([ownName, usernameOf(awareness.getLocalState()?.user)]);
  const users = new Map<string, IDocumentUser>();
  const clients = [...awareness.getStates()].sort(([a], [b]) => a - b);
  const colors = documentColors(awareness);
  for (const [clientId, state] of clients) {
    const user = asRecord(asRecord(state)?.user);
    const username = usernameOf(user);
    if (
      !user ||
      clientId === awareness.clientID ||
      (username !== null && own.has(username))
    ) {
      continue;
    }
    const key = keyOf(user, clientId);
    const isIdle = asRecord(state)?.isIdle === true;
    const isFollower = !!ownName && asRecord(state)?.following === ownName;
    const known = users.get(key);
    if (known) {
      users.set(key, {
        ...known,
        clientIds: isIdle
          ? [...known.clientIds, clientId]
          : [clientId, ...known.clientIds],
        since: earliest(known.since, sinceOf(user)),
        isIdle: known.isIdle && isIdle,
        isFollower: known.isFollower || isFollower
      });
    } else {
      const name = displayName(user, options.anonymous);
      users.set(key, {
        key,
        clientId,
        clientIds: [clientId],
        name,
        isAnonymous: isAnonymous(user),
        username,
        color: colors.get(key) ?? userColor(user, clientId),
        initials: userInitials(user, name),
        avatarUrl: avatarUrl(user, options.base ?? ''),
        role: roleOf(user),
        since: sinceOf(user),
        isIdle,
        isFollower
      });
    }
  }
  return [...users.values()].sort(
    (a, b) => a.name.localeCompare(b.name) || a.key.localeCompare(b.key)
  );
}

/**
 * What tells people apart: the username, or the client id without one.
 *
 * @param user The `user` field of an awareness state.
 */
export function keyOf(user: unknown, clientId: number): string {
  const username = usernameOf(user);
  return username === null ? `client:${clientId}` : `user:${username}`;
}

/**
 * The names of people; with what tells them apart, where two have one name.
 */
export function namesApart(users: readonly IDocumentUser[]): string[] {
  return users.map(({ key, name, username }) =>
    users.some(other => other.key !== key && other.name === name)
      ? `${name} (${username ?? key})`
      : name
  );
}

/**
 * Whether two lists show the same people.
 */
export function sameUsers(
  one: readonly IDocumentUser[],
  other: readonly IDocumentUser[]
): boolean {
  return (
    one.length === other.length &&
    one.every((user, index) => {
      const keys = Object.keys(user) as (keyof IDocumentUser)[];
      return keys.every(key => String(user[key]) === String(other[index][key]));
    })
  );
}

/**
 * The other people as a store for views.
 *
 * `read` gives the same list as long as it shows the same people.
 */
export class UsersStore {
  /**
   * @param _awareness The presence of the document; `null` without one.
   * @param _options Who oneself is, and how to read the others.
   */
  constructor(
    private _awareness: UsersAwareness | null,
    private _options: IOtherUsersOptions = {}
  ) {}

  /**
   * The other people.
   */
  readonly read = (): readonly IDocumentUser[] => {
    const users = this._awareness
      ? otherUsers(this._awareness, this._options)
      : [];
    if (!sameUsers(this._users, users)) {
      this._users = users;
    }
    return this._users;
  };

  /**
   * Call a function whenever the people changed.
   *
   * @returns A function that ends it.
   */
  readonly subscribe = (onChanged: () => void): (() => void) => {
    const listener = (): void => {
      const before = this._users;
      if (this.read() !== before) {
        onChanged();
      }
    };
    return this._awareness
      ? PresenceIndex.of(this._awareness).observePeople(listener)
      : () => undefined;
  };

  private _users: readonly IDocumentUser[] = [];
}

function usernameOf(user: unknown): string | null {
  const username = asRecord(user)?.username;
  return typeof username === 'string' && username ? username : null;
}

function roleOf(user: Record<string, unknown>): IDocumentUser['role'] {
  return user.role === 'viewer' || user.role === 'editor' ? user.role : null;
}

function sinceOf({ since }: Record<string, unknown>): number | null {
  return typeof since === 'number' && Number.isFinite(since) ? since : null;
}

function earliest(one: number | null, other: number | null): number | null {
  return one === null || other === null ? (one ?? other) : Math.min(one, other);
}
