// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * What a page shares with everybody on the server. [C1] [P7]
 */

import type { IAwarenessProviderFactory } from '@jupyter/docprovider';
import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Signal } from '@lumino/signaling';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Awareness } from 'y-protocols/awareness';

import { globalAwareness } from '../src/people/globalAwarenessPlugin';

/** A document in a tab. */
class FakeDocument {
  constructor(path: string) {
    this.context = {
      path,
      pathChanged: new Signal<object, string>(this)
    };
  }

  readonly context: { path: string; pathChanged: Signal<object, string> };
  readonly disposed = new Signal<this, void>(this);

  rename(path: string): void {
    this.context.path = path;
    this.context.pathChanged.emit(path);
  }
}

/** The main area of JupyterLab, or of Notebook 7, which has no layout. */
class FakeShell {
  constructor(hasLayout: boolean) {
    if (hasLayout) {
      this.layoutModified = new Signal<this, void>(this);
    }
  }

  readonly currentChanged = new Signal<this, object>(this);
  readonly layoutModified?: Signal<this, void>;
  currentWidget: object | null = null;
  opened: object[] = [];

  *widgets(area: string): IterableIterator<object> {
    expect(area).toBe('main');
    yield* this.opened;
  }

  open(widget: object): void {
    this.opened.push(widget);
    this.layoutModified?.emit();
    this.show(widget);
  }

  show(widget: object | null): void {
    this.currentWidget = widget;
    this.currentChanged.emit({});
  }
}

describe.each([true, false])('A page with a layout (%s)', hasLayout => {
  let awareness: Awareness;
  let rooms: string[];
  let shell: FakeShell;

  beforeEach(() => {
    shell = new FakeShell(hasLayout);
    rooms = [];
    const app = { shell, serviceManager: {} } as unknown as JupyterFrontEnd;
    const factory = {
      create: ({ roomID }: { roomID: string }) => void rooms.push(roomID)
    } as unknown as IAwarenessProviderFactory;
    awareness = globalAwareness.activate(app, factory) as Awareness;
  });

  afterEach(() => awareness.destroy());

  const shared = () => {
    const { current, documents } = awareness.getLocalState() ?? {};
    return [current, documents];
  };

  // [C1]
  it('shares the current document and all open ones', () => {
    expect(rooms).toEqual(['JupyterLab:globalAwareness']);
    const notebook = new FakeDocument('a/b.ipynb');
    shell.open(notebook);
    expect(shared()).toEqual(['notebook:a/b.ipynb', ['a/b.ipynb']]);
    shell.open(new FakeDocument('c.py'));
    const both = ['a/b.ipynb', 'c.py'];
    expect(shared()).toEqual(['editor:c.py', both]);
    shell.show(notebook);
    expect(shared()).toEqual(['notebook:a/b.ipynb', both]);
    shell.open({ id: 'a launcher' });
    expect(shared()).toEqual([null, both]);
  });

  it('follows renames', () => {
    const notebook = new FakeDocument('a.ipynb');
    shell.open(notebook);
    notebook.rename('b.ipynb');
    expect(shared()).toEqual(['notebook:b.ipynb', ['b.ipynb']]);
  });

  it('shares nothing again that is unchanged', () => {
    shell.open(new FakeDocument('a.py'));
    let changes = 0;
    awareness.on('update', () => changes++);
    shell.show(shell.currentWidget);
    expect(changes).toBe(0);
  });

  it('shares a bounded number of documents', () => {
    for (let number = 0; number < 50; number++) {
      shell.open(new FakeDocument(`${number}.py`));
    }
    expect(shared()[1]).toHaveLength(20);
    expect(shared()[0]).toBe('editor:49.py');
  });
});
