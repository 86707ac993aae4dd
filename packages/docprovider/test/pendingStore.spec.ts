// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { IDBFactory } from 'fake-indexeddb';
import 'fake-indexeddb/auto';
import { openDB } from 'idb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { IDocumentKey } from '../src/offline/pendingStore';
import { PendingStore } from '../src/offline/pendingStore';
import type { IConflict } from '../src/tokens';

const SERVER = 'http://server.test/';
const KEY: IDocumentKey = {
  server: SERVER,
  username: 'ada',
  room: 'text:file:1'
};
const CONFLICT: IConflict = {
  cell: null,
  kind: 'text',
  key: 'source',
  yours: 'a',
  theirs: 'b',
  merged: 'ba'
};
const bytes = (...values: number[]) => Uint8Array.from(values);

let stores: PendingStore[];

function open(locks?: LockManager): PendingStore {
  const store = new PendingStore(locks);
  stores.push(store);
  return store;
}

beforeEach(() => {
  vi.stubGlobal('indexedDB', new IDBFactory());
  stores = [];
});

afterEach(async () => {
  await Promise.all(stores.map(store => store.close()));
  vi.unstubAllGlobals();
});

// [S6]
describe('What is kept', () => {
  it('is there for the next page, in the order it was made', async () => {
    const store = open();
    void store.keepUpdate(KEY, 'one', 's1', bytes(1));
    void store.keepSnapshot(KEY, 'one', {
      sessionId: 's1',
      state: bytes(1, 2),
      base: null
    });
    await store.keepUpdate(KEY, 'one', 's1', bytes(2));
    const [{ state, updates, ...kept }] = await open().load(KEY);
    expect(kept).toEqual({ instance: 'one', sessionId: 's1', base: null });
    expect([...(state ?? [])]).toEqual([1, 2]);
    expect(updates.map(each => [...each])).toEqual([[1], [2]]);
  });

  it('is kept for each tab, and forgotten for each', async () => {
    const store = open();
    await store.keepUpdate(KEY, 'one', 's1', bytes(1));
    await open().keepUpdate(KEY, 'two', 's2', bytes(2));
    expect(await store.load(KEY)).toHaveLength(2);
    await store.forget('one');
    expect(await store.load(KEY)).toMatchObject([
      { instance: 'two', sessionId: 's2', state: null }
    ]);
  });

  it('is nobody else’s, and of no other document', async () => {
    const store = open();
    await store.keepUpdate(KEY, 'one', 's1', bytes(1));
    await store.keepConflicts(KEY, [CONFLICT]);
    for (const other of [
      { ...KEY, username: 'grace' },
      { ...KEY, server: 'http://another.test/' },
      { ...KEY, room: 'text:file:2' }
    ]) {
      expect(await store.load(other)).toEqual([]);
      expect(await store.loadConflicts(other)).toEqual([]);
    }
  });

  it('stays there when somebody else has signed in, and is not shown to them', async () => {
    const store = open();
    const grace = { ...KEY, username: 'grace' };
    await store.keepUpdate(KEY, 'one', 's1', bytes(1));
    expect(await store.load(grace)).toEqual([]);
    expect(await store.loadOthers(grace)).toEqual([]);
    expect(await store.load(KEY)).toHaveLength(1);
  });

  it('is found under another name if both names are generated', async () => {
    const store = open();
    const [one, other] = ['1', '2'].map(digit => ({
      ...KEY,
      username: digit.repeat(32)
    }));
    await store.keepUpdate(one, 'one', 's1', bytes(1));
    await store.keepUpdate(KEY, 'two', 's1', bytes(2));
    await store.keepSnapshot({ ...one, room: 'text:file:2' }, 'three', {
      sessionId: 's1',
      state: bytes(3),
      base: null
    });
    const there = { ...one, server: 'http://another.test/' };
    await store.keepUpdate(there, 'four', 's1', bytes(4));
    const found = await store.loadOthers(other);
    expect(found.map(({ instance }) => instance)).toEqual(['one']);
    expect(await store.loadOthers(one)).toEqual([]);
    expect(await store.loadOthers(KEY)).toEqual([]);
  });

  it('is removed when the user signs out, and nothing is kept after it', async () => {
    const store = open();
    await store.keepUpdate(KEY, 'one', 's1', bytes(1));
    await store.keepConflicts(KEY, [CONFLICT]);
    await store.clear();
    await store.keepUpdate(KEY, 'one', 's1', bytes(1));
    const next = open();
    expect(await next.load(KEY)).toEqual([]);
    expect(await next.loadConflicts(KEY)).toEqual([]);
  });

  it('of conflicts is what was kept last', async () => {
    const store = open();
    await store.keepConflicts(KEY, [CONFLICT]);
    expect(await open().loadConflicts(KEY)).toEqual([CONFLICT]);
    await store.keepConflicts(KEY, []);
    expect(await open().loadConflicts(KEY)).toEqual([]);
  });
});

describe('Without a database', () => {
  const all = async (store: PendingStore) => {
    const snapshot = { sessionId: 's1', state: bytes(1), base: null };
    expect(await store.keepUpdate(KEY, 'one', 's1', bytes(1))).toBe(false);
    expect(await store.keepSnapshot(KEY, 'one', snapshot)).toBe(false);
    await store.keepConflicts(KEY, [CONFLICT]);
    await store.forget('two');
    expect(await store.load(KEY)).toEqual([]);
    expect(await store.loadConflicts(KEY)).toEqual([]);
    await store.clear();
  };

  it('nothing is kept, and nothing fails', async () => {
    vi.stubGlobal('indexedDB', undefined);
    await all(open());
  });

  it('that opens in time, neither, until it is open', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const old = await openDB('jupyter-collaboration', 1, {
      upgrade: db => {
        db.createObjectStore('updates', { autoIncrement: true });
      }
    });
    const store = open(); // The old connection, which does not close, blocks it.
    const loading = store.load(KEY);
    await vi.advanceTimersByTimeAsync(3000);
    expect(await loading).toEqual([]);
    expect(await store.keepUpdate(KEY, 'one', 's1', bytes(1))).toBe(false);
    vi.useRealTimers();
    old.close();
    await vi.waitUntil(() => store.keepUpdate(KEY, 'one', 's1', bytes(1)));
  });

  it('that has room, neither', async () => {
    vi.spyOn(IDBObjectStore.prototype, 'add').mockImplementation(() => {
      throw new DOMException('full', 'QuotaExceededError');
    });
    vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
      throw new DOMException('full', 'QuotaExceededError');
    });
    await all(open());
    vi.restoreAllMocks();
  });
});

describe('An instance', () => {
  it('is alive as long as it holds its lock', async () => {
    const held = new Set<string>();
    const locks = {
      request: async (name: string, action: () => Promise<void>) => {
        held.add(name);
        await action();
        held.delete(name);
      },
      query: async () => ({ held: [...held].map(name => ({ name })) })
    } as unknown as LockManager;
    const store = open(locks);
    const release = store.claim('one');
    expect(await store.living()).toEqual(new Set(['one']));
    release();
    await Promise.resolve();
    expect(await store.living()).toEqual(new Set());
  });

  it('counts as gone where there are no locks', async () => {
    const store = open(undefined);
    store.claim('one')();
    expect(await store.living()).toEqual(new Set());
  });
});

// [M2]
it('What the server did not take is kept until it is forgotten', async () => {
  const store = open();
  const other = { ...KEY, room: 'text:file:2' };
  const edits = (id: string) => ({
    id,
    reason: 'not_allowed' as const,
    state: bytes(1, 2)
  });
  await store.keepRefused(KEY, edits('a'));
  await store.keepRefused(other, edits('b'));
  const [found, ...others] = await store.loadRefused(KEY);
  expect({ ...found, state: [...found.state] }).toEqual({
    ...edits('a'),
    state: [1, 2]
  });
  expect(others).toEqual([]);
  await store.forgetRefused(edits('a'));
  expect(await store.loadRefused(KEY)).toEqual([]);
  expect(await store.loadRefused(other)).toHaveLength(1);
});

it('A database of an earlier version is gone on with', async () => {
  const old = await openDB('jupyter-collaboration', 1, {
    upgrade: db => {
      const snapshots = db.createObjectStore('snapshots', {
        keyPath: 'instance'
      });
      snapshots.createIndex('document', 'document');
      db.createObjectStore('conflicts', { keyPath: 'document' });
      const updates = db.createObjectStore('updates', { autoIncrement: true });
      updates.createIndex('document', 'document');
    }
  });
  old.close();
  const store = open();
  const snapshot = { sessionId: 's', state: bytes(1), base: null };
  await store.keepSnapshot(KEY, 'one', snapshot);
  expect(await store.load(KEY)).toHaveLength(1);
  expect(await store.loadRefused(KEY)).toEqual([]);
});
