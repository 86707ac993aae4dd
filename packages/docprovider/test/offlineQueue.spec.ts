// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { YFile } from '@jupyter/ydoc';
import { nullTranslator } from '@jupyterlab/translation';
import { IDBFactory } from 'fake-indexeddb';
import 'fake-indexeddb/auto';
import { fromBase64 } from 'lib0/buffer';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as Y from 'yjs';

import { PendingStore } from '../src/offline/pendingStore';
import { WebSocketProvider } from '../src/session/provider';
import type { IConflict } from '../src/tokens';
import {
  FakeServer,
  fakeUser,
  settled,
  timersLeft,
  useFakeClock
} from './support/server';

const trans = nullTranslator.load('jupyter_collaboration');
const CONFLICT: IConflict = {
  cell: null,
  kind: 'text',
  key: 'source',
  yours: 'mine',
  theirs: 'theirs',
  merged: 'theirsmine'
};

let server: FakeServer;
let pages: Page[];

/** A page that may crash: then nothing of it happens any more. */
class Page {
  constructor(name = 'ada') {
    pages.push(this);
    this.provider = new WebSocketProvider({
      path: 'a.txt',
      contentType: 'file',
      format: 'text',
      model: this.model,
      user: fakeUser(name),
      translator: trans,
      serverSettings: server.settings,
      store: this.store,
      environment: {
        createSocket: server.createSocket,
        events: new EventTarget(),
        isOnline: () => true,
        random: () => 1
      }
    });
  }

  readonly store = new PendingStore();
  readonly model = new YFile();
  readonly provider: WebSocketProvider;

  async ready(): Promise<this> {
    await settled();
    await settled();
    await this.provider.ready;
    return this;
  }

  async crash(): Promise<void> {
    await settled();
    this.provider.dispose();
    this.model.dispose();
    await this.store.close();
  }
}

beforeEach(() => {
  useFakeClock();
  vi.stubGlobal('indexedDB', new IDBFactory());
  server = new FakeServer();
  pages = [];
});

afterEach(async () => {
  for (const page of pages) {
    await page.crash();
  }
  expect(await timersLeft()).toBe(0);
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const serverText = () => server.doc.getText('source').toString();
const write = (text: string) => (doc: Y.Doc) =>
  doc.getText('source').insert(0, text);

async function keptBy(page: Page) {
  await settled();
  return page.store.load({
    server: server.settings.baseUrl,
    username: 'ada',
    room: 'text:file:id-1'
  });
}

async function comeBack(): Promise<void> {
  await vi.advanceTimersByTimeAsync(30000);
  await settled();
}

// [S6]
describe('What was typed', () => {
  it('is kept until the server has acknowledged it', async () => {
    const page = await new Page().ready();
    await vi.advanceTimersByTimeAsync(200);
    page.model.updateSource(0, 0, 'a');
    const [kept] = await keptBy(page);
    expect(kept.updates).not.toHaveLength(0);
    expect(kept.state).toBeNull();
    await vi.advanceTimersByTimeAsync(200);
    expect(await keptBy(page)).toEqual([]);
  });

  it('is kept as a whole when no acknowledgement comes', async () => {
    write('saved ')(server.doc);
    const page = await new Page().ready();
    await vi.advanceTimersByTimeAsync(200);
    server.acknowledges = false;
    page.model.updateSource(6, 6, 'typed');
    await vi.advanceTimersByTimeAsync(1000);
    const [kept] = await keptBy(page);
    const [state, base] = [new Y.Doc(), new Y.Doc()];
    Y.applyUpdate(state, kept.state as Uint8Array);
    Y.applyUpdate(base, kept.base as Uint8Array);
    expect(state.getText('source').toString()).toBe('saved typed');
    expect(base.getText('source').toString()).toBe('saved ');
  });

  it('without a connection is there after the page was loaded again', async () => {
    write('begin ')(server.doc);
    const page = await new Page().ready();
    server.mode = 'turn away';
    server.cut();
    page.model.updateSource(6, 6, 'kept');
    await page.crash();
    expect(serverText()).toBe('begin ');

    server.mode = 'open';
    const next = await new Page().ready();
    expect(next.model.source).toBe('begin kept');
    await vi.advanceTimersByTimeAsync(1000);
    expect(serverText()).toBe('begin kept');
    expect(next.provider.edits.unsent.count).toBe(0);
    expect(await keptBy(next)).toEqual([]);
  });

  it('comes back with what the page before had seen', async () => {
    write('begin ')(server.doc);
    const page = await new Page().ready();
    server.mode = 'turn away';
    server.cut();
    page.model.updateSource(0, 5, 'start');
    await vi.advanceTimersByTimeAsync(2000);
    await page.crash();
    const seen = Y.encodeStateVector(page.model.ydoc);
    server.doc.getText('source').delete(0, 5);
    server.doc.getText('source').insert(0, 'end');

    server.mode = 'open';
    const next = await new Page().ready();
    await vi.advanceTimersByTimeAsync(1000);
    const { messages } = server.sockets[server.sockets.length - 1];
    const questions = messages.filter(each => each.kind === 'sync1');
    expect(questions.map(each => each.stateVector)).toContainEqual(seen);
    const answers = messages.filter(each => each.kind === 'sync2');
    const deleted = Y.decodeUpdate(answers[answers.length - 1].update).ds;
    expect(deleted.clients.get(server.doc.clientID)).toBeDefined();
    expect(serverText()).toBe(next.model.source);
    expect(next.provider.edits.unsent.count).toBe(0);
    expect(await keptBy(next)).toEqual([]);
  });

  it('is there once, though the server had it', async () => {
    const page = await new Page().ready();
    server.acknowledges = false;
    page.model.updateSource(0, 0, 'x');
    await page.crash();
    server.acknowledges = true;
    const next = await new Page().ready();
    await vi.advanceTimersByTimeAsync(1000);
    expect(next.model.source).toBe('x');
    expect(serverText()).toBe('x');
    expect(await keptBy(next)).toEqual([]);
  });

  it('in two tabs is there from both', async () => {
    const [one, two] = [await new Page().ready(), await new Page().ready()];
    server.mode = 'turn away';
    server.cut();
    one.model.updateSource(0, 0, 'one ');
    two.model.updateSource(0, 0, 'two ');
    await one.crash();
    await two.crash();
    server.mode = 'open';
    const next = await new Page().ready();
    expect(['one two ', 'two one ']).toContain(next.model.source);
    await vi.advanceTimersByTimeAsync(1000);
    expect(await keptBy(next)).toEqual([]);
  });

  // [S4]
  it('is placed where the server has another history now', async () => {
    write('begin ')(server.doc);
    const page = await new Page().ready();
    await vi.advanceTimersByTimeAsync(200);
    server.mode = 'turn away';
    server.cut();
    page.model.updateSource(6, 6, 'one ');
    await settled();
    page.model.updateSource(10, 10, 'two');
    await page.crash();

    server.loseHistory('session-2', write('begin '));
    server.rebase.conflicts = [CONFLICT];
    server.mode = 'open';
    const next = await new Page().ready();
    expect(next.model.source).toBe('begin one two');
    const [{ base, sessionId }] = server.rebases;
    expect(sessionId).toBe('session-1');
    const saved = new Y.Doc();
    Y.applyUpdate(saved, fromBase64(base ?? ''));
    expect(saved.getText('source').toString()).toBe('begin ');
    expect(next.provider.conflicts.list).toEqual([CONFLICT]);
    expect(await keptBy(next)).toEqual([]);
  });

  it('stays kept where it cannot be placed, and the document opens', async () => {
    const page = await new Page().ready();
    server.mode = 'turn away';
    server.cut();
    page.model.updateSource(0, 0, 'typed');
    await page.crash();
    server.loseHistory('session-2', write('new'));
    server.rebase.status = 500;
    server.mode = 'open';
    const next = await new Page().ready();
    expect(next.model.source).toBe('new');
    await vi.advanceTimersByTimeAsync(200);
    expect(await keptBy(next)).toHaveLength(1);
    await next.crash();
    server.rebase.status = 200;
    expect((await new Page().ready()).model.source).toBe('typed');
  });

  it('is kept while it is placed into another history, and not after it', async () => {
    const page = await new Page().ready();
    server.rebase.status = 500;
    server.loseHistory('session-2', () => undefined);
    page.model.updateSource(0, 0, 'x');
    await comeBack();
    expect(await keptBy(page)).toMatchObject([{ sessionId: 'session-1' }]);
    server.rebase.status = 200;
    await comeBack();
    expect(page.provider.connection.status).toBe('live');
    expect(await keptBy(page)).toEqual([]);
    server.acknowledges = false;
    page.model.updateSource(0, 0, 'y');
    expect(await keptBy(page)).toMatchObject([{ sessionId: 'session-2' }]);
  });

  it('is offered to the same person under another generated name', async () => {
    write('begin ')(server.doc);
    const [one, other] = ['1'.repeat(32), '2'.repeat(32)];
    const page = await new Page(one).ready();
    server.mode = 'turn away';
    server.cut();
    page.model.updateSource(6, 6, 'kept');
    await page.crash();

    server.mode = 'open';
    const next = await new Page(other).ready();
    expect(next.model.source).toBe('begin ');
    const [edits] = next.provider.edits.recovered.list;
    const copy = new Y.Doc();
    Y.applyUpdate(copy, edits.state);
    expect(copy.getText('source').toString()).toBe('begin kept');
    await next.crash();

    const last = await new Page(other).ready();
    await last.provider.edits.recovered.recover(
      last.provider.edits.recovered.list[0]
    );
    expect(last.provider.edits.recovered.list).toEqual([]);
    expect(last.model.source).toBe('begin kept');
    await vi.advanceTimersByTimeAsync(1000);
    expect(serverText()).toBe('begin kept');
    await last.crash();
    expect(
      (await new Page(other).ready()).provider.edits.recovered.list
    ).toEqual([]);
  });

  it('is offered under another generated name after the history was lost', async () => {
    write('begin ')(server.doc);
    const [one, other] = ['1'.repeat(32), '2'.repeat(32)];
    const page = await new Page(one).ready();
    server.mode = 'turn away';
    server.cut();
    page.model.updateSource(6, 6, 'kept');
    await page.crash();
    server.loseHistory('session-2', write('begin '));
    server.mode = 'open';
    const next = await new Page(other).ready();
    expect(server.rebases).toEqual([]);
    await next.provider.edits.recovered.recover(
      next.provider.edits.recovered.list[0]
    );
    expect(server.rebases).toMatchObject([{ sessionId: 'session-1' }]);
    await settled();
    expect(next.model.source).toBe('begin kept');
  });

  it('is not offered again if the server has it, or the user discards it', async () => {
    const [one, other] = ['1'.repeat(32), '2'.repeat(32)];
    const page = await new Page(one).ready();
    server.acknowledges = false;
    page.model.updateSource(0, 0, 'there ');
    await page.crash();
    const lost = await new Page(one).ready();
    server.mode = 'turn away';
    server.cut();
    lost.model.updateSource(0, 0, 'typed ');
    await lost.crash();
    [server.mode, server.acknowledges] = ['open', true];
    const next = await new Page(other).ready();
    expect(next.provider.edits.recovered.list).toHaveLength(1);
    next.provider.edits.recovered.discard(
      next.provider.edits.recovered.list[0]
    );
    expect(next.provider.edits.recovered.list).toEqual([]);
    await next.crash();
    expect(
      (await new Page(other).ready()).provider.edits.recovered.list
    ).toEqual([]);
    expect(serverText()).toBe('there ');
  });

  it('is known not to be kept where the browser has no database', async () => {
    vi.stubGlobal('indexedDB', undefined);
    const page = await new Page().ready();
    await vi.advanceTimersByTimeAsync(1000);
    expect(page.provider.edits.unsent.isKeptInBrowser).toBe(true);
    server.mode = 'turn away';
    server.cut();
    page.model.updateSource(0, 0, 'x');
    await settled();
    expect(page.provider.edits.unsent.isKeptInBrowser).toBe(false);
    server.mode = 'open';
    await comeBack();
    expect(page.provider.edits.unsent.isKeptInBrowser).toBe(true);
  });

  it('is kept as a whole once the browser has room again', async () => {
    const page = await new Page().ready();
    const full = ['add', 'put'].map(name =>
      vi
        .spyOn(IDBObjectStore.prototype, name as 'add')
        .mockImplementation(() => {
          throw new DOMException('full', 'QuotaExceededError');
        })
    );
    server.mode = 'turn away';
    server.cut();
    page.model.updateSource(0, 0, 'x');
    await settled();
    expect(page.provider.edits.unsent.isKeptInBrowser).toBe(false);
    full.forEach(spy => spy.mockRestore());
    page.model.updateSource(1, 1, 'y');
    await settled();
    expect(page.provider.edits.unsent.isKeptInBrowser).toBe(true);
    await page.crash();
    server.mode = 'open';
    expect((await new Page().ready()).model.source).toBe('xy');
  });

  it('is no other user’s', async () => {
    const page = await new Page().ready();
    server.mode = 'turn away';
    server.cut();
    page.model.updateSource(0, 0, 'x');
    await page.crash();
    server.mode = 'open';
    expect((await new Page('grace').ready()).model.source).toBe('');
  });
});

// [S4]
it('Conflicts are kept until the user has chosen', async () => {
  const page = await new Page().ready();
  server.rebase.conflicts = [CONFLICT];
  server.loseHistory('session-2', write(CONFLICT.merged));
  page.model.updateSource(0, 0, CONFLICT.merged);
  await comeBack();
  expect(page.provider.conflicts.list).toEqual([CONFLICT]);
  await page.crash();
  const next = await new Page().ready();
  const [conflict] = next.provider.conflicts.list;
  expect(conflict).toEqual(CONFLICT);
  expect(next.provider.conflicts.resolve(conflict, 'yours')).toBe(true);
  expect(next.model.source).toContain('mine');
  expect(next.model.source).not.toContain('theirsmine');
  await next.crash();
  expect((await new Page().ready()).provider.conflicts.list).toEqual([]);
});
