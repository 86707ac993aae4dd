// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

// @vitest-environment jsdom

import { changesSinceInWords, versionSeen } from '@jupyter/collaboration';
import type { IChangesSince, IVersionedDocument } from '@jupyter/collaboration';
import type { IVersion } from '@jupyter/docprovider';
import { serverTime } from '@jupyter/docprovider';
import { YFile } from '@jupyter/ydoc';
import { nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { LastVisits } from '../src/history/lastVisits';
import { SinceLastVisit } from '../src/history/sinceLastVisit';

const trans = nullTranslator.load('jupyter_collaboration');

const NOW = 1_790_000_000;

function version(id: number, end: number, more: Partial<IVersion>): IVersion {
  return {
    id,
    first: id,
    authors: ['ada'],
    kind: 'edit',
    start: end - 10,
    end,
    changes: { lines: { added: id, removed: 1 } },
    name: '',
    ...more
  };
}

/** A document whose server makes its versions while they are asked for. */
class FakeDocument {
  constructor(room: string, ...versions: IVersion[]) {
    this.model.ydoc.getMap('state').set('document_id', room);
    const { timeline } = this;
    Object.assign(timeline, {
      changed: new Signal<object, void>(timeline),
      refresh: async () => {
        timeline.isLoading = true;
        setTimeout(() => {
          timeline.versions = versions;
          timeline.isLoading = false;
          (
            timeline as unknown as { changed: Signal<object, void> }
          ).changed.emit();
        }, 500);
      }
    });
  }

  readonly model = new YFile();
  readonly timeline = {
    isDisposed: false,
    isLoading: false,
    versions: [] as IVersion[]
  };
  readonly context = { disposed: new Signal<object, void>(this) };
}

/** What shows documents. */
class FakeTimelines {
  current: IVersionedDocument | null = null;
  targetChanged = new Signal<this, void>(this);

  show(document: FakeDocument | null): void {
    this.current = document as unknown as IVersionedDocument | null;
    this.targetChanged.emit();
  }
}

describe('What changed since the last visit', () => {
  // [V11]
  let told: IChangesSince[];
  let timelines: FakeTimelines;
  let since: SinceLastVisit;
  let seen: unknown[];
  let username: string;

  const visits = () =>
    new LastVisits(
      () => localStorage,
      () => username
    );

  beforeEach(() => {
    vi.useFakeTimers({ now: NOW * 1000 });
    localStorage.clear();
    told = [];
    seen = [];
    username = 'grace';
    timelines = new FakeTimelines();
    since = new SinceLastVisit({
      timelines: timelines as never,
      visits: visits(),
      username: () => username,
      isSeen: shown => seen.includes(shown),
      tell: (_, changes) => told.push(changes)
    });
  });

  afterEach(() => {
    since.dispose();
    vi.useRealTimers();
  });

  it('is told once, with who and how much', async () => {
    visits().note('room', NOW - 1000);
    const shown = new FakeDocument(
      'room',
      version(9, NOW - 10, { kind: 'disk', authors: [] }),
      version(8, NOW - 20, { authors: ['grace', 'bob'] }),
      version(7, NOW - 30, { kind: 'load', authors: [] }),
      version(6, NOW - 40, {}),
      version(5, NOW - 50, { authors: ['grace'] }),
      version(4, NOW - 2000, { authors: ['carol'] })
    );
    timelines.show(shown);
    await vi.advanceTimersByTimeAsync(1000);
    timelines.show(null);
    timelines.show(shown);
    await vi.advanceTimersByTimeAsync(1000);
    expect(told).toEqual([
      {
        since: NOW - 1000,
        authors: ['bob', 'ada'],
        isByPrograms: true,
        added: 9 + 8 + 6,
        removed: 3
      }
    ]);
    expect(versionSeen(shown.timeline.versions, NOW - 1000)?.id).toBe(4);
    expect(versionSeen(shown.timeline.versions, 0)?.id).toBe(4);
    expect(versionSeen([], 0)).toBeUndefined();
  });

  it.each([
    ['was never seen', null, version(9, NOW - 10, {})],
    ['was changed before', NOW - 5, version(9, NOW - 10, {})],
    [
      'was changed by the user',
      NOW - 50,
      version(9, NOW - 10, { authors: ['grace'] })
    ],
    [
      'was only opened',
      NOW - 50,
      version(9, NOW - 10, { kind: 'load', authors: [] })
    ]
  ])('is not told of a document that %s', async (_, visit, last) => {
    if (visit !== null) {
      visits().note('room', visit);
    }
    timelines.show(new FakeDocument('room', last));
    await vi.advanceTimersByTimeAsync(1000);
    expect(told).toEqual([]);
  });

  it('knows how long a document is seen', async () => {
    const shown = new FakeDocument('room');
    timelines.show(shown);
    seen = [shown];
    await vi.advanceTimersByTimeAsync(100_000);
    expect(visits().of('room')).toBeGreaterThan(NOW + 60);
    seen = [];
    timelines.show(new FakeDocument('other'));
    await vi.advanceTimersByTimeAsync(1_000_000);
    shown.context.disposed.emit();
    expect(visits().of('room')).toBeLessThan(NOW + 101);
    // The one that was closed while it was shown was seen to its end.
    const last = new FakeDocument('last');
    timelines.show(last);
    await vi.advanceTimersByTimeAsync(500_000);
    timelines.show(null);
    last.context.disposed.emit();
    expect(visits().of('last')).toBe(Math.floor(serverTime()));
  });

  it('is kept for each user, and for the latest documents', () => {
    for (let at = 0; at < 600; at++) {
      visits().note(`room ${at}`, at);
    }
    expect(visits().of('room 99')).toBeNull();
    expect(visits().of('room 100')).toBe(100);
    username = 'ada';
    expect(visits().of('room 599')).toBeNull();
  });

  it.each(['', 'null', '[1', '{"grace room": "soon"}', '3'])(
    'begins anew where the storage holds %j',
    data => {
      localStorage.setItem('jupyter-collaboration:visits', data);
      expect(visits().of('room')).toBeNull();
      visits().note('room', 7);
      expect(visits().of('room')).toBe(7);
    }
  );

  it('is not said where the browser stores nothing', () => {
    const blocked = new LastVisits(
      () => {
        throw new DOMException('The operation is insecure.', 'SecurityError');
      },
      () => username
    );
    blocked.note('room', 7);
    expect(blocked.of('room')).toBeNull();
  });

  it('is said in words', () => {
    const changes: IChangesSince = {
      since: NOW - 86_400,
      authors: ['ada', 'bob'],
      isByPrograms: true,
      added: 12,
      removed: 1
    };
    const words = (some: Partial<IChangesSince>) =>
      changesSinceInWords(
        { ...changes, ...some },
        'a.ipynb',
        name => name.toUpperCase(),
        trans,
        NOW * 1000
      );
    expect(words({})).toMatch(
      /^ADA, BOB, and another program changed a\.ipynb since your last visit on September \d+, 2026\. 12 lines added, 1 line removed\.$/
    );
    const byAda = {
      authors: ['ada'],
      isByPrograms: false,
      added: 0,
      removed: 0
    };
    expect(words({ ...byAda, since: NOW })).toMatch(
      /^ADA changed a\.ipynb since your last visit at \d+:\d+ [AP]M\.$/
    );
  });
});
