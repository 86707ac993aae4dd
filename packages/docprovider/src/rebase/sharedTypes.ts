// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * What the shared types of two Yjs documents hold, compared and copied.
 *
 * Pure: knows maps, lists and texts; knows nothing of notebooks and histories.
 */

import { JSONExt } from '@lumino/coreutils';
import type { ReadonlyPartialJSONValue } from '@lumino/coreutils';
import * as Y from 'yjs';

/**
 * A shared type of any kind.
 */
export type SharedType = NonNullable<ReturnType<Y.Doc['share']['get']>>;

/**
 * Whether a value is a shared type.
 */
export function isShared(value: unknown): value is SharedType {
  return value instanceof Y.AbstractType;
}

/**
 * Whether two values that are no shared types are equal.
 */
export function isEqual(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) {
    return true;
  }
  if (one instanceof Uint8Array || other instanceof Uint8Array) {
    return (
      one instanceof Uint8Array &&
      other instanceof Uint8Array &&
      one.length === other.length &&
      one.every((byte, index) => byte === other[index])
    );
  }
  return JSONExt.deepEqual(
    one as ReadonlyPartialJSONValue,
    other as ReadonlyPartialJSONValue
  );
}

/**
 * Whether two values hold the same, with the same shared types inside.
 *
 * Types of Yjs that notebooks and files are not made of are never the same.
 */
export function isSame(one: unknown, other: unknown): boolean {
  if (!isShared(one) || !isShared(other)) {
    return !isShared(one) && !isShared(other) && isEqual(one, other);
  }
  if (one instanceof Y.Text && other instanceof Y.Text) {
    return (
      isPlain(one) && isPlain(other) && one.toString() === other.toString()
    );
  }
  if (one instanceof Y.Array && other instanceof Y.Array) {
    const others: unknown[] = other.toArray();
    return (
      one.length === other.length &&
      one
        .toArray()
        .every((value: unknown, index) => isSame(value, others[index]))
    );
  }
  if (one instanceof Y.Map && other instanceof Y.Map) {
    return (
      one.size === other.size &&
      [...one.keys()].every(
        key => other.has(key) && isSame(one.get(key), other.get(key))
      )
    );
  }
  return false;
}

/**
 * Whether the root types of two documents hold the same.
 *
 * Types that a document knows by name only are left out.
 */
export function isSameContent(one: Y.Doc, other: Y.Doc): boolean {
  return rootPairs(one, other).every(([own, its]) => isSame(own, its));
}

/**
 * The root types of a document beside those of the same names in another,
 * where they are made if they are missing. Each name known to one of them as
 * of some kind is known to both after it.
 *
 * @throws Error if one name is of two kinds.
 */
export function rootPairs(
  one: Y.Doc,
  other: Y.Doc
): [SharedType, SharedType][] {
  const names = new Set([...one.share.keys(), ...other.share.keys()]);
  const pairs: [SharedType, SharedType][] = [];
  for (const name of names) {
    const kind = kindOf(one, name) ?? kindOf(other, name);
    if (kind) {
      pairs.push([
        one.get(name, kind) as SharedType,
        other.get(name, kind) as SharedType
      ]);
    }
  }
  return pairs;
}

/**
 * Whether one shared type can be edited until it is the same as another, so
 * that whoever holds it, or what is in it, need not look for it again.
 */
export function isAlike(one: unknown, other: unknown): boolean {
  if (!isShared(one) || !isShared(other)) {
    return false;
  }
  if (one instanceof Y.Text && other instanceof Y.Text) {
    return isPlain(one) && isPlain(other);
  }
  if (one instanceof Y.Map && other instanceof Y.Map) {
    return (
      one.get('cell_type') === other.get('cell_type') &&
      [...one.keys()].every(key => {
        const [own, its] = [one.get(key), other.get(key)];
        return (
          !other.has(key) ||
          (!isShared(own) && !isShared(its)) ||
          isAlike(own, its)
        );
      })
    );
  }
  return one instanceof Y.Array && other instanceof Y.Array;
}

/**
 * A value that can be put into another document.
 */
export function copyOf(value: unknown): unknown {
  return isShared(value) ? value.clone() : value;
}

function isPlain(text: Y.Text): boolean {
  return (text.toDelta() as { insert: unknown; attributes?: object }[]).every(
    part => typeof part.insert === 'string' && !part.attributes
  );
}

function kindOf(doc: Y.Doc, name: string): typeof Y.AbstractType | null {
  const kind = doc.share.get(name)?.constructor ?? Y.AbstractType;
  return kind === Y.AbstractType ? null : (kind as typeof Y.AbstractType);
}
