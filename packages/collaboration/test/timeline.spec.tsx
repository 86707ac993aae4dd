// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

// @vitest-environment jsdom

import type { IVersion } from '@jupyter/docprovider';
import { nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import * as React from 'react';
import { act } from 'react';
import type { Root } from 'react-dom/client';
import { createRoot } from 'react-dom/client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { ITimelineModel } from '../src/timelineView';
import { TimelineView } from '../src/timelineView';
import {
  changesInWords,
  dayOf,
  keptInWords,
  kindInWords
} from '../src/versionWords';

const trans = nullTranslator.load('jupyter_collaboration');
const NOW = new Date(2026, 10, 24, 15).getTime();

function version(change: Partial<IVersion> = {}): IVersion {
  return {
    id: 1,
    first: change.id ?? 1,
    authors: ['ada'],
    kind: 'edit',
    start: NOW / 1000,
    end: NOW / 1000,
    changes: {},
    name: '',
    ...change
  };
}

describe('words', () => {
  // [V2]
  it('says the day', () => {
    const day = 86400;
    const ofDay = (days: number) =>
      dayOf(version({ end: NOW / 1000 - days * day }), trans, NOW);
    expect([ofDay(0), ofDay(1)]).toEqual(['Today', 'Yesterday']);
    expect(ofDay(2)).toContain('2026');
  });

  it.each([
    [{ cells: { changed: [3, 7] } }, 'cells 3 and 7'],
    [{ cells: { changed: [3], other: [2, 3] } }, 'cells 2 and 3'],
    [
      { cells: { added: [1, 2, 3, 4, 5, 6] } },
      'added cells 1, 2, 3, 4 and 2 more'
    ],
    [{ lines: { added: 14, removed: 3 } }, '+14 −3'],
    [{ lines: { added: 0, removed: 0 } }, ''],
    [{ cells: { run: [2] }, metadata: true }, 'ran cell 2 · metadata']
  ])('says what changed: %j', (changes, words) => {
    expect(changesInWords(version({ changes }), trans)).toBe(words);
  });

  it('says how much is kept', () => {
    const kept = { detail_days: 1, document_bytes: 100 * 2 ** 20 };
    expect(keptInWords({ ...kept, squash_after: null }, trans)).toBe(
      'Kept: 1 day in detail, then a version a day, up to 100 MB.'
    );
    expect(keptInWords({ ...kept, squash_after: 7200 }, trans)).toContain(
      'closed for 2 hours'
    );
    expect(keptInWords(null, trans)).toContain('not kept');
  });

  it('says what sort it is', () => {
    expect(kindInWords('disk', trans)).toBe('Changed on disk');
    expect(changesInWords(version({ kind: 'restore' }), trans)).toBe(
      'Restored'
    );
  });
});

describe('TimelineView', () => {
  let host: HTMLElement;
  let root: Root;

  beforeEach(() => {
    Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
    host = document.createElement('div');
    document.body.append(host);
    root = createRoot(host);
  });

  afterEach(() => {
    act(() => root.unmount());
    host.remove();
  });

  function show(versions: IVersion[], done: string[] = []) {
    const changed = new Signal<object, void>({});
    const update = (change: Partial<ITimelineModel>) => {
      Object.assign(model, change);
      changed.emit();
    };
    const model: ITimelineModel = {
      versions,
      hasMore: false,
      isLoading: false,
      error: null,
      author: '',
      isNamedOnly: false,
      authors: ['ada', 'bob'],
      kept: { detail_days: 90, document_bytes: 2 ** 20, squash_after: null },
      selected: null,
      changed,
      select: id => update({ selected: id }),
      filter: async (author, isNamedOnly) => update({ author, isNamedOnly }),
      more: async () => undefined
    };
    act(() =>
      root.render(
        <TimelineView
          model={model}
          actions={[
            {
              label: trans.__('Never'),
              isVisible: () => false,
              run: () => done.push('never')
            },
            {
              label: trans.__('Restore'),
              run: ({ id }) => done.push(`restore ${id}`)
            }
          ]}
          scrubbed={() => done.push('scrubbed')}
          nameOf={name => `<b>${name}</b>`}
          translator={trans}
        />
      )
    );
    return { model, update };
  }

  it('shows who did what, and what can be done', () => {
    // [V1] [V2]
    const done: string[] = [];
    const { model } = show(
      [
        version({
          id: 2,
          authors: ['ada', 'bob'],
          changes: { cells: { changed: [3] } }
        }),
        version({ id: 1, kind: 'load', authors: [], name: 'first' })
      ],
      done
    );
    const [newest, oldest] =
      host.querySelectorAll<HTMLElement>('.jp-Timeline-item');
    expect(newest.textContent).toContain('<b>ada</b>, <b>bob</b>');
    expect(newest.textContent).toContain('cell 3');
    expect(oldest.textContent).toContain('first');
    expect(host.querySelector('b')).toBeNull();
    act(() => newest.click());
    expect(model.selected).toBe(2);
    act(() => host.querySelector<HTMLElement>('.jp-Timeline-action')?.click());
    expect(done).toEqual(['restore 2']);
    act(() => newest.click());
    expect(host.querySelector('.jp-Timeline-action')).toBeNull();
  });

  it('scrubs, filters and tells of errors', () => {
    const done: string[] = [];
    const { model, update } = show(
      [version({ id: 2 }), version({ id: 1 })],
      done
    );
    const slider = host.querySelector<HTMLInputElement>(
      '.jp-Timeline-scrubber'
    );
    expect(slider?.value).toBe('1');
    const set = Object.getOwnPropertyDescriptor(
      HTMLInputElement.prototype,
      'value'
    )?.set;
    act(() => {
      set?.call(slider, '0');
      slider?.dispatchEvent(new Event('input', { bubbles: true }));
    });
    expect(model.selected).toBe(1);
    expect(done).toEqual(['scrubbed']);
    expect(host.textContent).toContain('Kept: 90 days in detail');
    act(() =>
      host.querySelector<HTMLInputElement>('input[type=checkbox]')?.click()
    );
    expect(model.isNamedOnly).toBe(true);
    act(() => update({ versions: [], error: 'no <i>history</i>' }));
    expect(host.querySelector('[role=alert]')?.textContent).toContain(
      'no <i>history</i>'
    );
  });
});
