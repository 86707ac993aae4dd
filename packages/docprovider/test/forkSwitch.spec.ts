// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { YFile } from '@jupyter/ydoc';
import { nullTranslator } from '@jupyterlab/translation';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as Y from 'yjs';

import { WebSocketProvider } from '../src/session/provider';
import type { FakeSocket } from './support/server';
import {
  FakeServer,
  fakeUser,
  settled,
  timersLeft,
  useFakeClock
} from './support/server';

const FORK = '0b8c7f4e-3c1f-4f57-9d5c-6a2f0e6d8a11';

const trans = nullTranslator.load('jupyter_collaboration');

let root: FakeServer;
let fork: FakeServer;
let model: YFile;
let provider: WebSocketProvider;

beforeEach(async () => {
  useFakeClock();
  root = new FakeServer();
  root.doc.getText('source').insert(0, 'one');
  root.doc.getMap('state').set('document_id', 'text:file:id-1');
  fork = new FakeServer();
  fork.session.sessionId = 'session-2';
  Y.applyUpdate(fork.doc, Y.encodeStateAsUpdate(root.doc));
  model = new YFile();
  provider = new WebSocketProvider({
    path: 'a.txt',
    contentType: 'file',
    format: 'text',
    model,
    user: fakeUser('ada'),
    translator: trans,
    serverSettings: root.settings,
    environment: {
      createSocket: (url: string): FakeSocket =>
        (url.includes(`/room/${FORK}?`) ? fork : root).createSocket(url),
      events: new EventTarget(),
      isOnline: () => true,
      random: () => 1
    }
  });
  await settled();
});

afterEach(async () => {
  provider.dispose();
  model.dispose();
  expect(await timersLeft()).toBe(0);
  vi.useRealTimers();
});

const textOf = (server: FakeServer) => server.doc.getText('source').toString();

async function visit(): Promise<void> {
  const visited = provider.connectToForkDoc(FORK, 'session-2');
  await settled();
  await visited;
}

describe('A document that goes into a fork', () => {
  // [K3] [C1]
  it('enters its room, and nothing goes to the file any more', async () => {
    await visit();
    expect(provider.connection.status).toBe('live');
    expect(fork.last.url).toContain(`room/${FORK}?sessionId=session-2`);
    model.updateSource(0, 0, 'fork ');
    await settled();
    expect(textOf(fork)).toBe('fork one');
    expect(textOf(root)).toBe('one');
    await expect(provider.save()).rejects.toThrow('no file');
  });

  // [K4]
  it('takes nothing along that the fork does not have', async () => {
    model.updateSource(0, 0, 'late ');
    await vi.advanceTimersByTimeAsync(500);
    expect(textOf(root)).toBe('late one');
    await visit();
    expect(model.source).toBe('one');
    expect(textOf(fork)).toBe('one');
    expect(provider.edits.refused.list).toEqual([]);
  });

  // [K4]
  it('comes back to its file, and what was edited in the fork stays there', async () => {
    await visit();
    model.updateSource(0, 0, 'fork ');
    await vi.advanceTimersByTimeAsync(500);
    const back = provider.reconnect();
    await settled();
    await back;
    expect(model.source).toBe('one');
    expect(textOf(root)).toBe('one');
    expect(textOf(fork)).toBe('fork one');
    model.updateSource(3, 3, '!');
    await settled();
    expect(textOf(root)).toBe('one!');
    expect(textOf(fork)).toBe('fork one');
    expect(root.rebases).toEqual([]);
  });

  it('waits until the server has what was typed before', async () => {
    model.updateSource(0, 0, 'late ');
    const visited = provider.connectToForkDoc(FORK, 'session-2');
    await settled();
    expect(fork.sockets).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(500);
    await visited;
    expect(textOf(root)).toBe('late one');
    expect(model.source).toBe('one');
  });

  it('stays where it is if the server does not take what was typed', async () => {
    root.acknowledges = false;
    model.updateSource(0, 0, 'late ');
    const visited = provider.connectToForkDoc(FORK, 'session-2');
    const refused = expect(visited).rejects.toThrow('in time');
    await vi.advanceTimersByTimeAsync(20000);
    await refused;
    expect(fork.sockets).toHaveLength(0);
    expect(model.source).toBe('late one');
  });

  // [K6]
  it('is told that the fork is gone, and comes back when it is asked to', async () => {
    await visit();
    fork.cut(4404, 'The fork was merged.');
    await settled();
    expect(provider.connection.status).toBe('refused');
    expect(provider.connection.refusal?.message).toContain('merged');
    const back = provider.reconnect();
    await settled();
    await back;
    expect(provider.connection.status).toBe('live');
    expect(model.source).toBe('one');
  });

  it('says so if there is no such fork', async () => {
    const visited = provider.connectToForkDoc(FORK, 'another');
    const refused = expect(visited).rejects.toThrow();
    await settled();
    await refused;
    expect(textOf(fork)).toBe('one');
  });

  it('connects anew without going anywhere', async () => {
    model.updateSource(0, 0, 'typed ');
    const again = provider.reconnect();
    await settled();
    await again;
    expect(root.sockets).toHaveLength(2);
    expect(textOf(root)).toBe('typed one');
    expect(model.source).toBe('typed one');
  });

  it('is not waited for once it is closed', async () => {
    root.mode = fork.mode = 'hang';
    const visited = provider.connectToForkDoc(FORK, 'session-2');
    const refused = expect(visited).rejects.toThrow('closed');
    await settled();
    provider.dispose();
    await refused;
    await expect(provider.reconnect()).rejects.toThrow('closed');
  });
});
