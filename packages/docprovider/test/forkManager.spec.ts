// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import type { IDocumentProvider } from '@jupyter/collaborative-drive';
import type { Event } from '@jupyterlab/services';
import { ServerConnection } from '@jupyterlab/services';
import { Stream } from '@lumino/signaling';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { ForkManager } from '../src/forks/forkManager';
import type { IForkChangedEvent } from '../src/forks/forkTokens';
import { FakeProvider } from './support/drive';

const TITLE = 'A try';

const INFO = {
  root_roomid: 'text:file:id-1',
  synchronize: true,
  title: TITLE,
  description: 'of mine'
};
const MADE = { sessionId: 'session-2', fork_roomid: 'fork', fork_info: INFO };

let requests: { method: string; url: string; body: string }[];
let answer: { status: number; body: unknown };
let stream: Stream<Event.IManager, Event.Emission>;
let providers: Map<string, IDocumentProvider>;
let manager: ForkManager;

beforeEach(() => {
  requests = [];
  answer = { status: 200, body: {} };
  providers = new Map();
  const serverSettings = ServerConnection.makeSettings({
    baseUrl: 'http://server.test/base/',
    fetch: async (input: RequestInfo | URL, init?: RequestInit) => {
      const request = new Request(input, init);
      const { method, url } = request;
      // Against caches, JupyterLab adds the time.
      const plain = url.replace(/[?&]\d+$/, '');
      requests.push({ method, url: plain, body: await request.text() });
      const { body, status } = answer;
      return new Response(body ? JSON.stringify(body) : '', { status });
    }
  });
  const eventManager = {
    serverSettings,
    stream: null as never as Event.Stream
  };
  stream = new Stream(eventManager as never);
  eventManager.stream = stream;
  manager = new ForkManager({ contentProvider: { providers }, eventManager });
});

afterEach(() => {
  manager.dispose();
});

describe('A fork manager', () => {
  // [K1] [C1]
  it('makes a fork', async () => {
    answer = { status: 201, body: MADE };
    const made = await manager.createFork({
      rootId: 'text:file:ä/1',
      synchronize: true,
      title: TITLE
    });
    expect(made).toEqual(MADE);
    expect(requests).toEqual([
      {
        method: 'PUT',
        url: 'http://server.test/base/api/collaboration/fork/text:file:%C3%A4%2F1',
        body: '{"synchronize":true,"title":"A try"}'
      }
    ]);
  });

  it('lists the forks of a document', async () => {
    answer.body = { fork: INFO };
    expect(await manager.getAllForks('text:file:id-1')).toEqual({ fork: INFO });
    expect(requests[0].method).toBe('GET');
  });

  it.each([true, false])('deletes a fork (merge: %s)', async merge => {
    answer.body = null;
    await manager.deleteFork({ forkId: 'fork', merge });
    const { method, url } = requests[0];
    expect(method).toBe('DELETE');
    expect(url).toBe(
      `http://server.test/base/api/collaboration/fork/fork?merge=${merge}`
    );
  });

  it('says why the server refused something', async () => {
    answer = { status: 429, body: { message: 'Too many forks.' } };
    await expect(
      manager.createFork({ rootId: 'a:b:c', synchronize: false })
    ).rejects.toThrow('Too many forks.');
    await expect(manager.getAllForks('a:b:c')).rejects.toThrow();
    await expect(
      manager.deleteFork({ forkId: 'fork', merge: true })
    ).rejects.toThrow();
  });

  // [K9]
  it('tells of forks that somebody made or deleted', () => {
    const told: [string, IForkChangedEvent][] = [];
    manager.forkAdded.connect((_, fork) => told.push(['added', fork]));
    manager.forkDeleted.connect((_, fork) => told.push(['deleted', fork]));
    const schemas = 'https://schema.jupyter.org/jupyter_collaboration';
    const fork = { fork_info: INFO, fork_roomid: 'fork', username: 'ada' };
    for (const action of ['create', 'delete', 'something newer']) {
      stream.emit({ schema_id: `${schemas}/fork/v1`, action, ...fork });
      stream.emit({ schema_id: `${schemas}/session/v1`, action, ...fork });
    }
    expect(told).toEqual([
      ['added', fork],
      ['deleted', fork]
    ]);
    manager.dispose();
    stream.emit({ schema_id: `${schemas}/fork/v1`, action: 'create', ...fork });
    expect(told).toHaveLength(2);
  });

  it('finds the provider of an open document, also by its drive', () => {
    const provider = new FakeProvider({ path: 'a/b.txt' } as never);
    providers.set('text:file:a/b.txt', provider);
    providers.set('text:file:c.txt', { ready: provider.ready } as never);
    const find = (documentPath: string) =>
      manager.getProvider({ documentPath, format: 'text', type: 'file' });
    expect(find('a/b.txt')).toBe(provider);
    expect(find('RTC:a/b.txt')).toBe(provider);
    expect(find('b.txt')).toBeUndefined();
    expect(find('c.txt')).toBeUndefined();
  });
});
