// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { FrameBatch } from '../src/session/frameBatch';

let taken: string[];
let batch: FrameBatch;

/** Somebody's edit; the byte tells which. */
const edit = (byte: number) => shared('update', byte);
/** Somebody's cursor. */
const cursor = (byte: number) => shared('awareness', byte);

function shared(kind: FrameBatch.Shared['kind'], byte: number) {
  return { kind, update: Uint8Array.of(byte) };
}

const nextFrame = () => vi.advanceTimersToNextFrame();

beforeEach(() => {
  vi.useFakeTimers();
  taken = [];
  batch = new FrameBatch();
  batch.ready.connect((_, messages) => {
    taken.push(messages.map(({ kind, update }) => kind[0] + update[0]).join());
  });
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  batch.dispose();
  // Lumino tidies its signals with the next frame.
  vi.advanceTimersByTime(20);
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

// [P14]
describe('What others do', () => {
  it('is taken at once, while they do little', () => {
    batch.add(edit(1));
    expect(taken).toEqual(['u1']);
    nextFrame();
    batch.add(edit(2));
    expect(taken).toEqual(['u1', 'u2']);
  });

  it('is taken together with the next frame, while they do much', () => {
    [1, 2, 3].map(edit).forEach(each => batch.add(each));
    expect(taken).toEqual(['u1']);
    nextFrame();
    expect(taken).toEqual(['u1', 'u2,u3']);
    [4, 5].map(edit).forEach(each => batch.add(each));
    expect(taken).toEqual(['u1', 'u2,u3']);
    nextFrame();
    expect(taken).toEqual(['u1', 'u2,u3', 'u4,u5']);
    nextFrame();
    expect(taken).toHaveLength(3);
  });

  it('stays in order: a cursor waits for the edits before it', () => {
    batch.add(edit(1));
    batch.add(cursor(2));
    expect(taken).toEqual(['u1', 'a2']);
    batch.add(edit(3));
    batch.add(cursor(4));
    expect(taken).toEqual(['u1', 'a2']);
    nextFrame();
    expect(taken).toEqual(['u1', 'a2', 'u3,a4']);
  });

  it('is taken before what depends on it', () => {
    [1, 2].map(edit).forEach(each => batch.add(each));
    batch.flush();
    batch.flush();
    expect(taken).toEqual(['u1', 'u2']);
    nextFrame();
    expect(taken).toHaveLength(2);
  });

  it('does not wait where no frames are drawn', () => {
    vi.stubGlobal('document', undefined);
    [1, 2].map(edit).forEach(each => batch.add(each));
    expect(taken).toEqual(['u1', 'u2']);
  });

  it('does not wait in a hidden page, also if it was just hidden', () => {
    [1, 2].map(edit).forEach(each => batch.add(each));
    vi.spyOn(document, 'hidden', 'get').mockReturnValue(true);
    batch.add(edit(3));
    expect(taken).toEqual(['u1', 'u2', 'u3']);
    batch.add(edit(4));
    expect(taken).toEqual(['u1', 'u2', 'u3', 'u4']);
  });

  it('is taken when the page is hidden while it waits', () => {
    [1, 2].map(edit).forEach(each => batch.add(each));
    vi.spyOn(document, 'hidden', 'get').mockReturnValue(true);
    document.dispatchEvent(new Event('visibilitychange'));
    expect(taken).toEqual(['u1', 'u2']);
  });

  it('is taken soon where no frame comes', () => {
    vi.stubGlobal('requestAnimationFrame', () => 1);
    [1, 2].map(edit).forEach(each => batch.add(each));
    expect(taken).toEqual(['u1']);
    vi.advanceTimersByTime(100);
    expect(taken).toEqual(['u1', 'u2']);
  });

  it('goes on after something that could not be taken', () => {
    const report = vi.spyOn(console, 'error').mockReturnValue();
    batch.ready.connect((_, [{ update }]) => {
      if (update[0] < 3) {
        throw new Error('unreadable');
      }
    });
    [1, 2, 3].map(edit).forEach(each => batch.add(each));
    nextFrame();
    batch.add(edit(4));
    nextFrame();
    expect(taken).toEqual(['u1', 'u2,u3', 'u4']);
    expect(report).toHaveBeenCalledTimes(2);
  });
});
