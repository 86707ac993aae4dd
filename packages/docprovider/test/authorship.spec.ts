// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as Y from 'yjs';

import type { IAuthors } from '../src/history/authorship';
import { authoredRanges, Authorship } from '../src/history/authorship';

/** A text that the client 1 wrote, and into which the client 2 wrote. */
function written(): { doc: Y.Doc; text: Y.Text } {
  const doc = new Y.Doc();
  doc.clientID = 1;
  const text = doc.getText('source');
  text.insert(0, 'abcdef');
  const other = new Y.Doc();
  other.clientID = 2;
  Y.applyUpdate(other, Y.encodeStateAsUpdate(doc));
  other.getText('source').insert(3, 'XY');
  other.getText('source').delete(0, 1);
  Y.applyUpdate(doc, Y.encodeStateAsUpdate(other));
  return { doc, text };
}

const AUTHORS: IAuthors = {
  people: { ada: 'Ada Lovelace' },
  authors: ['ada', 'bob'],
  runs: {
    '1': [
      [0, 2, -1, 'load', 10],
      [2, 3, 0, 'edit', 20]
    ],
    '2': [[0, 2, 1, 'edit', 30]]
  }
};

describe('authoredRanges', () => {
  // [V6]
  it('tells who wrote each part, and leaves out what it does not know', () => {
    const { text } = written();
    expect(text.toString()).toBe('bcXYdef');
    const words = authoredRanges(text, AUTHORS).map(
      ({ from, to, name, kind }) => [
        text.toString().slice(from, to),
        name,
        kind
      ]
    );
    expect(words).toEqual([
      ['b', '', 'load'],
      ['c', 'Ada Lovelace', 'edit'],
      ['XY', 'bob', 'edit'],
      ['de', 'Ada Lovelace', 'edit']
    ]);
  });

  it('joins what one author wrote piece by piece', () => {
    const doc = new Y.Doc();
    doc.clientID = 1;
    const text = doc.getText('source');
    text.insert(0, 'b');
    text.insert(0, 'a');
    const ranges = authoredRanges(text, {
      ...AUTHORS,
      runs: { '1': [[0, 2, 0, 'edit', 20]] }
    });
    expect(ranges).toHaveLength(1);
    expect(ranges[0]).toMatchObject({ from: 0, to: 2, author: 'ada' });
  });

  it('agrees with what was written, whoever writes where', () => {
    let state = 11;
    const random = (below: number) => {
      state = (state * 1103515245 + 12345) % 2 ** 31;
      return state % below;
    };
    for (let round = 0; round < 50; round++) {
      const docs = [1, 2, 3].map(clientID => {
        const doc = new Y.Doc();
        doc.clientID = clientID;
        return doc;
      });
      for (let step = 0; step < 30; step++) {
        const doc = docs[random(3)];
        const text = doc.getText('source');
        const at = random(text.length + 1);
        if (random(4)) {
          // Each client writes its own letter only.
          text.insert(at, 'abc'[doc.clientID - 1].repeat(1 + random(3)));
        } else {
          text.delete(at, Math.min(2, text.length - at));
        }
        const update = Y.encodeStateAsUpdate(doc);
        docs.forEach(other => Y.applyUpdate(other, update));
      }
      const text = docs[0].getText('source');
      const ranges = authoredRanges(text, {
        people: {},
        authors: ['a', 'b', 'c'],
        runs: Object.fromEntries(
          [1, 2, 3].map(id => [id, [[0, 1000, id - 1, 'edit', 1]]])
        )
      });
      const found = ranges.map(({ from, to, author }) =>
        (author as string).repeat(to - from)
      );
      expect(found.join('')).toBe(text.toString());
    }
  });
});

describe('Authorship', () => {
  // [V6]
  beforeEach(() => {
    vi.useFakeTimers();
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  it('asks when it is shown and after edits, and no more when hidden', async () => {
    const { doc, text } = written();
    const ask = vi.fn(async () => AUTHORS);
    const authorship = new Authorship(ask, doc);
    const changed = vi.fn();
    authorship.changed.connect(changed);
    expect(authorship.rangesOf(text)).toEqual([]);
    await authorship.show();
    await authorship.show();
    expect(ask).toHaveBeenCalledTimes(1);
    expect(authorship.rangesOf(text)).toHaveLength(4);
    text.insert(0, 'new');
    text.insert(0, 'new');
    await vi.advanceTimersByTimeAsync(1000);
    expect(ask).toHaveBeenCalledTimes(2);
    expect(changed).toHaveBeenCalledTimes(2);
    text.insert(0, 'new');
    authorship.hide();
    await vi.advanceTimersByTimeAsync(2000);
    expect(ask).toHaveBeenCalledTimes(2);
    expect(authorship.rangesOf(text)).toEqual([]);
    authorship.dispose();
    authorship.dispose();
  });

  it('is not shown if the server does not answer', async () => {
    const { doc, text } = written();
    const authorship = new Authorship(async () => {
      throw new Error('No history.');
    }, doc);
    await expect(authorship.show()).rejects.toThrow('No history.');
    expect(authorship.isShown).toBe(false);
    expect(authorship.rangesOf(text)).toEqual([]);
  });
});
