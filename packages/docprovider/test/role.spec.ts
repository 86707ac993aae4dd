// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { YFile, YNotebook } from '@jupyter/ydoc';
import { nullTranslator } from '@jupyterlab/translation';
import { IDBFactory } from 'fake-indexeddb';
import 'fake-indexeddb/auto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as Y from 'yjs';

import { PendingStore } from '../src/offline/pendingStore';
import { WebSocketProvider } from '../src/session/provider';
import { roleMessage } from '../src/session/role';
import {
  FakeServer,
  fakeUser,
  settled,
  timersLeft,
  useFakeClock
} from './support/server';

const trans = nullTranslator.load('jupyter_collaboration');

let server: FakeServer;
let pages: { close: () => Promise<void> }[];

beforeEach(() => {
  useFakeClock();
  vi.stubGlobal('indexedDB', new IDBFactory());
  server = new FakeServer();
  pages = [];
});

afterEach(async () => {
  for (const page of pages) {
    await page.close();
  }
  expect(await timersLeft()).toBe(0);
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** Open the document in a page of its own. */
async function open<T extends YFile | YNotebook>(model: T) {
  const store = new PendingStore();
  const provider = new WebSocketProvider({
    path: 'a.txt',
    contentType: 'file',
    format: 'text',
    model,
    user: fakeUser('ada'),
    translator: trans,
    serverSettings: server.settings,
    store,
    environment: {
      createSocket: server.createSocket,
      events: new EventTarget(),
      isOnline: () => true,
      random: () => 1
    }
  });
  const close = async () => {
    await settled();
    provider.dispose();
    model.dispose();
    await store.close();
  };
  pages.push({ close });
  await settled();
  await settled();
  await provider.ready;
  await vi.advanceTimersByTimeAsync(200);
  return { close, model, provider };
}

async function comeBack(): Promise<void> {
  await vi.advanceTimersByTimeAsync(30000);
  await settled();
}

const serverText = () => server.doc.getText('source').toString();
const write = (text: string) => server.doc.getText('source').insert(0, text);
const textOf = ({ state }: { state: Uint8Array }) => {
  const doc = new Y.Doc();
  Y.applyUpdate(doc, state);
  return doc.getText('source').toString();
};
const edits = () =>
  server.sockets.flatMap(socket =>
    socket.messages.filter(
      each =>
        each.kind === 'update' || (each.kind === 'sync2' && each.update[0] > 0)
    )
  );

// [M2]
describe('The role', () => {
  // [C1]
  it('is that of an editor where the server tells none', async () => {
    const { provider } = await open(new YFile());
    expect(provider.access.role).toBe('editor');
    expect(provider.access.reason).toBe('');
  });

  it('is known before the document is ready, and followed', async () => {
    server.role = { role: 'viewer', reason: 'permission' };
    const { provider } = await open(new YFile());
    expect(provider.access.role).toBe('viewer');
    const seen: string[] = [];
    provider.access.changed.connect(({ role }) =>
      seen.push(`${role} ${provider.access.reason}`)
    );
    server.setRole('viewer', 'permission');
    server.setRole('editor', 'file');
    server.setRole('editor');
    server.setRole('viewer', 'permission');
    expect(seen).toEqual(['editor file', 'editor ', 'viewer permission']);
  });

  it('is what is told on the connection that there is now', async () => {
    server.role = { role: 'viewer', reason: 'permission' };
    const { model, provider } = await open(new YFile());
    const seen: string[] = [];
    provider.access.changed.connect(({ role }) => seen.push(role));
    server.cut();
    await comeBack();
    expect(seen).toEqual([]);

    server.role = null;
    server.cut();
    await comeBack();
    expect(seen).toEqual(['editor']);
    model.updateSource(0, 0, 'x');
    await settled();
    expect(serverText()).toBe('x');
  });

  it('that is not known here only reads', async () => {
    const { provider } = await open(new YFile());
    server.tell({ type: 'role', role: 'commenter', reason: 'new' });
    expect(provider.access.role).toBe('viewer');
    expect(provider.access.reason).toBe('permission');
  });

  it('is told in words', () => {
    expect(roleMessage('permission', trans)).toBe(
      'You have view-only access to this document.'
    );
    expect(roleMessage('file', trans)).toBe(
      'The file is read-only: you can edit and run it, but not save.'
    );
  });
});

// [M2]
describe('A viewer', () => {
  beforeEach(() => {
    server.role = { role: 'viewer', reason: 'permission' };
    write('begin');
  });

  it('follows the document, and sends no edit by coming in', async () => {
    const { model } = await open(new YFile());
    write('we ');
    await settled();
    expect(model.source).toBe('we begin');
    expect(edits()).toEqual([]);
  });

  it('does not ask the server to save, revert or recreate', async () => {
    const { provider } = await open(new YFile());
    const error = { code: 'viewer', isConnectionLost: false };
    await expect(provider.save()).rejects.toMatchObject(error);
    await expect(provider.saves.recreate()).rejects.toMatchObject(error);
    await expect(provider.saves.revert()).rejects.toMatchObject(error);
    expect(provider.saves.error).toBeNull();
    const kinds = server.last.messages.map(each => each.kind);
    expect(kinds).not.toContain('save');
    expect(kinds).not.toContain('revert');
  });

  it('who writes all the same gets it back beside the document', async () => {
    const { model, provider } = await open(new YFile());
    model.updateSource(0, 0, 'mine ');
    expect(provider.edits.unsent.count).toBeGreaterThan(0);
    await comeBack();
    expect(edits()).toEqual([]);
    expect(provider.connection.status).toBe('live');
    expect(provider.edits.unsent.count).toBe(0);
    expect(model.source).toBe('begin');
    expect(provider.edits.refused.list.map(textOf)).toEqual(['mine begin']);
    const count = server.sockets.length;
    await comeBack();
    expect(server.sockets).toHaveLength(count);
    write('and on ');
    await settled();
    expect(model.source).toBe('and on begin');
  });

  it('loses nothing by what programs note in the document', async () => {
    server.doc.getArray('cells').insert(0, [
      new Y.Map<unknown>([
        ['id', 'one'],
        ['cell_type', 'raw'],
        ['source', new Y.Text('x')],
        ['metadata', new Y.Map()]
      ])
    ]);
    server.doc.getMap('meta').set('metadata', new Y.Map());
    const { model, provider } = await open(new YNotebook());
    model.setMetadata('language_info', { name: 'python' });
    model.cells[0].setMetadata('collapsed', true);
    await comeBack();
    expect(provider.edits.refused.list).toEqual([]);
    expect(model.getMetadata('language_info')).toBeUndefined();
    expect(model.cells[0].getMetadata('collapsed')).toBeUndefined();
    expect(model.cells[0].source).toBe('x');
  });

  it('edits again once they may', async () => {
    const { model, provider } = await open(new YFile());
    server.setRole('editor');
    model.updateSource(5, 5, '!');
    await settled();
    expect(serverText()).toBe('begin!');
    await vi.advanceTimersByTimeAsync(400);
    expect(provider.edits.unsent.count).toBe(0);
    expect(provider.edits.refused.list).toEqual([]);
  });
});

// [M2]
describe('An editor who becomes a viewer', () => {
  it('keeps what the server has taken', async () => {
    const { model, provider } = await open(new YFile());
    model.updateSource(0, 0, 'taken');
    await settled();
    server.setRole('viewer', 'permission');
    await comeBack();
    expect(model.source).toBe('taken');
    expect(provider.edits.unsent.count).toBe(0);
    expect(provider.edits.refused.list).toEqual([]);
    expect(server.sockets).toHaveLength(1);
  });

  it('gets back what was under way', async () => {
    write('begin');
    const { model, provider } = await open(new YFile());
    server.role = { role: 'viewer', reason: 'permission' };
    model.updateSource(5, 5, ' late');
    await comeBack();
    expect(serverText()).toBe('begin');
    expect(model.source).toBe('begin');
    expect(provider.edits.refused.list.map(textOf)).toEqual(['begin late']);
  });

  it.each([
    ['writing', (model: YFile) => model.updateSource(5, 5, ' on'), 'begin on'],
    ['deleting', (model: YFile) => model.updateSource(0, 2, ''), 'gin']
  ])('gets back %s without a connection', async (_, edit, mine) => {
    write('begin');
    const { model, provider } = await open(new YFile());
    server.mode = 'turn away';
    server.cut();
    edit(model);
    server.role = { role: 'viewer', reason: 'permission' };
    server.mode = 'open';
    await comeBack();
    expect(model.source).toBe('begin');
    expect(serverText()).toBe('begin');
    expect(provider.edits.unsent.count).toBe(0);
    expect(provider.edits.refused.list.map(textOf)).toEqual([mine]);
  });
});

// [M8]
describe('An edit that the document cannot hold', () => {
  beforeEach(() => {
    write('begin');
    server.canHold = doc => !doc.getText('source').toString().includes('bad');
  });

  it('is taken back here, and what was typed is kept beside', async () => {
    const { model, provider } = await open(new YFile());
    model.updateSource(0, 0, 'bad ');
    model.updateSource(0, 0, 'more ');
    await comeBack();
    expect(provider.connection.status).toBe('live');
    expect(model.source).toBe('begin');
    expect(provider.edits.refused.list.map(each => each.reason)).toEqual([
      'invalid_edit'
    ]);
    expect(provider.edits.refused.list.map(textOf)).toEqual(['more bad begin']);
    model.updateSource(0, 0, 'good ');
    await settled();
    expect(serverText()).toBe('good begin');
  });

  it('is kept across a reload until the user has chosen', async () => {
    const first = await open(new YFile());
    first.model.updateSource(0, 0, 'bad ');
    await comeBack();
    await first.close();

    const second = await open(new YFile());
    expect(second.provider.edits.refused.list.map(textOf)).toEqual([
      'bad begin'
    ]);
    expect(second.model.source).toBe('begin');
    expect(second.provider.edits.unsent.count).toBe(0);
    let told = 0;
    second.provider.edits.refused.changed.connect(() => told++);
    second.provider.edits.refused.discard(
      second.provider.edits.refused.list[0]
    );
    second.provider.edits.refused.discard(first.provider.edits.refused.list[0]);
    expect(told).toBe(1);
    await second.close();

    const third = await open(new YFile());
    expect(third.provider.edits.refused.list).toEqual([]);
  });

  it('is kept as well if the page ends before it was taken back', async () => {
    const first = await open(new YFile());
    first.model.updateSource(0, 0, 'bad ');
    await first.close();

    const { model, provider } = await open(new YFile());
    await comeBack();
    expect(model.source).toBe('begin');
    expect(provider.edits.refused.list.map(textOf)).toEqual(['bad begin']);
    expect(provider.edits.unsent.count).toBe(0);
  });
});

it('Cells that were repaired at opening are told of', async () => {
  const { provider } = await open(new YFile());
  const seen: number[] = [];
  provider.history.repaired.connect((_, count) => seen.push(count));
  server.tell({ type: 'repaired', cells: 2 });
  expect(seen).toEqual([2]);
});

// [M4]
it('A server that gets too much is left alone for a while', async () => {
  const { provider } = await open(new YFile());
  server.cut(4429, 'Too many messages.');
  expect(provider.connection.trouble).toBe('Too many messages.');
  await vi.advanceTimersByTimeAsync(4900);
  expect(server.sockets).toHaveLength(1);
  await comeBack();
  expect(provider.connection.status).toBe('live');
  expect(provider.connection.trouble).toBeNull();
});
