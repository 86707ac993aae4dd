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
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type {
  HistoryTarget,
  ITimelineModel
} from '../src/history/timelineView';
import { TimelineView } from '../src/history/timelineView';
import {
  changesInWords,
  dayOf,
  keptInWords,
  kindInWords,
  versionLines
} from '../src/history/versionWords';

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

  // [V2]
  it.each([
    [{ kind: 'disk', authors: [] }, 'Changed on disk', '+1 −0'],
    [{ kind: 'load', authors: [] }, 'Opened', '+1 −0'],
    [{ kind: 'squashed', authors: [] }, 'Everything before', '+1 −0'],
    [{ kind: 'edit', authors: [] }, 'Edited', '+1 −0'],
    [{ kind: 'restore' }, 'Ada', 'Restored · +1 −0'],
    [{ kind: 'run', changes: { cells: { run: [3] } } }, 'Ada', 'ran cell 3'],
    [{ kind: 'run' }, 'Ada', 'Run · +1 −0'],
    [{ name: 'final' }, 'final', 'Ada · +1 −0'],
    [{ name: 'Ada' }, 'Ada', '+1 −0'],
    [{ name: 'Opened', kind: 'load', authors: [] }, 'Opened', '+1 −0'],
    [{ authors: ['ada', 'ada2'] }, 'Ada', '+1 −0']
  ] as [Partial<IVersion>, string, string][])(
    'says each thing once: %j',
    (change, title, details) => {
      const changes = { lines: { added: 1, removed: 0 } };
      const shown = version({ changes, ...change });
      const names = shown.authors.map(() => 'Ada');
      expect(versionLines(shown, names, trans)).toEqual({ title, details });
    }
  );

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

  function modelOf(versions: IVersion[]) {
    const changed = new Signal<object, void>({});
    const update = (change: Partial<ITimelineModel>) => {
      Object.assign(model, change);
      changed.emit();
    };
    const model: ITimelineModel = {
      versions,
      hasMore: false,
      isLoaded: true,
      isLoading: false,
      error: null,
      isUnreachable: false,
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
    return { model, update };
  }

  function render(target: HistoryTarget, done: string[] = []): void {
    act(() =>
      root.render(
        <TimelineView
          target={target}
          actions={[
            {
              label: trans.__('Never'),
              isVisible: () => false,
              run: () => done.push('never')
            },
            {
              label: trans.__('Restore'),
              isPrimary: true,
              run: ({ id }) => done.push(`restore ${id}`)
            },
            { label: trans.__('Rare'), run: () => done.push('rare') }
          ]}
          offer={actions =>
            done.push(actions.map(({ label }) => label).join(', '))
          }
          scrubbed={() => done.push('scrubbed')}
          nameOf={name => `<b>${name}</b>`}
          translator={trans}
        />
      )
    );
  }

  function show(versions: IVersion[], done: string[] = []) {
    const { model, update } = modelOf(versions);
    render({ kind: 'open', path: 'folder/a.ipynb', model }, done);
    return { model, update };
  }

  const items = () => [
    ...host.querySelectorAll<HTMLElement>('.jp-Timeline-item')
  ];
  const press = (key: string) =>
    act(() => {
      document.activeElement?.dispatchEvent(
        new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true })
      );
    });
  const focused = () => items().indexOf(document.activeElement as HTMLElement);

  // [V10]
  it('follows from document to document, and names each', () => {
    const one = modelOf([version({ id: 1 })]);
    const other = modelOf([version({ id: 2 }), version({ id: 1 })]);
    render({ kind: 'open', path: 'folder/a.ipynb', model: one.model });
    expect(host.querySelector('h2')?.textContent).toBe('a.ipynb');
    render({ kind: 'opening', path: 'b.txt' });
    expect(host.querySelector('h2')?.textContent).toBe('b.txt');
    expect(items()).toHaveLength(0);
    render({ kind: 'open', path: 'b.txt', model: other.model });
    expect(items()).toHaveLength(2);
    // What the first one does since is of no interest; what this one does is.
    act(() => one.update({ versions: [] }));
    expect(items()).toHaveLength(2);
    act(() => other.model.select(1));
    expect(items()[1].getAttribute('aria-expanded')).toBe('true');
  });

  // [V10]
  it.each([
    [{ kind: 'none' }, 'Open a notebook or a text file'],
    [{ kind: 'unshared', path: 'a.png' }, 'is not shared'],
    [{ kind: 'opening', path: 'a.txt' }, 'Opening the document'],
    [{ kind: 'failed', path: 'a.txt', reason: 'gone' }, 'opened: gone']
  ] as [HistoryTarget, string][])('is never empty: %j', (target, words) => {
    render(target);
    expect(host.textContent).toContain(words);
  });

  // [V10]
  it.each([
    [{ isLoaded: false, isLoading: true }, 'Loading versions…'],
    [{ isLoaded: false }, 'Loading versions…'],
    [{}, 'There are no versions yet.'],
    [{ author: 'ada' }, 'No versions match these filters.'],
    [{ isNamedOnly: true }, 'No versions match these filters.'],
    [{ error: 'gone' }, 'The history could not be read: gone'],
    [
      { error: 'Failed to fetch', isUnreachable: true },
      'The history is updated once the server is back.'
    ]
  ] as [Partial<ITimelineModel>, string][])(
    'says why there are no versions: %j',
    (change, words) => {
      const { update } = show([]);
      act(() => update(change));
      expect(
        [...host.querySelectorAll('.jp-Timeline-note')].map(
          ({ textContent }) => textContent
        )
      ).toEqual([words]);
    }
  );

  // [V10]
  it('is one stop for the Tab key, and goes by arrow keys', () => {
    const many = [5, 4, 3, 2, 1].map(id => version({ id }));
    const { update } = show(many);
    const stops = () => items().map(({ tabIndex }) => tabIndex);
    expect(stops()).toEqual([0, -1, -1, -1, -1]);
    act(() => items()[0].focus());
    press('ArrowUp');
    expect(focused()).toBe(0);
    press('ArrowDown');
    press('ArrowDown');
    expect(focused()).toBe(2);
    expect(stops()).toEqual([-1, -1, 0, -1, -1]);
    // A new version moves nothing.
    act(() => update({ versions: [version({ id: 6 }), ...many] }));
    expect(focused()).toBe(3);
    press('End');
    expect(focused()).toBe(5);
    press('ArrowDown');
    expect(focused()).toBe(5);
    press('Home');
    expect(focused()).toBe(0);
  });

  it('leaves keys of other elements, and those of shortcuts, alone', () => {
    const { model } = show([version({ id: 2 }), version({ id: 1 })]);
    act(() => model.select(2));
    act(() => host.querySelector<HTMLElement>('.jp-Timeline-action')?.focus());
    press('ArrowDown');
    expect(focused()).toBe(-1);
    act(() => items()[0].focus());
    act(() => {
      items()[0].dispatchEvent(
        new KeyboardEvent('keydown', {
          key: 'ArrowDown',
          ctrlKey: true,
          bubbles: true
        })
      );
    });
    expect(focused()).toBe(0);
  });

  it('has a button for what is done often, and a menu for the rest', () => {
    const done: string[] = [];
    const { model } = show([version()], done);
    act(() => model.select(1));
    const buttons = [
      ...host.querySelectorAll<HTMLElement>('.jp-Timeline-action')
    ];
    expect(
      buttons.map(each => each.textContent || each.getAttribute('aria-label'))
    ).toEqual(['Restore', 'More actions']);
    act(() => buttons[1].click());
    expect(done).toEqual(['Rare']);
  });

  // [V3]
  it('renders only what is near the view of a long list', () => {
    const observed: Element[] = [];
    let tell: (element: Element, isIntersecting: boolean) => void = () =>
      undefined;
    vi.stubGlobal(
      'IntersectionObserver',
      class {
        constructor(listener: IntersectionObserverCallback) {
          const before = tell;
          tell = (element, isIntersecting) => {
            before(element, isIntersecting);
            if (element === this._element) {
              const boundingClientRect = { height: 777 } as DOMRect;
              const entry = { boundingClientRect, isIntersecting };
              listener([entry as IntersectionObserverEntry], this as never);
            }
          };
        }
        observe(element: Element): void {
          this._element = element;
          observed.push(element);
        }
        disconnect(): void {
          this._element = null;
        }
        private _element: Element | null = null;
      }
    );
    try {
      show(Array.from({ length: 500 }, (_, at) => version({ id: 500 - at })));
      expect(observed.length).toBeGreaterThan(10);
      // That of the keyboard is there in any case.
      expect(items().length).toBeLessThan(50);
      expect(items()[0].tabIndex).toBe(0);
      const before = items().length;
      act(() => tell(observed[5], true));
      expect(items().length).toBe(before + 40);
      act(() => tell(observed[5], false));
      expect(items().length).toBe(before);
      expect((observed[5] as HTMLElement).style.height).toBe('777px');
      act(() => items()[0].focus());
      press('End');
      expect(focused()).toBe(items().length - 1);
      expect(items()[focused()].tabIndex).toBe(0);
    } finally {
      vi.unstubAllGlobals();
    }
  });

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
