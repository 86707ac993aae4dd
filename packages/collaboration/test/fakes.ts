// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * What tests of presence share: people whose presence arrives, and a notebook
 * that knows how tall its cells are, which jsdom does not.
 */

import type { Notebook } from '@jupyterlab/notebook';
import { Signal } from '@lumino/signaling';
import {
  applyAwarenessUpdate,
  Awareness,
  encodeAwarenessUpdate
} from 'y-protocols/awareness';
import * as Y from 'yjs';

/** How tall a cell is, in pixels. */
export const CELL_HEIGHT = 100;

/** How much of a notebook is seen, in pixels. */
export const VIEW_HEIGHT = 250;

/**
 * The presence of oneself, Ada, to which that of others arrives.
 */
export class Company {
  constructor() {
    this.own.setLocalState({ user: { username: 'ada', name: 'Ada' } });
  }

  readonly own = new Awareness(new Y.Doc());

  /**
   * Somebody else, whose presence arrives whenever it changes.
   */
  joins(name: string, state: Record<string, unknown> = {}): Awareness {
    const awareness = new Awareness(new Y.Doc());
    this._others.push(awareness);
    awareness.on('update', () => {
      const update = encodeAwarenessUpdate(awareness, [awareness.clientID]);
      applyAwarenessUpdate(this.own, update, 'network');
    });
    const user = { username: name.toLowerCase(), name, color: '#00008b' };
    awareness.setLocalState({ user, ...state });
    return awareness;
  }

  dispose(): void {
    [this.own, ...this._others].forEach(awareness => awareness.destroy());
  }

  private _others: Awareness[] = [];
}

/**
 * Says where elements are, in the next frame: jsdom has no such thing.
 */
export class FakeIntersectionObserver {
  constructor(
    private _callback: (entries: IntersectionObserverEntry[]) => void,
    private _options: { root: HTMLElement }
  ) {}

  observe(target: Element): void {
    this._observed.add(target);
    requestAnimationFrame(() => {
      if (this._observed.has(target)) {
        const entry = {
          boundingClientRect: target.getBoundingClientRect(),
          rootBounds: this._options.root.getBoundingClientRect(),
          target
        };
        this._callback([entry as unknown as IntersectionObserverEntry]);
      }
    });
  }

  unobserve(target: Element): void {
    this._observed.delete(target);
  }

  disconnect(): void {
    this._observed.clear();
  }

  private _observed = new Set<Element>();
}

/**
 * A cell of a `FakeNotebook`.
 */
export class FakeCell {
  constructor(
    id: string,
    readonly source = ''
  ) {
    this.model = {
      id,
      type: 'code',
      sharedModel: {
        executionState: 'idle',
        getMetadata: () => ({}),
        getSource: () => this.source
      }
    };
  }

  readonly model: {
    id: string;
    type: string;
    sharedModel: {
      executionState: string;
      getMetadata: () => object;
      getSource: () => string;
    };
  };
  readonly node = document.createElement('div');
  editor: { hasFocus: () => boolean; focus: () => void } | null = null;
  height = CELL_HEIGHT;
  isHidden = false;
  isAttached = true;
}

/**
 * A notebook, as far as presence looks at it.
 */
export class FakeNotebook {
  /**
   * @param ids The ids of its cells.
   */
  constructor(...ids: string[]) {
    this.outerNode.getBoundingClientRect = () => rect(0, VIEW_HEIGHT);
    this.node.append(this.outerNode);
    document.body.append(this.node);
    ids.forEach((id, at) => this.insert(at, new FakeCell(id)));
  }

  readonly node = document.createElement('div');
  readonly outerNode = document.createElement('div');
  readonly model = { cells: { changed: new Signal<object, void>({}) } };
  readonly modelContentChanged = new Signal<this, void>(this);
  readonly cellInViewportChanged = new Signal<this, void>(this);
  readonly cellCollapsed = new Signal<this, void>(this);
  readonly scrolled: [number, string][] = [];
  readonly widgets: FakeCell[] = [];
  activeCellIndex = 0;
  isVisible = true;
  mode = 'command';

  get activeCell(): FakeCell | null {
    return this.widgets[this.activeCellIndex] ?? null;
  }

  /** It, as what it stands for. */
  get real(): Notebook {
    return this as unknown as Notebook;
  }

  find(id: string): FakeCell {
    return this.widgets.find(({ model }) => model.id === id)!;
  }

  insert(at: number, cell: FakeCell): void {
    this.widgets.splice(at, 0, cell);
    cell.node.getBoundingClientRect = () => {
      const before = this.widgets.slice(0, this.widgets.indexOf(cell));
      const top = before.reduce((sum, { height }) => sum + height, 0);
      return rect(top - this.outerNode.scrollTop, cell.height);
    };
    this.outerNode.append(cell.node);
    this.model.cells.changed.emit();
  }

  remove(id: string): FakeCell {
    const cell = this.find(id);
    this.widgets.splice(this.widgets.indexOf(cell), 1);
    cell.node.remove();
    this.model.cells.changed.emit();
    return cell;
  }

  scrollToItem(index: number, align: string): Promise<void> {
    this.scrolled.push([index, align]);
    return Promise.resolve();
  }

  dispose(): void {
    this.node.remove();
  }
}

function rect(top: number, height: number): DOMRect {
  const box = { x: 0, y: top, left: 0, right: 8, width: 8, top, height };
  const bottom = top + height;
  return { ...box, bottom, toJSON: () => box } as DOMRect;
}
