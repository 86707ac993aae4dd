// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The people on a server, and the documents that they have open.
 *
 * A model without widgets: reads the presence that is shared outside of
 * documents. Its fields are those of the public protocol: `current`, the
 * document that somebody looks at, as `kind:path`, and `documents`, the paths
 * of all that are open. [C1]
 */

import { currentPath } from './currentPath';
import type {
  IOtherUsersOptions,
  UsersAwareness,
  IDocumentUser
} from './users';
import { keyOf, otherUsers } from './users';
import { asRecord } from './userColor';

/** The most documents of one person that are listed. */
const MOST_DOCUMENTS = 20;

/**
 * A document that somebody has open.
 */
export interface IOpenDocument {
  /** Its path. */
  path: string;
  /** Whether they look at it. */
  isCurrent: boolean;
}

/**
 * Somebody on the server.
 */
export interface IOnlinePerson {
  /** The person. */
  user: IDocumentUser;
  /** What they have open, what they look at first. */
  documents: IOpenDocument[];
}

/**
 * The other people on the server, each once, by name.
 */
export function peopleOnline(
  awareness: Pick<UsersAwareness, 'clientID' | 'getStates' | 'getLocalState'>,
  options: IOtherUsersOptions = {}
): IOnlinePerson[] {
  const documents = new Map<string, Map<string, boolean>>();
  for (const [clientId, state] of awareness.getStates()) {
    const record = asRecord(state);
    if (record && clientId !== awareness.clientID) {
      const key = keyOf(record.user, clientId);
      const known = documents.get(key) ?? new Map<string, boolean>();
      documents.set(key, known);
      const current = currentPath(record.current);
      const listed: unknown[] = Array.isArray(record.documents)
        ? record.documents
        : [];
      for (const path of [current, ...listed]) {
        if (typeof path === 'string' && path !== '') {
          known.set(path, (known.get(path) ?? false) || path === current);
        }
      }
    }
  }
  return otherUsers(awareness, options).map(user => ({
    user,
    documents: [...(documents.get(user.key) ?? [])]
      .map(([path, isCurrent]) => ({ path, isCurrent }))
      .sort(
        (a, b) =>
          Number(b.isCurrent) - Number(a.isCurrent) ||
          a.path.localeCompare(b.path)
      )
      .slice(0, MOST_DOCUMENTS)
  }));
}
