// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Selections as presence carries them: written and read.
 *
 * Pure: knows Yjs positions and texts; knows nothing of editors.
 */

import * as Y from 'yjs';

import { asRecord } from '../people/userColor';

/**
 * One selected range in the presence of a client.
 *
 * `anchor` and `head` are relative positions of Yjs as JSON, so they keep to
 * their text while others type.
 */
export interface IPublishedCursor {
  /**
   * Where the selection began.
   */
  anchor: unknown;

  /**
   * Where the caret is.
   */
  head: unknown;

  /**
   * Whether nothing is selected.
   */
  empty: boolean;

  /**
   * Whether this is the main range of the selection.
   */
  primary: boolean;
}

/**
 * One range of a text, by index.
 */
export interface ITextRange {
  readonly anchor: number;
  readonly head: number;
}

/**
 * The most ranges of one client that are looked at.
 */
const MOST_RANGES = 1000;

/**
 * The ranges as presence carries them.
 *
 * @param ytext The text they are in.
 * @param ranges The ranges; what is beyond the text is moved to its end.
 * @param main The index of the main range.
 */
export function publishedCursors(
  ytext: Y.Text,
  ranges: readonly ITextRange[],
  main: number
): IPublishedCursor[] {
  const relative = (index: number): unknown =>
    Y.relativePositionToJSON(
      Y.createRelativePositionFromTypeIndex(
        ytext,
        Math.max(0, Math.min(index, ytext.length))
      )
    );
  return ranges.slice(0, MOST_RANGES).map(({ anchor, head }, index) => {
    const at = relative(head);
    return {
      anchor: anchor === head ? at : relative(anchor),
      head: at,
      empty: anchor === head,
      primary: index === main
    };
  });
}

/**
 * The ranges of a client that are in a text.
 *
 * @param cursors The `cursors` field of an awareness state, as it came.
 * @param ytext The text.
 * @returns The ranges; what is in another text or cannot be read is left out.
 */
export function resolvedCursors(cursors: unknown, ytext: Y.Text): ITextRange[] {
  if (!Array.isArray(cursors)) {
    return [];
  }
  const ranges: ITextRange[] = [];
  for (const cursor of cursors.slice(0, MOST_RANGES)) {
    const record = asRecord(cursor);
    const head = resolved(record?.head, ytext);
    if (head !== null) {
      const anchor = resolved(record?.anchor, ytext);
      ranges.push({ anchor: anchor ?? head, head });
    }
  }
  return ranges;
}

/**
 * Whether two values are the same JSON.
 */
export function sameJSON(one: unknown, other: unknown): boolean {
  return (
    one === other ||
    (JSON.stringify(one) ?? null) === (JSON.stringify(other) ?? null)
  );
}

/**
 * The index of a position in a text; `null` if it is not in it.
 */
function resolved(position: unknown, ytext: Y.Text): number | null {
  const json = asRecord(position);
  const doc = ytext.doc;
  if (!json || !doc || !isReadable(json) || isElsewhere(json, doc, ytext)) {
    return null;
  }
  try {
    const absolute = Y.createAbsolutePositionFromRelativePosition(
      Y.createRelativePositionFromJSON(json),
      doc
    );
    return absolute && absolute.type === ytext ? absolute.index : null;
  } catch {
    // Yjs trusts what it reads; a position from elsewhere may be anything.
    return null;
  }
}

/**
 * Whether a position names another text than the given one.
 *
 * Saves the walk through a text for every cell of a notebook in which the
 * cursor is not; and Yjs would create a root type that it does not know.
 */
function isElsewhere(
  json: Record<string, unknown>,
  doc: Y.Doc,
  ytext: Y.Text
): boolean {
  if (typeof json.tname === 'string') {
    const root: unknown = doc.share.get(json.tname);
    return root !== ytext;
  }
  const named = asRecord(json.type);
  const own = ytext._item?.id;
  return (
    !!named &&
    (!own || named.client !== own.client || named.clock !== own.clock)
  );
}

function isReadable(json: Record<string, unknown>): boolean {
  return (
    isNothingOrId(json.item) &&
    isNothingOrId(json.type) &&
    (json.tname === undefined ||
      json.tname === null ||
      typeof json.tname === 'string') &&
    (json.assoc === undefined || typeof json.assoc === 'number')
  );
}

function isNothingOrId(value: unknown): boolean {
  if (value === undefined || value === null) {
    return true;
  }
  const id = asRecord(value);
  return !!id && isCount(id.client) && isCount(id.clock);
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
