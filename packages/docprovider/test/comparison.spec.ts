// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { describe, expect, it } from 'vitest';

import type { ICellComparison, ICellContent } from '../src/history/comparison';
import { compareCells, isDifferent } from '../src/history/comparison';

function cell(id: string, source = id, more: Partial<ICellContent> = {}) {
  return { id, cell_type: 'code', source, metadata: {}, outputs: [], ...more };
}

function words(row: ICellComparison): string {
  const { before, after } = row;
  const parts = [
    `${before?.number ?? '-'}>${after?.number ?? '-'}`,
    row.isMoved && 'moved',
    row.isChanged && 'changed',
    row.isRun && 'run',
    row.isNoted && 'noted'
  ];
  return parts.filter(Boolean).join(' ');
}

function compared(before: ICellContent[], after: ICellContent[]): string[] {
  return compareCells({ cells: before }, { cells: after }).map(words);
}

describe('compareCells', () => {
  // [V9]
  it('finds what was added, removed, moved and changed', () => {
    const before = ['a', 'b', 'c', 'd'].map(id => cell(id));
    expect(compared(before, before)).toEqual(['1>1', '2>2', '3>3', '4>4']);
    expect(
      compared(before, [cell('a'), cell('new'), cell('c', 'C'), cell('d')])
    ).toEqual(['1>1', '2>-', '->2', '3>3 changed', '4>4']);
    expect(
      compared(before, [cell('d'), cell('a'), cell('b'), cell('c')])
    ).toEqual(['4>1 moved', '1>2', '2>3', '3>4']);
    expect(compared(before, [])).toEqual(['1>-', '2>-', '3>-', '4>-']);
    expect(compared([], before)).toEqual(['->1', '->2', '->3', '->4']);
  });

  it('tells text, outputs and metadata apart', () => {
    const stream = (text: unknown) => ({ output_type: 'stream', text });
    const before = [cell('a', 'a', { outputs: [stream('1\n2\n')] })];
    const other = (more: Partial<ICellContent>) =>
      compared(before, [{ ...before[0], ...more }]);
    expect(other({ outputs: [stream(['1\n', '2\n'])] })).toEqual(['1>1']);
    expect(other({ source: ['a'] })).toEqual(['1>1']);
    expect(other({ metadata: { trusted: true } })).toEqual(['1>1']);
    expect(other({ outputs: [stream('3')] })).toEqual(['1>1 run']);
    expect(other({ execution_count: 4 })).toEqual(['1>1 run']);
    expect(other({ metadata: { tags: ['x'] } })).toEqual(['1>1 noted']);
    expect(other({ cell_type: 'raw' })).toEqual(['1>1 changed']);
  });

  it('matches cells whose ids are not the same by their text', () => {
    const before = [cell('a', 'same'), cell('b', 'same'), cell('c', 'x')];
    const after = [cell('d', 'same'), cell('e', 'same'), cell('f', 'y')];
    expect(compared(before, after)).toEqual(['1>1', '2>2', '3>-', '->3']);
    const bare = after.map(({ id: _, ...rest }) => rest);
    expect(compared(bare, before)).toEqual(['1>1', '2>2', '3>-', '->3']);
  });

  it('finds no difference beside nothing', () => {
    const rows = compareCells(null, { cells: [cell('a'), cell('b')] });
    expect(rows.map(words)).toEqual(['1>1', '2>2']);
    expect(rows.some(isDifferent)).toBe(false);
  });

  it('shows each cell once, the newer ones in their order', () => {
    let state = 7;
    const random = (below: number) => {
      state = (state * 1103515245 + 12345) % 2 ** 31;
      return state % below;
    };
    for (let round = 0; round < 300; round++) {
      const ids = Array.from({ length: random(8) }, (_, at) => `${at}`);
      const before = ids.map(id => cell(id));
      const after = [...ids, 'x', 'y']
        .filter(() => random(3) > 0)
        .sort(() => random(3) - 1)
        .map(id => cell(id, random(4) ? id : `${id}!`));
      const rows = compareCells({ cells: before }, { cells: after });
      const numbers = (side: 'before' | 'after') =>
        rows.flatMap(row => row[side]?.number ?? []);
      expect(numbers('after')).toEqual(after.map((_, at) => at + 1));
      expect(numbers('before').sort((a, b) => a - b)).toEqual(
        before.map((_, at) => at + 1)
      );
      for (const { before: old, after: now, key } of rows) {
        expect(old && now ? old.cell.id : null).toBe(now && old && now.cell.id);
        expect(rows.filter(row => row.key === key)).toHaveLength(1);
      }
    }
  });
});
