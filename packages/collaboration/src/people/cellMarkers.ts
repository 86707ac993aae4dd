// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Marks the cells in which people are, and says at the edges of a notebook
 * who is above and below.
 *
 * Knows a notebook and who is in it; tells others nothing.
 */

import type { ISharedCodeCell } from '@jupyter/ydoc';
import type { Cell } from '@jupyterlab/cells';
import type { Notebook } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';

import { pageColor, textColorOn } from './userColor';
import type { IDocumentUser } from './users';
import { cellOf } from './places';
import type { DocumentPresence } from './documentPresence';

/** The most initials that stand at one cell. */
const MOST_AT_CELL = 3;

/**
 * What is to be marked.
 */
export interface ICellMarkerSettings {
  /** Whether cells are marked in which people are. */
  cells: boolean;
  /** Whether the edges say who is above and below. */
  edges: boolean;
}

/**
 * The marks of one notebook.
 */
export class CellMarkers implements IDisposable {
  /**
   * @param _notebook Where they are shown.
   * @param _presence Who is in the notebook.
   * @param _settings What is to be marked.
   * @param _trans Translates what is shown.
   */
  constructor(
    private _notebook: Notebook,
    private _presence: DocumentPresence,
    private _settings: ICellMarkerSettings,
    private _trans: TranslationBundle
  ) {
    this._edges = { above: this._edge('above'), below: this._edge('below') };
    _notebook.node.append(this._edges.above, this._edges.below);
    _presence.changed.connect(this._later, this);
    _notebook.modelContentChanged.connect(this._onContentChanged, this);
    _notebook.model?.cells.changed.connect(this._onCellsChanged, this);
    _notebook.cellInViewportChanged.connect(this._later, this);
    _notebook.cellCollapsed.connect(this._later, this);
    _notebook.outerNode.addEventListener('scroll', this._onScroll);
    // The browser reports the positions of cells after its own layout.
    // Measuring them here would force another layout for each key.
    this._observer = new IntersectionObserver(entries => this._place(entries), {
      root: _notebook.outerNode
    });
    this._later();
  }

  /**
   * Whether it is disposed.
   */
  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /**
   * Mark other things from now on.
   */
  set settings(settings: ICellMarkerSettings) {
    this._settings = settings;
    this._later();
  }

  /**
   * Take all marks away.
   */
  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    cancelAnimationFrame(this._frame);
    this._presence.changed.disconnect(this._later, this);
    this._notebook.modelContentChanged.disconnect(this._onContentChanged, this);
    this._notebook.model?.cells.changed.disconnect(this._onCellsChanged, this);
    this._notebook.cellInViewportChanged.disconnect(this._later, this);
    this._notebook.cellCollapsed.disconnect(this._later, this);
    this._notebook.outerNode.removeEventListener('scroll', this._onScroll);
    this._observer.disconnect();
    this._marks.forEach(mark => mark.remove());
    this._edges.above.remove();
    this._edges.below.remove();
  }

  private _onCellsChanged(): void {
    this._indexes = null;
    this._later();
  }

  /** What people type changes no mark; whether a cell runs does. */
  private _onContentChanged(): void {
    if (this._isAnyRun) {
      this._later();
    }
  }

  /** Look again, once a frame. */
  private _later = (): void => {
    cancelAnimationFrame(this._frame);
    this._frame = requestAnimationFrame(() => this._look());
  };

  /** A cell may pass from below to above between two frames. */
  private _onScroll = (): void => {
    this._places.clear();
    this._later();
  };

  private _look(): void {
    this._isAnyRun = false;
    const here = new Map<Cell, IDocumentUser[]>();
    const atCells = new Map<Cell, IAtCell[]>();
    const add = (cell: Cell | null, user: IDocumentUser, deed: Deed | null) => {
      if (cell) {
        const others = atCells.get(cell) ?? [];
        const rest = others.filter(each => each.user !== user);
        atCells.set(cell, [...rest, { user, deed }]);
      }
    };
    for (const user of this._presence.users) {
      const state = this._presence.stateOf(user) ?? {};
      const cell = this._cellOf(cellOf(state));
      if (cell) {
        here.set(cell, [...(here.get(cell) ?? []), user]);
      }
      if (this._settings.cells) {
        add(cell, user, null);
      }
      for (const id of textsOf(state.running)) {
        const run = this._cellOf(id);
        this._isAnyRun ||= run !== null;
        if (run && isBusy(run)) {
          add(run, user, 'runs');
        }
      }
      textsOf([state.asked]).forEach(id =>
        add(this._cellOf(id), user, 'asked')
      );
    }
    this._markCells(atCells);
    this._here = this._settings.edges ? here : new Map();
    this._watch();
    this._markEdges();
  }

  /**
   * The cell, or the heading under which it is folded away.
   */
  private _cellOf(id: string | null): Cell | null {
    const { widgets } = this._notebook;
    if (id === null) {
      return null;
    }
    this._indexes ??= new Map(
      widgets.map(({ model }, index) => [model.id, index])
    );
    let index = this._indexes.get(id) ?? -1;
    while (index > 0 && widgets[index].isHidden) {
      index--;
    }
    return widgets[index] ?? null;
  }

  private _markCells(people: Map<Cell, IAtCell[]>): void {
    for (const [cell, mark] of this._marks) {
      if (!people.has(cell)) {
        mark.remove();
        this._marks.delete(cell);
      }
    }
    for (const [cell, atCell] of people) {
      let mark = this._marks.get(cell);
      if (!mark) {
        mark = document.createElement('div');
        mark.className = 'jp-CellPresence';
        mark.setAttribute('role', 'img');
        this._marks.set(cell, mark);
      }
      if (mark.parentNode !== cell.node) {
        cell.node.append(mark);
      }
      this._draw(mark, atCell);
    }
  }

  private _draw(mark: HTMLElement, atCell: IAtCell[]): void {
    const words = atCell.map(each => this._inWords(each));
    const look = JSON.stringify([
      words,
      atCell.map(({ user }) => lookOf(user))
    ]);
    if (this._looks.get(mark) === look) {
      return;
    }
    this._looks.set(mark, look);
    mark.setAttribute('aria-label', words.join(', '));
    const shown = atCell.slice(
      0,
      atCell.length > MOST_AT_CELL ? MOST_AT_CELL - 1 : MOST_AT_CELL
    );
    const chips = document.createElement('span');
    chips.className = 'jp-CellPresence-chips';
    chips.append(...shown.map((each, at) => chipOf(each, words[at])));
    if (shown.length < atCell.length) {
      chips.append(moreChip(words.slice(shown.length)));
    }
    const asked = atCell
      .filter(({ deed }) => deed === 'asked')
      .map(each => {
        const note = document.createElement('span');
        note.className = 'jp-CellPresence-asked';
        note.textContent = this._inWords(each);
        return note;
      });
    chips.append(...asked);
    mark.replaceChildren(...shown.map(barOf), chips);
  }

  private _inWords({ deed, user }: IAtCell): string {
    switch (deed) {
      case 'runs':
        return this._trans.__('%1 runs this cell', user.name);
      case 'asked':
        return this._trans.__('Waiting for input from %1', user.name);
    }
    return this._trans.__('%1 is in this cell', user.name);
  }

  private _edge(where: 'above' | 'below'): HTMLElement {
    const edge = document.createElement('div');
    edge.className = `jp-EdgePresence jp-mod-${where}`;
    return edge;
  }

  /**
   * Have the browser report the positions of the cells that people are in.
   */
  private _watch(): void {
    const nodes = new Set<Element>(
      [...this._here.keys()].map(({ node }) => node)
    );
    for (const node of this._watched) {
      if (!nodes.has(node) || !node.isConnected) {
        this._observer.unobserve(node);
        this._watched.delete(node);
        this._places.delete(node);
      }
    }
    for (const node of nodes) {
      if (node.isConnected && !this._places.has(node)) {
        this._observer.unobserve(node); // it answers only once for each call
        this._observer.observe(node);
        this._watched.add(node);
      }
    }
  }

  private _place(entries: IntersectionObserverEntry[]): void {
    for (const { boundingClientRect, rootBounds, target } of entries) {
      const { bottom, height, top } = boundingClientRect;
      if (height > 0 && rootBounds && this._watched.has(target)) {
        const isAbove = bottom <= rootBounds.top;
        const isBelow = top >= rootBounds.bottom;
        this._places.set(target, isAbove ? 'above' : isBelow ? 'below' : null);
      }
    }
    this._markEdges();
  }

  private _markEdges(): void {
    const { widgets } = this._notebook;
    const outside = { above: [], below: [] } as Record<
      'above' | 'below',
      IDocumentUser[]
    >;
    let first = -1;
    for (const [cell, users] of this._here) {
      let place = this._places.get(cell.node) ?? null;
      if (!cell.node.isConnected) {
        // JupyterLab keeps only the cells in the page that are seen.
        first =
          first < 0 ? widgets.findIndex(({ node }) => node.isConnected) : first;
        place = widgets.indexOf(cell) < first ? 'above' : 'below';
      }
      if (place) {
        outside[place].push(...users);
      }
    }
    this._drawEdge('above', outside.above);
    this._drawEdge('below', outside.below);
  }

  private _drawEdge(where: 'above' | 'below', users: IDocumentUser[]): void {
    const edge = this._edges[where];
    const look = JSON.stringify(users.map(lookOf));
    if (this._looks.get(edge) === look) {
      return;
    }
    this._looks.set(edge, look);
    edge.replaceChildren(
      ...users.map(user => {
        const button = document.createElement('button');
        const label =
          where === 'above'
            ? this._trans.__('%1 is above', user.name)
            : this._trans.__('%1 is below', user.name);
        button.className = 'jp-EdgePresence-person';
        button.title = label;
        button.setAttribute('aria-label', label);
        paint(button, user);
        button.textContent = `${where === 'above' ? '↑' : '↓'} ${user.initials}`;
        button.onclick = () => {
          const state = this._presence.stateOf(user);
          if (state) {
            this._presence.places.jump(state);
          }
        };
        return button;
      })
    );
  }

  private _edges: Record<'above' | 'below', HTMLElement>;
  private _frame = 0;
  private _here = new Map<Cell, IDocumentUser[]>();
  private _indexes: Map<string, number> | null = null;
  private _isAnyRun = false;
  private _isDisposed = false;
  private _looks = new WeakMap<HTMLElement, string>();
  private _marks = new Map<Cell, HTMLElement>();
  private _observer: IntersectionObserver;
  private _places = new Map<Element, 'above' | 'below' | null>();
  private _watched = new Set<Element>();
}

/**
 * What somebody does at a cell beside being there.
 */
type Deed = 'runs' | 'asked';

/**
 * Somebody at a cell.
 */
interface IAtCell {
  user: IDocumentUser;
  deed: Deed | null;
}

/**
 * The texts in a list, as far as it is one.
 */
function textsOf(list: unknown): string[] {
  return Array.isArray(list)
    ? list.filter((each): each is string => typeof each === 'string')
    : [];
}

/**
 * Whether a cell runs, as its document has it.
 */
function isBusy({ model }: Cell): boolean {
  const { executionState } = model.sharedModel as Partial<ISharedCodeCell>;
  return executionState === 'running';
}

/**
 * What an element shows of somebody.
 */
function lookOf({
  key,
  name,
  initials,
  color,
  isIdle
}: IDocumentUser): unknown {
  return [key, name, initials, color, isIdle];
}

/**
 * The color of somebody as a background, and the initials to be read on it.
 */
export function paint(
  element: HTMLElement,
  { color, initials }: Pick<IDocumentUser, 'color' | 'initials'>
): void {
  element.style.backgroundColor = color;
  element.style.color = textColorOn(color, pageColor);
  element.textContent = initials;
}

function barOf({ user: { color, isIdle } }: IAtCell): HTMLElement {
  const bar = document.createElement('span');
  bar.className = 'jp-CellPresence-bar';
  bar.style.backgroundColor = color;
  bar.classList.toggle('jp-mod-idle', isIdle);
  return bar;
}

/**
 * The initials of somebody; the pointer on them shows the words.
 */
function chipOf({ deed, user }: IAtCell, words: string): HTMLElement {
  const chip = document.createElement('span');
  chip.className = 'jp-CellPresence-chip';
  chip.title = words;
  chip.classList.toggle('jp-mod-idle', user.isIdle && deed === null);
  chip.classList.toggle('jp-mod-running', deed === 'runs');
  paint(chip, user);
  return chip;
}

/**
 * The number of people for whom there is no room.
 */
function moreChip(words: readonly string[]): HTMLElement {
  const chip = document.createElement('span');
  chip.className = 'jp-CellPresence-chip jp-mod-more';
  chip.textContent = `+${words.length}`;
  chip.title = words.join(', ');
  return chip;
}
