// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { YFile } from '@jupyter/ydoc';
import { ServerConnection } from '@jupyterlab/services';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as Y from 'yjs';

import { Timeline } from '../src/history/timeline';
import type {
  IVersion,
  IVersionPage,
  IVersionQuery
} from '../src/history/versions';
import { VersionClient } from '../src/history/versions';

function version(id: number, author = 'ada'): IVersion {
  return {
    id,
    first: id,
    authors: [author],
    kind: 'edit',
    start: id,
    end: id,
    changes: {},
    name: ''
  };
}

/** A page of a history that is kept. */
function pageOf(versions: IVersion[], complete = true): IVersionPage {
  const kept = { detail_days: 90, document_bytes: 1, squash_after: null };
  const people = { ada: 'Ada Lovelace' };
  return { versions, complete, people, kept, may_clear: true };
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
    clearBefore: vi.fn(async () => undefined),
    content: vi.fn(async (id: number) => `content ${id}`),
    contentBefore: vi.fn(async (first: number) => `before ${first}`),
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
    const client = clientOf(({ before }) =>
      pageOf(before === undefined ? ids(100, 50) : ids(before - 1, 3))
    );
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
    const client = clientOf(() =>
      pageOf(isComplete ? [version(1)] : [], isComplete)
    );
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
      ...clientOf(() => pageOf([])),
      page: () =>
        new Promise<IVersionPage>(resolve => {
          waiting.push(resolve);
        })
    };
    const timeline = new Timeline(client, model);
    const both = [timeline.refresh(), timeline.filter('bob', false)];
    waiting[1](pageOf([version(2, 'bob')]));
    waiting[0](pageOf([version(1)]));
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

  it('reads what a version held, and what was before, once', async () => {
    // [V9]
    const versions = [version(3), version(2, 'bob')];
    const client = clientOf(({ author }) =>
      pageOf(author ? [versions[0]] : versions)
    );
    const timeline = new Timeline(client, model);
    await timeline.refresh();
    expect(await timeline.content(3)).toBe('content 3');
    expect(await timeline.content(3)).toBe('content 3');
    expect(client.content).toHaveBeenCalledTimes(1);
    // Before a version was the one that is below it, if all are there.
    expect(await timeline.contentBefore(versions[0])).toBe('content 2');
    expect(await timeline.contentBefore(versions[1])).toBe('before 2');
    await timeline.filter('ada', false);
    expect(await timeline.contentBefore(versions[0])).toBe('before 3');
    for (let id = 10; id < 20; id++) {
      await timeline.content(id);
    }
    await timeline.content(3);
    expect(client.content).toHaveBeenCalledTimes(13);
    client.content.mockRejectedValueOnce(new Error('gone'));
    await expect(timeline.content(50)).rejects.toThrow('gone');
    expect(await timeline.content(50)).toBe('content 50');
  });

  it('keeps the newest version selected while it grows', async () => {
    let newest = version(5);
    const client = clientOf(() => pageOf([newest, version(1)]));
    const timeline = new Timeline(client, model);
    await timeline.refresh();
    timeline.select(5);
    newest = { ...newest, id: 9 };
    await timeline.refresh();
    expect(timeline.selected).toBe(9);
    newest = version(12);
    await timeline.refresh();
    expect(timeline.selected).toBeNull();
  });

  it('keeps up while people work and somebody looks', async () => {
    const client = clientOf(() => pageOf([version(1)]));
    const timeline = new Timeline(client, model);
    let isSeen = true;
    timeline.watch(() => isSeen);
    model.setSource('one');
    await vi.advanceTimersByTimeAsync(1999);
    expect(client.asked).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(client.asked).toHaveLength(1);
    // Also while they type on and on.
    for (let at = 0; at < 11; at++) {
      model.setSource(`${at}`);
      await vi.advanceTimersByTimeAsync(1000);
    }
    expect(client.asked).toHaveLength(2);
    isSeen = false;
    model.setSource('two');
    await vi.advanceTimersByTimeAsync(20_000);
    timeline.dispose();
    model.setSource('three');
    await vi.advanceTimersByTimeAsync(20_000);
    expect(client.asked).toHaveLength(2);
  });

  describe('of many versions', () => {
    let newest: number;
    let client: ReturnType<typeof clientOf>;
    let timeline: Timeline;

    const ids = () => timeline.versions.map(({ id }) => id);
    const from = (id: number, count: number) =>
      Array.from({ length: count }, (_, at) => id - at);

    beforeEach(async () => {
      newest = 1000;
      client = clientOf(({ before = newest + 1, limit = 0 }) =>
        pageOf(
          from(before - 1, Math.min(limit, 200, before - 1)).map(id =>
            version(id)
          )
        )
      );
      timeline = new Timeline(client, model);
      await timeline.refresh();
      while (timeline.versions.length < 450) {
        await timeline.more();
      }
    });

    it('keeps all that are shown, and the selected one, when it is refreshed', async () => {
      // [V3]
      timeline.select(560);
      newest = 1001;
      await timeline.refresh();
      expect(ids()[0]).toBe(1001);
      expect(ids()).toEqual(from(1001, 451));
      expect(timeline.selected).toBe(560);
      expect(timeline.hasMore).toBe(true);
      await timeline.more();
      expect(ids()).toEqual(from(1001, 501));
    });

    it('reads only new ones while people work', async () => {
      timeline.watch(() => true);
      timeline.select(560);
      const asked = client.asked.length;
      newest = 1003;
      model.setSource('more');
      await vi.advanceTimersByTimeAsync(2000);
      expect(ids()).toEqual(from(1003, 453));
      expect(timeline.selected).toBe(560);
      expect(client.asked).toHaveLength(asked + 1);
      // More of them than fit on a page leave no gap.
      newest = 1100;
      model.setSource('much more');
      await vi.advanceTimersByTimeAsync(2000);
      expect(ids()).toEqual(from(1100, ids().length));
      expect(timeline.selected).toBe(560);
    });

    it('reads one page at first, also if the first answer was incomplete', async () => {
      let isComplete = false;
      const other = clientOf(({ before = 1001, limit = 0 }) =>
        isComplete
          ? pageOf(from(before - 1, limit).map(id => version(id)))
          : pageOf([version(2), version(1)], false)
      );
      const late = new Timeline(other, model);
      await late.refresh();
      isComplete = true;
      await vi.advanceTimersByTimeAsync(1000);
      expect(late.versions.map(({ id }) => id)).toEqual(from(1000, 50));
    });

    it('starts anew with another filter', async () => {
      await timeline.filter('ada', false);
      expect(ids()).toEqual(from(1000, 50));
    });
  });

  it('knows who people are, and what is kept', async () => {
    // [V3] [V7]
    const client = clientOf(() => pageOf([version(1)]));
    const timeline = new Timeline(client, model);
    expect([timeline.kept, timeline.mayClear]).toEqual([null, false]);
    await timeline.refresh();
    expect(timeline.nameOf('ada')).toBe('Ada Lovelace');
    expect(timeline.nameOf('bob')).toBe('bob');
    expect(timeline.kept?.detail_days).toBe(90);
    expect(timeline.mayClear).toBe(true);
    await timeline.clearBefore(1);
    expect(client.clearBefore).toHaveBeenCalledWith(1);
    expect(client.asked).toHaveLength(2);
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
    const client = clientOf(() => pageOf([]));
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
            ? { ...pageOf([]), content: 'x', update: 'AAA=' }
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
    await client.contentBefore(8);
    await client.name(9, 'first');
    await client.clearBefore(9);
    await client.authors();
    expect(await client.restore(9, 'cell')).toEqual(new Uint8Array(2));
    const room = 'text:file:a%2Fb';
    const route = '/base/api/collaboration';
    expect(asked).toEqual([
      `GET ${route}/versions/${room}?before=3&author=ada&named=true `,
      `GET ${route}/versions/${room}/9 `,
      `GET ${route}/versions/${room}/8?before=true `,
      `PUT ${route}/versions/${room}/9 {"name":"first"}`,
      `DELETE ${route}/versions/${room}?before=9 `,
      `GET ${route}/authors/${room} `,
      `PUT ${route}/restore/${room} {"version":9,"cell":"cell","apply":false}`
    ]);
    status = 404;
    await expect(client.content(9)).rejects.toThrow('There is no version 9');
  });
});
