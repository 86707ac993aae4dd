// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * What differs between two states of a notebook, cell by cell.
 *
 * Pure: contents as the server and `toJSON` of a shared notebook give them
 * in, pairs of cells out. What differs inside a text is for the view to find.
 */

import { canonical, longestRising } from '../rebase/matching';

/**
 * A cell, as nbformat 4 has it.
 */
export interface ICellContent {
  /** Its id. */
  id?: string;
  /** `code`, `markdown` or `raw`. */
  cell_type: string;
  /** Its text. */
  source: string | string[];
  /** What is noted of it. */
  metadata?: Record<string, unknown>;
  /** The outputs of a code cell. */
  outputs?: unknown[];
  /** The number of a code cell's last run. */
  execution_count?: number | null;
  /** Files that are in it. */
  attachments?: unknown;
}

/**
 * A notebook, as nbformat 4 has it.
 */
export interface INotebookContent {
  /** Its cells. */
  cells: ICellContent[];
  /** What is noted of it. */
  metadata?: Record<string, unknown>;
}

/**
 * A cell and its place.
 */
export interface IPlacedCell {
  /** The cell. */
  cell: ICellContent;
  /** Its number, from 1. */
  number: number;
}

/**
 * A cell in two states of a notebook.
 */
export interface ICellComparison {
  /** The same text for the same pair of cells: what is shown can be kept. */
  key: string;
  /** The cell in the older state; `null` if it was added. */
  before: IPlacedCell | null;
  /** The cell in the newer state; `null` if it was removed. */
  after: IPlacedCell | null;
  /** Whether it has another place among the cells that stayed. */
  isMoved: boolean;
  /** Whether its text differs, or its type. */
  isChanged: boolean;
  /** Whether its outputs differ, or the number of its run. */
  isRun: boolean;
  /** Whether its metadata or its attachments differ. */
  isNoted: boolean;
}

/**
 * Whether anything of a cell differs.
 */
export function isDifferent(each: ICellComparison): boolean {
  return (
    !each.before ||
    !each.after ||
    each.isMoved ||
    each.isChanged ||
    each.isRun ||
    each.isNoted
  );
}

/**
 * Compare two states of a notebook.
 *
 * @param before The older one; `null` compares with nothing: no cell differs.
 * @param after The newer one.
 * @returns The cells of the newer one in their order, each removed one behind
 * the cell that it stood behind.
 */
export function compareCells(
  before: INotebookContent | null,
  after: INotebookContent
): ICellComparison[] {
  const old = (before ?? after).cells;
  const pairs = before ? pairsOf(old, after.cells) : identical(old);
  const kept = [...pairs.entries()].sort(([one], [other]) => one - other);
  const inOrder = new Set(
    longestRising(kept.map(([, place]) => place)).map(index => kept[index][0])
  );
  const rows = after.cells.map((_, at) => {
    const place = pairs.get(at);
    const isMoved = place !== undefined && !inOrder.has(at);
    return compared(old, after.cells, place ?? null, at, isMoved);
  });
  // Each removed cell stands behind the one that it stood behind.
  const places = new Map(kept.map(([at, place]) => [place, at]));
  const removed = new Map<number, ICellComparison[]>();
  let behind = -1;
  old.forEach((_, place) => {
    const at = places.get(place);
    if (at === undefined) {
      const row = compared(old, after.cells, place, null, false);
      removed.set(behind, [...(removed.get(behind) ?? []), row]);
    } else if (inOrder.has(at)) {
      behind = at;
    }
  });
  return [
    ...(removed.get(-1) ?? []),
    ...rows.flatMap((row, at) => [row, ...(removed.get(at) ?? [])])
  ];
}

/**
 * The text of a cell, or of a part of an output.
 */
export function joined(value: unknown): unknown {
  const isText =
    Array.isArray(value) && value.every(part => typeof part === 'string');
  return isText && value.length ? value.join('') : value;
}

/**
 * The text of a cell.
 */
export function sourceOf(cell: ICellContent): string {
  return Array.isArray(cell.source) ? cell.source.join('') : cell.source;
}

/**
 * What users see of the metadata of a cell or a notebook: whether it is
 * trusted is a matter of each user.
 */
export function notedOf(
  metadata: Record<string, unknown> | undefined
): Record<string, unknown> {
  const { trusted: _, ...rest } = metadata ?? {};
  return rest;
}

/**
 * For each index of the newer cells, the one of the older cell: by id, and of
 * those that are left by type and text.
 */
function pairsOf(
  before: readonly ICellContent[],
  after: readonly ICellContent[]
): Map<number, number> {
  const pairs = new Map<number, number>();
  const taken = new Set<number>();
  const match = (keyOf: (cell: ICellContent) => string | undefined) => {
    const places = new Map<string, number[]>();
    before.forEach((cell, place) => {
      const key = keyOf(cell);
      if (key !== undefined && !taken.has(place)) {
        places.set(key, [...(places.get(key) ?? []), place]);
      }
    });
    after.forEach((cell, at) => {
      const key = keyOf(cell);
      if (key !== undefined && !pairs.has(at)) {
        const place = places.get(key)?.shift();
        if (place !== undefined) {
          pairs.set(at, place);
          taken.add(place);
        }
      }
    });
  };
  match(cell => cell.id);
  match(cell => `${cell.cell_type}: ${sourceOf(cell)}`);
  return pairs;
}

function identical(cells: readonly ICellContent[]): Map<number, number> {
  return new Map(cells.map((_, at) => [at, at]));
}

function compared(
  before: readonly ICellContent[],
  after: readonly ICellContent[],
  place: number | null,
  at: number | null,
  isMoved: boolean
): ICellComparison {
  const old =
    place === null ? null : { cell: before[place], number: place + 1 };
  const now = at === null ? null : { cell: after[at], number: at + 1 };
  const [one, other] = [old, now].map(each => each && partsOf(each.cell));
  const differs = (part: keyof ReturnType<typeof partsOf>) =>
    !!one && !!other && one[part] !== other[part];
  return {
    key: canonical([old?.number, one, now?.number, other, isMoved]),
    before: old,
    after: now,
    isMoved,
    isChanged: differs('text'),
    isRun: differs('outputs'),
    isNoted: differs('notes')
  };
}

function partsOf(cell: ICellContent) {
  return {
    text: `${cell.cell_type}: ${sourceOf(cell)}`,
    outputs: canonical([
      cell.execution_count ?? null,
      (cell.outputs ?? []).map(normalized)
    ]),
    notes: canonical([notedOf(cell.metadata), cell.attachments ?? {}])
  };
}

/**
 * An output with each text in one piece.
 */
function normalized(output: unknown): unknown {
  const { text, data, ...rest } = output as Record<string, unknown>;
  const parts = Object.entries((data ?? {}) as Record<string, unknown>);
  return {
    ...rest,
    text: joined(text),
    data: Object.fromEntries(
      parts.map(([type, value]) => [type, joined(value)])
    )
  };
}
