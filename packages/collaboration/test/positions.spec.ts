// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as Y from 'yjs';

import { publishedCursors, resolvedCursors } from '../src/cursors/positions';
import type { IReplica } from './support';
import { pair } from './support';

let ada: IReplica;
let grace: IReplica;

beforeEach(() => {
  [ada, grace] = pair('one two\nthree');
});

afterEach(() => {
  ada.awareness.destroy();
  grace.awareness.destroy();
});

describe('positions', () => {
  it('are found again after others typed', () => {
    const cursors = publishedCursors(ada.ytext, [{ anchor: 4, head: 7 }], 0);
    grace.ytext.insert(0, 'zero ');
    expect(resolvedCursors(cursors, grace.ytext)).toEqual([
      { anchor: 9, head: 12 }
    ]);
  });

  it('of another text are not in this one', () => {
    const cells = ada.doc.getArray<Y.Text>('cells');
    const texts = [new Y.Text('a'), new Y.Text('b')];
    cells.insert(0, texts);
    for (const at of [0, 1]) {
      const cursors = publishedCursors(texts[0], [{ anchor: at, head: at }], 0);
      expect(resolvedCursors(cursors, texts[0])).toHaveLength(1);
      expect(resolvedCursors(cursors, texts[1])).toEqual([]);
      expect(resolvedCursors(cursors, ada.ytext)).toEqual([]);
    }
  });

  it('that are garbage are ignored, and create nothing', () => {
    const types = [...ada.doc.share.keys()];
    const item = (client: unknown, clock: unknown): object => ({
      head: { item: { client, clock } }
    });
    for (const cursors of [
      null,
      'x',
      3,
      {},
      [null, 3, 'x', {}, []],
      [{ head: null }, { head: {} }, { head: [] }, { head: 'x' }],
      [item('a', 0), item(1, -1), item(NaN, 0), item(12345, 6), item(null, 0)],
      [{ head: { tname: 'unheard of' } }, { head: { tname: 3 } }],
      [{ head: { type: { client: 77, clock: 1 } } }, { head: { type: 3 } }]
    ]) {
      expect(resolvedCursors(cursors, ada.ytext)).toEqual([]);
    }
    expect([...ada.doc.share.keys()]).toEqual(types);
  });
});
