// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Edits a Yjs document until it holds the same as another.
 *
 * Knows maps, lists and texts, and that cells have ids. The edits are as small
 * as they can be, so that carets, focus and scroll positions stay where they
 * are; lists whose elements have no ids are matched by content.
 */

import * as Y from 'yjs';

import { matches, textDifferences } from './matching';
import type { SharedType } from './sharedTypes';
import { copyOf, isAlike, isSame, isShared, rootPairs } from './sharedTypes';

/**
 * Edit a document until it holds the same as another, in one transaction.
 *
 * @param target The document to edit.
 * @param source The other document.
 * @param origin The origin of the transaction.
 */
export function mirror(target: Y.Doc, source: Y.Doc, origin: unknown): void {
  target.transact(() => {
    for (const [own, its] of rootPairs(target, source)) {
      mirrorType(own, its);
    }
  }, origin);
}

function mirrorType(own: SharedType, its: SharedType): void {
  if (own instanceof Y.Text && its instanceof Y.Text) {
    mirrorText(own, its.toString());
  } else if (own instanceof Y.Array && its instanceof Y.Array) {
    mirrorList(own, its);
  } else if (own instanceof Y.Map && its instanceof Y.Map) {
    mirrorMap(own, its);
  }
}

/**
 * Edit a text until it is another.
 *
 * @param own The text to edit.
 * @param text What it is to be.
 */
export function mirrorText(own: Y.Text, text: string): void {
  let index = 0;
  for (const [kind, part] of textDifferences(own.toString(), text)) {
    if (kind < 0) {
      own.delete(index, part.length);
    } else {
      if (kind > 0) {
        own.insert(index, part);
      }
      index += part.length;
    }
  }
}

function mirrorMap(own: Y.Map<unknown>, its: Y.Map<unknown>): void {
  for (const key of [...own.keys()]) {
    if (!its.has(key)) {
      own.delete(key);
    }
  }
  its.forEach((value, key) => {
    const before = own.get(key);
    if (own.has(key) && isSame(before, value)) {
      return;
    }
    if (isShared(before) && isShared(value) && isAlike(before, value)) {
      mirrorType(before, value);
    } else {
      own.set(key, copyOf(value));
    }
  });
}

function mirrorList(own: Y.Array<unknown>, its: Y.Array<unknown>): void {
  const [before, after] = [own.toArray(), its.toArray()];
  const kept = matches(before, after);
  const end: [number, number] = [before.length, after.length];
  let [index, ownDone, itsDone] = [0, 0, 0];
  for (const [ownIndex, itsIndex] of [...kept, end]) {
    const inserted = after.slice(itsDone, itsIndex).map(copyOf);
    if (inserted.length) {
      own.insert(index, inserted);
    }
    if (ownIndex > ownDone) {
      own.delete(index + inserted.length, ownIndex - ownDone);
    }
    index += inserted.length + 1;
    [ownDone, itsDone] = [ownIndex + 1, itsIndex + 1];
  }
  for (const [ownIndex, itsIndex] of kept) {
    const [one, other] = [before[ownIndex], after[itsIndex]];
    if (isShared(one) && isShared(other)) {
      mirrorType(one, other);
    }
  }
}
