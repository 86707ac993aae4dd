// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

// @vitest-environment jsdom

import type { IAddedVersionAction, PreviewPanel } from '@jupyter/collaboration';
import { YFile } from '@jupyter/ydoc';
import { nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { VersionPreviews } from '../src/history/versionPreviews';

const trans = nullTranslator.load('jupyter_collaboration');

/** A document with one version, and what was asked of its timeline. */
class FakeDocument {
  constructor(readonly path: string) {
    Object.assign(this.timeline, {
      changed: new Signal<object, void>(this.timeline)
    });
    this.provider.path = path;
  }

  readonly model = new YFile();
  readonly provider = {
    contentType: 'file',
    path: '',
    access: { role: 'editor' },
    saves: { save: async () => ({}) }
  };
  readonly timeline = {
    content: async () => 'then',
    contentBefore: async () => '',
    mayClear: true,
    nameOf: (name: string) => name,
    refresh: async () => undefined,
    restore: vi.fn(async () => true),
    selected: 3,
    versions: [
      { id: 3, first: 1, authors: ['ada'], kind: 'edit', changes: {}, name: '' }
    ].map(version => ({ ...version, start: 0, end: 0 }))
  };
  readonly context = {
    disposed: new Signal<object, void>(this),
    urlResolver: {}
  };
}

describe('Previews of versions', () => {
  // [V5] [V9]
  let added: { added: IAddedVersionAction[]; changed: Signal<object, void> };
  let panels: PreviewPanel[];
  let previews: VersionPreviews;

  beforeEach(() => {
    added = { added: [], changed: new Signal<object, void>({}) };
    panels = [];
    Range.prototype.getClientRects = () => [] as unknown as DOMRectList;
    previews = new VersionPreviews({
      added,
      app: {
        shell: {
          mode: 'multiple-document',
          currentWidget: null,
          activateById: (id: string) =>
            panels.find(panel => panel.id === id)?.show(),
          add: (panel: PreviewPanel) => {
            panels.push(panel);
            Widget.attach(panel, document.body);
          }
        }
      },
      languages: { findByFileName: () => null, findByMIME: () => null },
      rendermime: { clone: () => ({}) },
      trans
    } as never);
  });

  afterEach(() => {
    panels.forEach(panel => panel.dispose());
  });

  it('act on their own document, whatever is looked at since', async () => {
    const [one, other] = [new FakeDocument('a.txt'), new FakeDocument('b.txt')];
    previews.show(one as never);
    previews.show(other as never);
    previews.show(one as never);
    expect(panels).toHaveLength(2);
    await vi.waitFor(() =>
      expect(panels[0].node.querySelector('button')).not.toBeNull()
    );
    const restore = Array.from(panels[0].node.querySelectorAll('button')).find(
      ({ textContent }) => textContent === 'Restore'
    );
    restore?.click();
    expect(one.timeline.restore).toHaveBeenCalledWith(3, undefined);
    expect(other.timeline.restore).not.toHaveBeenCalled();
  });

  it('are shown again where they are hidden, as in Simple mode', () => {
    const one = new FakeDocument('a.txt');
    previews.show(one as never);
    const [panel] = panels;
    panel.hide();
    const slider = document.body.appendChild(document.createElement('input'));
    slider.focus();
    previews.show(one as never, true);
    expect(panels).toHaveLength(1);
    expect(panel.isVisible).toBe(true);
    expect(document.activeElement).toBe(slider);
    slider.remove();
  });

  it('offer what other extensions add while they are open', async () => {
    const one = new FakeDocument('a.txt');
    previews.show(one as never);
    const menu = () =>
      panels[0].node.querySelector<HTMLElement>('[aria-haspopup="menu"]');
    await vi.waitFor(() => expect(menu()).not.toBeNull());
    const labels = () => {
      menu()?.click();
      const items = [...document.querySelectorAll('.lm-Menu-itemLabel')];
      document.querySelector('.lm-Menu')?.remove();
      return items.map(({ textContent }) => textContent);
    };
    expect(labels()).not.toContain('Send by Mail');
    const label = trans.__('Send by Mail');
    const run = vi.fn();
    added.added = [{ label, run }];
    added.changed.emit();
    await vi.waitFor(() => expect(labels()).toContain('Send by Mail'));
    added.added = [];
    added.changed.emit();
    await vi.waitFor(() => expect(labels()).not.toContain('Send by Mail'));
  });

  it('close with their document', () => {
    const one = new FakeDocument('a.txt');
    previews.show(one as never);
    one.context.disposed.emit();
    expect(panels[0].isDisposed).toBe(true);
  });
});
