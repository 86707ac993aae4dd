// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

// @vitest-environment jsdom

import type {
  Baseline,
  ICellContent,
  IPreview,
  IVersion
} from '@jupyter/docprovider';
import {
  RenderMimeRegistry,
  standardRendererFactories
} from '@jupyterlab/rendermime';
import { nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { PreviewPanel } from '../src/history/previewPanel';

const trans = nullTranslator.load('jupyter_collaboration');
const VERSION: IVersion = {
  id: 3,
  first: 2,
  authors: ['ada'],
  kind: 'edit',
  start: 0,
  end: 0,
  changes: {},
  name: 'first draft'
};

function cell(
  id: string,
  source: string,
  more: Partial<ICellContent> = {}
): ICellContent {
  return { id, cell_type: 'code', source, metadata: {}, outputs: [], ...more };
}

const notebook = (...cells: ICellContent[]) => ({ cells, metadata: {} });

/** Sees all that it observes at once. */
class Observer {
  constructor(private _see: (entries: object[]) => void) {}

  observe(target: Element): void {
    queueMicrotask(() => this._see([{ isIntersecting: true, target }]));
  }

  unobserve(): void {
    // Nothing is seen twice.
  }

  disconnect(): void {
    this._see = () => undefined;
  }
}

class Model {
  readonly changed = new Signal<this, void>(this);
  baseline: Baseline = 'before';
  error: string | null = null;
  isDisposed = false;
  isLoading = false;
  shown: IPreview | null = null;

  dispose(): void {
    this.isDisposed = true;
  }

  async show(before: unknown, after: unknown): Promise<void> {
    const { baseline } = this;
    this.shown = { version: VERSION, baseline, before, after };
    this.changed.emit();
    await new Promise(resolve => setTimeout(resolve));
  }
}

describe('PreviewPanel', () => {
  // [V9]
  let model: Model;
  let panel: PreviewPanel;
  let restored: string[];
  let mayRestore: boolean;

  beforeEach(() => {
    vi.stubGlobal('IntersectionObserver', Observer);
    Element.prototype.scrollIntoView ??= () => undefined;
    Range.prototype.getClientRects = () => [] as unknown as DOMRectList;
    model = new Model();
    restored = [];
    mayRestore = true;
    panel = new PreviewPanel({
      actions: [],
      languages: { findByMIME: () => null, getLanguage: async () => null },
      mayRestore: () => mayRestore,
      mimeType: 'text/plain',
      model,
      name: 'a.ipynb',
      nameOf: name => name,
      rendermime: new RenderMimeRegistry({
        initialFactories: standardRendererFactories,
        markdownParser: {
          render: async text => text.replace(/^# (.*)/, '<h1>$1</h1>')
        }
      }),
      restoreCell: id => restored.push(id),
      translator: trans
    });
    Widget.attach(panel, document.body);
  });

  afterEach(() => {
    panel.dispose();
    vi.unstubAllGlobals();
  });

  function rows(): HTMLElement[] {
    return Array.from(panel.node.querySelectorAll('.jp-VersionCell'));
  }

  const chips = () =>
    rows().map(row =>
      Array.from(
        row.querySelectorAll('.jp-VersionCell-chip'),
        ({ textContent }) => textContent
      ).join(', ')
    );

  it('shows a notebook, and marks what differs', async () => {
    const before = notebook(
      cell('a', 'same'),
      cell('b', 'gone'),
      cell('c', 'old words here'),
      cell('d', 'x', { metadata: { tags: ['one'] } })
    );
    await model.show(
      before,
      notebook(
        cell('d', 'x', { metadata: { tags: ['two'] } }),
        cell('a', 'same'),
        cell('c', 'new words here'),
        cell('e', '# Title', { cell_type: 'markdown' })
      )
    );
    expect(panel.title.label).toBe('a.ipynb (first draft)');
    expect(chips()).toEqual([
      'Moved from 4, Metadata',
      '',
      'Removed',
      'Changed',
      'Added'
    ]);
    const [, same, removed, changed, added] = rows();
    expect(same.classList.contains('jp-mod-different')).toBe(false);
    expect(removed.textContent).toContain('gone');
    const { textContent } = changed.querySelector('.cm-content')!;
    expect(textContent).toContain('old');
    expect(textContent).toContain('new');
    await vi.waitFor(() =>
      expect(added.querySelector('h1')?.textContent).toContain('Title')
    );
    expect(panel.node.querySelector('[contenteditable="true"]')).toBeNull();
  });

  it('shows outputs as they were, and trusts none of them', async () => {
    const html = '<b>bold</b><script>window.hacked = true</script>';
    const output = (text: string) => ({
      output_type: 'display_data',
      data: { 'text/html': text },
      metadata: {}
    });
    await model.show(
      notebook(cell('a', 'x', { outputs: [output('<i>old</i>')] })),
      notebook(cell('a', 'x', { outputs: [output(html)] }))
    );
    expect(chips()).toEqual(['Run']);
    const [now, then] = rows()[0].querySelectorAll('details');
    await vi.waitFor(() => expect(now.querySelector('b')).not.toBeNull());
    expect(now.open).toBe(true);
    expect(now.querySelector('script')).toBeNull();
    expect((window as { hacked?: boolean }).hacked).toBeUndefined();
    expect(then.open).toBe(false);
    await vi.waitFor(() => expect(then.querySelector('i')).not.toBeNull());
  });

  it('keeps the cells that stay the same', async () => {
    const [a, b] = [cell('a', 'a'), cell('b', 'b')];
    await model.show(null, notebook(a, b));
    const [first, second] = rows();
    await model.show(null, notebook(a, cell('b', 'B')));
    expect(rows()[0]).toBe(first);
    expect(rows()[1]).not.toBe(second);
    await model.show(null, notebook(b, a));
    expect(
      rows().map(row => row.querySelector('.cm-content')?.textContent)
    ).toEqual(['b', 'a']);
  });

  it('brings back the cells that were in the version', async () => {
    const then = notebook(cell('a', 'a'), cell('b', 'b'));
    const now = notebook(cell('a', 'A'), cell('c', 'c'));
    const buttons = () =>
      rows().map(row => row.querySelector<HTMLElement>('button'));
    await model.show(then, now);
    // Of these states the newer one is the version.
    expect(buttons().map(Boolean)).toEqual([true, false, true]);
    model.baseline = 'now';
    await model.show(then, now);
    expect(chips()).toEqual(['Changed since', 'Removed since', 'Added since']);
    expect(buttons().map(Boolean)).toEqual([true, true, false]);
    buttons()[1]?.click();
    expect(restored).toEqual(['b']);
    mayRestore = false;
    await model.show(then, now);
    expect(buttons().map(Boolean)).toEqual([false, false, false]);
  });

  it('goes from difference to difference', async () => {
    await model.show(
      notebook(cell('a', 'a'), cell('b', 'b'), cell('c', 'c')),
      notebook(cell('a', 'a'), cell('b', 'B'), cell('c', 'C'))
    );
    expect(panel.go(-1)).toBe(false);
    rows()[0].focus();
    expect(panel.go(1)).toBe(true);
    expect(document.activeElement).toBe(rows()[1]);
    expect(panel.go(1)).toBe(true);
    expect(document.activeElement).toBe(rows()[2]);
    expect(panel.go(1)).toBe(false);
    expect(panel.go(-1)).toBe(true);
    expect(document.activeElement).toBe(rows()[1]);
  });

  it('shows a text file', async () => {
    const toolbar = () =>
      panel.node.querySelector('.jp-VersionPreview-count')?.textContent;
    await model.show('one\ntwo\nthree', 'one\n2\nthree');
    const { textContent } = panel.node.querySelector('.jp-VersionFile')!;
    expect(textContent).toContain('two');
    expect(textContent).toContain('2');
    await vi.waitFor(() => expect(toolbar()).toBe('1 difference'));
    await model.show('one', 'one');
    await vi.waitFor(() => expect(toolbar()).toBe('No differences'));
    expect(panel.node.querySelectorAll('.jp-VersionFile')).toHaveLength(1);
  });

  it('says why a version cannot be shown', () => {
    const note = panel.node.querySelector('.jp-VersionPreview-note')!;
    expect(note.textContent).toBe('');
    model.error = 'It is <b>gone</b>.';
    model.changed.emit();
    expect(note.textContent).toContain('It is <b>gone</b>.');
    panel.dispose();
    expect(model.isDisposed).toBe(true);
  });
});
