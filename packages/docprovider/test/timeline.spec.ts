// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { YFile } from '@jupyter/ydoc';
import { ServerConnection } from '@jupyterlab/services';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as Y from 'yjs';

import { Timeline } from '../src/timeline';
import type { IVersion, IVersionPage, IVersionQuery } from '../src/versions';
import { VersionClient } from '../src/versions';

function version(id: number, author = 'ada'): IVersion {
  return {
    id,
    authors: [author],
    kind: 'edit',
    start: id,
    end: id,
    changes: {},
    name: ''
  };
}

/** A client whose pages the test decides. */
function clientOf(answer: (query: IVersionQuery) => IVersionPage) {
  const asked: IVersionQuery[] = [];
  return {
    asked,
    page: async (query: IVersionQuery) => {
      asked.push(query);
      return answer(query);
    },
    content: async () => 'content',
    name: vi.fn(async () => undefined),
    restore: vi.fn(async (): Promise<Uint8Array | null> => null)
  };
}

describe('Timeline', () => {
  let model: YFile;

  beforeEach(() => {
    vi.useFakeTimers();
    model = new YFile();
  });

  afterEach(() => {
    model.dispose();
    vi.useRealTimers();
  });

  it('reads page after page', async () => {
    // [V3]
    const ids = (from: number, count: number) =>
      Array.from({ length: count }, (_, at) => version(from - at));
    const client = clientOf(({ before }) => ({
      versions: before === undefined ? ids(100, 50) : ids(before - 1, 3),
      complete: true
    }));
    const timeline = new Timeline(client, model);
    await timeline.refresh();
    expect(timeline.hasMore).toBe(true);
    await timeline.more();
    expect(timeline.versions.map(({ id }) => id)).toEqual(
      ids(100, 53).map(({ id }) => id)
    );
    expect(timeline.hasMore).toBe(false);
    await timeline.more();
    expect(client.asked).toHaveLength(2);
    expect(timeline.authors).toEqual(['ada']);
  });

  it('asks again while versions are being made', async () => {
    let isComplete = false;
    const client = clientOf(() => ({
      versions: isComplete ? [version(1)] : [],
      complete: isComplete
    }));
    const timeline = new Timeline(client, model);
    await timeline.refresh();
    expect(timeline.isLoading).toBe(true);
    isComplete = true;
    await vi.advanceTimersByTimeAsync(1000);
    expect(timeline.isLoading).toBe(false);
    expect(timeline.versions).toHaveLength(1);
    isComplete = false;
    await timeline.refresh();
    timeline.dispose();
    await vi.advanceTimersByTimeAsync(1000);
    expect(client.asked).toHaveLength(3);
  });

  it('forgets an answer that another question overtook', async () => {
    const waiting: ((page: IVersionPage) => void)[] = [];
    const client = {
      ...clientOf(() => ({ versions: [], complete: true })),
      page: () =>
        new Promise<IVersionPage>(resolve => {
          waiting.push(resolve);
        })
    };
    const timeline = new Timeline(client, model);
    const both = [timeline.refresh(), timeline.filter('bob', false)];
    waiting[1]({ versions: [version(2, 'bob')], complete: true });
    waiting[0]({ versions: [version(1)], complete: true });
    await Promise.all(both);
    expect(timeline.versions.map(({ id }) => id)).toEqual([2]);
  });

  it('tells why there is no answer', async () => {
    const client = clientOf(() => {
      throw new Error('gone');
    });
    const timeline = new Timeline(client, model);
    await timeline.refresh();
    expect(timeline.error).toBe('gone');
  });

  it('restores by an edit that one undo takes back', async () => {
    // [V5]
    model.setSource('now');
    model.undoManager.clear();
    const other = new Y.Doc();
    Y.applyUpdate(other, Y.encodeStateAsUpdate(model.ydoc));
    const state = Y.encodeStateVector(other);
    other.getText('source').delete(0, 3);
    other.getText('source').insert(0, 'then');
    const client = clientOf(() => ({ versions: [], complete: true }));
    const timeline = new Timeline(client, model);
    expect(await timeline.restore(1)).toBe(false);
    client.restore.mockResolvedValue(Y.encodeStateAsUpdate(other, state));
    expect(await timeline.restore(1)).toBe(true);
    expect(model.getSource()).toBe('then');
    model.undo();
    expect(model.getSource()).toBe('now');
  });
});

describe('VersionClient', () => {
  it('asks the routes of the server, and says its words', async () => {
    // [V3] [V4] [V5]
    const asked: string[] = [];
    let status = 200;
    const settings = ServerConnection.makeSettings({
      baseUrl: 'http://localhost/base/',
      fetch: async (input: RequestInfo | URL) => {
        const request = input as Request;
        const { pathname, search } = new URL(request.url);
        const query = search.replace(/[?&]\d+$/, ''); // against caches
        asked.push(
          `${request.method} ${pathname}${query} ${await request.text()}`
        );
        const answer =
          status === 200
            ? { versions: [], complete: true, content: 'x', update: 'AAA=' }
            : { message: 'There is no version 9' };
        return new Response(JSON.stringify(answer), { status });
      }
    });
    const client = new VersionClient('text:file:a/b', settings);
    await client.page({
      before: 3,
      author: 'ada',
      named: true,
      limit: undefined
    });
    expect(await client.content(9)).toBe('x');
    await client.name(9, 'first');
    expect(await client.restore(9, 'cell')).toEqual(new Uint8Array(2));
    const room = 'text:file:a%2Fb';
    const route = '/base/api/collaboration';
    expect(asked).toEqual([
      `GET ${route}/versions/${room}?before=3&author=ada&named=true `,
      `GET ${route}/versions/${room}/9 `,
      `PUT ${route}/versions/${room}/9 {"name":"first"}`,
      `PUT ${route}/restore/${room} {"version":9,"cell":"cell","apply":false}`
    ]);
    status = 404;
    await expect(client.content(9)).rejects.toThrow('There is no version 9');
  });
});
