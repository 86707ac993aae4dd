// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The colors of the people in one document: the same for everybody who looks,
 * and no two alike as long as there are enough. [P11]
 *
 * Pure: the presence of a document in, colors out.
 */

import { asRecord, keyColor, USER_COLORS, userColor } from './userColor';
import type { UsersAwareness } from './users';
import { keyOf } from './users';

/**
 * Colors by what tells people apart, see `keyOf`.
 */
export type DocumentColors = ReadonlyMap<string, string>;

/**
 * The colors of everybody in a document, oneself included.
 *
 * Of two people with one color, the first by username keeps it; the other one
 * gets the next color that nobody before them has.
 */
export function documentColors(
  awareness: Pick<UsersAwareness, 'getStates'>
): DocumentColors {
  const states = awareness.getStates();
  const known = resolved.get(awareness);
  if (known && isSame(known.users, states)) {
    return known.colors;
  }
  const people = new Map<string, string>();
  const clients = [...states].sort(([a], [b]) => a - b);
  for (const [clientId, state] of clients) {
    const user = asRecord(asRecord(state)?.user);
    if (user) {
      const key = keyOf(user, clientId);
      people.set(key, people.get(key) ?? ownOrKeyColor(user, clientId));
    }
  }
  const colors = new Map<string, string>();
  [...people]
    .sort(([one], [other]) => compare(one, other))
    .forEach(([key, color]) => colors.set(key, freeColor(color, colors)));
  const users = new Map(
    clients.map(([clientId, state]) => [clientId, asRecord(state)?.user])
  );
  resolved.set(awareness, { users, colors });
  return colors;
}

/**
 * The colors of the authors of a document: of those who are in it, the same as
 * there, and of the others colors that nobody there has.
 *
 * @param usernames The authors.
 */
export function authorColors(
  usernames: readonly string[],
  present: DocumentColors
): DocumentColors {
  const colors = new Map(present);
  for (const username of [...usernames].sort(compare)) {
    const key = keyOf({ username }, 0);
    if (!colors.has(key)) {
      colors.set(key, freeColor(keyColor(username), colors));
    }
  }
  return new Map(
    usernames.map(username => [
      username,
      colors.get(keyOf({ username }, 0)) ?? keyColor(username)
    ])
  );
}

/**
 * The color of a user as all others have it from the server: JupyterLab gives
 * oneself a variable of its theme instead of none.
 */
function ownOrKeyColor(
  user: Record<string, unknown>,
  clientId: number
): string {
  const color = userColor(user, clientId);
  return color.startsWith('var(')
    ? userColor({ ...user, color: undefined }, clientId)
    : color;
}

/**
 * A color, or the next one in the palette if somebody has it already.
 */
function freeColor(wanted: string, taken: DocumentColors): string {
  const used = new Set([...taken.values()].map(color => color.toLowerCase()));
  if (!used.has(wanted.toLowerCase())) {
    return wanted;
  }
  const start = USER_COLORS.indexOf(wanted.toLowerCase()) + 1;
  const palette = [...USER_COLORS.slice(start), ...USER_COLORS.slice(0, start)];
  return palette.find(color => !used.has(color)) ?? wanted;
}

/**
 * Whether colors were resolved for these very users: presence is read for each
 * editor of a notebook, and changes for one client at a time.
 */
function isSame(
  users: ReadonlyMap<number, unknown>,
  states: ReadonlyMap<number, unknown>
): boolean {
  if (users.size !== states.size) {
    return false;
  }
  for (const [clientId, state] of states) {
    if (users.get(clientId) !== asRecord(state)?.user) {
      return false;
    }
  }
  return true;
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

const resolved = new WeakMap<
  object,
  { users: ReadonlyMap<number, unknown>; colors: DocumentColors }
>();
