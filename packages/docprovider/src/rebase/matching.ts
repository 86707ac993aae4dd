// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * What two texts, or two lists, have in common.
 *
 * Pure: knows that cells have ids; knows nothing of documents.
 */

import diff from 'fast-diff';
import * as Y from 'yjs';

import { isAlike, isSame, isShared } from './sharedTypes';

/** Where texts differ in more than this, the lines between are replaced. */
const MOST_DIFFERENT = 50000;

/**
 * What is to be done to a text to get another: -1 removes a part, 1 inserts
 * one, 0 leaves it. No character is cut in two.
 */
export function textDifferences(
  before: string,
  after: string
): [-1 | 0 | 1, string][] {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before[start] === after[start]) {
    start++;
  }
  // Back to the begin of the line.
  start = start && before.lastIndexOf('\n', start - 1) + 1;
  let end = 0;
  while (
    end < shorter - start &&
    before[before.length - 1 - end] === after[after.length - 1 - end]
  ) {
    end++;
  }
  // On to the end of the line.
  const newline = before.indexOf('\n', before.length - end);
  end = newline < 0 ? 0 : before.length - newline;
  const removed = before.slice(start, before.length - end);
  const inserted = after.slice(start, after.length - end);
  const between: [-1 | 0 | 1, string][] =
    removed.length + inserted.length <= MOST_DIFFERENT
      ? diff(removed, inserted)
      : [
          [-1, removed],
          [1, inserted]
        ];
  const parts: [-1 | 0 | 1, string][] = [
    [0, before.slice(0, start)],
    ...between,
    [0, before.slice(before.length - end)]
  ];
  return parts.filter(([, part]) => part);
}

/**
 * The elements that two lists have in common, in the order of both.
 *
 * Cells are matched by id and, where that fails, by type and source; all else
 * by content, where texts inside may differ.
 *
 * @returns Pairs of indices, growing on both sides.
 */
export function matches(
  before: readonly unknown[],
  after: readonly unknown[]
): [number, number][] {
  const fits = ([one, other]: [number, number]): boolean =>
    isAlike(before[one], after[other]) || isSame(before[one], after[other]);
  const byId = align(before.map(identity), after.map(identity)).filter(fits);
  // Between those, what has another id.
  const all: [number, number][] = [];
  let [own, its] = [0, 0];
  for (const pair of [...byId, null]) {
    const [ownEnd, itsEnd] = pair ?? [before.length, after.length];
    const rest = align(
      before.slice(own, ownEnd).map(content),
      after.slice(its, itsEnd).map(content)
    );
    for (const [one, other] of rest) {
      all.push([own + one, its + other]);
    }
    if (pair) {
      all.push(pair);
    }
    [own, its] = [ownEnd + 1, itsEnd + 1];
  }
  return all.filter(fits);
}

/**
 * The longest common subsequence, where each key is matched with the one of
 * the same name and number; as in patience diff.
 */
function align(
  before: readonly string[],
  after: readonly string[]
): [number, number][] {
  const places = new Map<string, number[]>();
  before.forEach((key, index) => {
    places.set(key, [...(places.get(key) ?? []), index]);
  });
  const candidates: [number, number][] = [];
  after.forEach((key, index) => {
    const place = places.get(key)?.shift();
    if (place !== undefined) {
      candidates.push([place, index]);
    }
  });
  return longestRising(candidates.map(([place]) => place)).map(
    index => candidates[index]
  );
}

/**
 * The indices of a longest subsequence of numbers that only grows.
 */
export function longestRising(numbers: readonly number[]): number[] {
  const tails: number[] = [];
  const previous: number[] = [];
  numbers.forEach((number, index) => {
    let [low, high] = [0, tails.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (numbers[tails[middle]] < number) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    previous[index] = low > 0 ? tails[low - 1] : -1;
    tails[low] = index;
  });
  const chain: number[] = [];
  for (let at = tails[tails.length - 1] ?? -1; at >= 0; at = previous[at]) {
    chain.push(at);
  }
  return chain.reverse();
}

/**
 * What an element is known by, also while its content changes.
 */
function identity(element: unknown): string {
  if (element instanceof Y.Map && typeof element.get('id') === 'string') {
    return `${element.get('cell_type')} ${element.get('id')}`;
  }
  return content(element);
}

/**
 * What is in an element; of texts in a map without id, only that they are.
 */
function content(element: unknown): string {
  if (!(element instanceof Y.Map)) {
    return canonical(isShared(element) ? element.toJSON() : element);
  }
  if (typeof element.get('id') === 'string') {
    return `${element.get('cell_type')}: ${element.get('source')}`;
  }
  const parts = [...element.keys()].sort().map(key => {
    const value: unknown = element.get(key);
    return `${key}: ${value instanceof Y.Text ? '' : canonical(value)}`;
  });
  return parts.join('\n');
}

/**
 * The same text for the same value, whatever the order of its keys.
 */
export function canonical(value: unknown): string {
  return (
    JSON.stringify(value, (_, inner: unknown) =>
      typeof inner === 'object' && inner !== null && !Array.isArray(inner)
        ? Object.fromEntries(Object.entries(inner).sort())
        : inner
    ) ?? 'undefined'
  );
}
