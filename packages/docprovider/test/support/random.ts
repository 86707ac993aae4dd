// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Texts and notebooks from a seed, the same in each run.
 */

/**
 * A cell as files have it; what is missing has its usual value.
 */
export interface ICellContent {
  id?: string;
  cell_type?: 'code' | 'markdown' | 'raw';
  metadata?: Record<string, unknown>;
  outputs?: object[];
  source?: string;
}

const PARTS = ['x', 'yes', ' ', '\n', 'é', '👩‍👩‍👧‍👦', '😀', '😁', 'עם', 'print()'];

/**
 * Numbers in [0, 1) from a seed (mulberry32).
 */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 4294967296;
  };
}

/**
 * A text of a number of parts.
 */
export function randomText(random: () => number, parts: number): string {
  return Array.from(
    { length: parts },
    () => PARTS[Math.floor(random() * PARTS.length)]
  ).join('');
}

/**
 * Cells, some of which are those of another notebook, changed and moved.
 */
export function randomNotebook(
  random: () => number,
  from: ICellContent[] = []
): ICellContent[] {
  const cells = from
    .filter(() => random() < 0.8)
    .map(cell => (random() < 0.5 ? cell : { ...cell, ...someOf(random) }));
  for (let count = 1 + Math.floor(random() * 4); count > 0; count--) {
    const cell = { ...someOf(random), id: `id-${Math.floor(random() * 1e9)}` };
    cells.splice(Math.floor(random() * (cells.length + 1)), 0, cell);
  }
  if (random() < 0.3) {
    cells.push(...cells.splice(0, 1));
  }
  return cells;
}

function someOf(random: () => number): ICellContent {
  const kind = random();
  const cell: ICellContent = {
    cell_type: kind < 0.7 ? 'code' : kind < 0.9 ? 'markdown' : 'raw',
    metadata: random() < 0.3 ? { tags: [randomText(random, 1)] } : {},
    source: randomText(random, Math.floor(random() * 12))
  };
  if (cell.cell_type === 'code') {
    cell.outputs = Array.from({ length: Math.floor(random() * 3) }, () =>
      random() < 0.5
        ? {
            output_type: 'stream',
            name: random() < 0.5 ? 'stdout' : 'stderr',
            text: randomText(random, 4)
          }
        : {
            output_type: 'display_data',
            data: { 'text/plain': randomText(random, 2) },
            metadata: {}
          }
    );
  }
  return cell;
}
