// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Gives a Yjs document the history of another one with the same content. [S4]
 *
 * Knows the inner structures of Yjs 13 (https://github.com/yjs/yjs, INTERNALS.md):
 * a document's store holds its items; a shared type points at its first items,
 * and each item at its parent. Views hold the document and its shared types,
 * and observe them; so these stay, and take over the items of the other.
 */

import * as Y from 'yjs';

import type { SharedType } from './sharedTypes';
import { isSameContent, isShared, rootPairs } from './sharedTypes';

/**
 * Thrown when two documents are not built alike.
 */
export class TransplantError extends Error {}

/**
 * Give a document the history of another.
 *
 * Nothing is emitted: the content stays the same. The other document gets the
 * old history, and with it what was deleted.
 *
 * @param target The document that stays; not in a transaction.
 * @param source The document with the new history and the same content.
 * @param deleted The shared types that were deleted from the target.
 * @throws TransplantError if their shared types are not alike; then nothing
 * has been changed.
 */
export function adoptHistory(
  target: Y.Doc,
  source: Y.Doc,
  deleted: Iterable<SharedType>
): void {
  if (
    target._transaction ||
    source.subdocs.size ||
    source.store.pendingStructs ||
    !isSameContent(target, source)
  ) {
    throw new TransplantError('The documents are not the same, or not at rest');
  }
  const heirs = new Map<SharedType, SharedType>();
  for (const [own, its] of rootPairs(target, source)) {
    pair(own, its, heirs);
  }
  exchange(target, source, deleted, heirs);
}

/**
 * Give a document the items of another, whatever is in both.
 *
 * @param target The document that stays; not in a transaction.
 * @param source The document with the items to take over.
 * @param deleted The shared types that were deleted from the target.
 * @param heirs Which shared type of the target follows which; by default those
 * of the same names, without anything inside.
 */
export function exchange(
  target: Y.Doc,
  source: Y.Doc,
  deleted: Iterable<SharedType>,
  heirs = new Map(rootPairs(target, source).map(([own, its]) => [its, own]))
): void {
  for (const [name, type] of target.share) {
    if (type.constructor === Y.AbstractType) {
      // Known by name only, so nobody holds it.
      target.share.delete(name);
    }
  }
  for (const [name, type] of source.share) {
    if (!heirs.has(type)) {
      target.share.set(name, type);
      type.doc = target;
    }
  }
  moveItems(source, target, heirs);
  heirs.forEach((own, its) => inherit(own, its));
  for (const type of deleted) {
    // Whoever still writes there shall write into the old history.
    type.doc = source;
  }
  const clientId = freshClientId(target, source);
  [target.store, source.store] = [source.store, target.store];
  target.clientID = clientId;
}

/**
 * A client id that no edit of some documents was made under.
 */
export function freshClientId(...docs: Y.Doc[]): number {
  for (;;) {
    const [id] = crypto.getRandomValues(new Uint32Array(1));
    if (
      id &&
      !docs.some(doc => doc.clientID === id || doc.store.clients.has(id))
    ) {
      return id;
    }
  }
}

/**
 * Find out which shared type follows which.
 */
function pair(
  own: SharedType,
  its: SharedType,
  heirs: Map<SharedType, SharedType>
): void {
  if (own.constructor !== its.constructor) {
    throw new TransplantError('A shared type is of another kind');
  }
  heirs.set(its, own);
  const [children, others] = [childrenOf(own), childrenOf(its)];
  if (children.length !== others.length) {
    throw new TransplantError('There are more shared types');
  }
  children.forEach(([key, child], index) => {
    const [otherKey, other] = others[index];
    if (key !== otherKey) {
      throw new TransplantError('A shared type is elsewhere');
    }
    pair(child, other, heirs);
  });
}

/**
 * The shared types in a shared type, each with its place, in a fixed order.
 */
function childrenOf(type: SharedType): [string, SharedType][] {
  const values: [string, unknown][] =
    type instanceof Y.Map
      ? [...type.keys()].sort().map(key => [key, type.get(key)])
      : type instanceof Y.Array
        ? type.toArray().map((value: unknown, index) => [`${index}`, value])
        : [];
  return values.filter((each): each is [string, SharedType] =>
    isShared(each[1])
  );
}

/**
 * Let the items of the new history belong to those who follow.
 */
function moveItems(
  source: Y.Doc,
  target: Y.Doc,
  heirs: Map<SharedType, SharedType>
): void {
  for (const structs of source.store.clients.values()) {
    for (const struct of structs) {
      if (!(struct instanceof Y.Item)) {
        continue;
      }
      struct.parent = heirs.get(struct.parent as SharedType) ?? struct.parent;
      if (struct.content instanceof Y.ContentType) {
        const type = struct.content.type as SharedType;
        const own = heirs.get(type);
        if (own) {
          struct.content.type = own;
        } else {
          type.doc = target;
        }
      }
    }
  }
}

/**
 * Take over the items of another shared type.
 */
function inherit(own: SharedType, its: SharedType): void {
  own._start = its._start;
  own._map = its._map;
  own._length = its._length;
  own._item = its._item;
  if (own instanceof Y.Text && its instanceof Y.Text) {
    own._hasFormatting = its._hasFormatting;
  }
  // They hold items and indices only, so they stay right.
  own._searchMarker = its._searchMarker;
  its._start = null;
  its._map = new Map();
  its._length = 0;
  its._searchMarker = its._searchMarker && [];
}
