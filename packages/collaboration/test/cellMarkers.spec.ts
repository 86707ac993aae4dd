// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

// @vitest-environment jsdom

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { CellMarkers } from '../src/people/cellMarkers';
import { NotebookPlaces } from '../src/people/notebookPlaces';
import { DocumentPresence } from '../src/people/documentPresence';
import { Company, FakeIntersectionObserver, FakeNotebook } from './fakes';
import { trans } from './support';

let company: Company;
let notebook: FakeNotebook;
let presence: DocumentPresence;
let markers: CellMarkers;

beforeEach(() => {
  vi.useFakeTimers({
    toFake: ['requestAnimationFrame', 'cancelAnimationFrame']
  });
  vi.stubGlobal('IntersectionObserver', FakeIntersectionObserver);
  company = new Company();
  notebook = new FakeNotebook('a', 'b', 'c', 'd', 'e', 'f');
  presence = new DocumentPresence({
    awareness: company.own,
    places: new NotebookPlaces(notebook.real),
    anonymous: 'Anonymous',
    ownUsername: 'ada'
  });
  markers = new CellMarkers(
    notebook.real,
    presence,
    { cells: true, edges: true },
    trans
  );
});

afterEach(() => {
  markers.dispose();
  presence.dispose();
  notebook.dispose();
  company.dispose();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

function mark(id: string): HTMLElement | null {
  vi.advanceTimersToNextFrame();
  return notebook.find(id).node.querySelector('.jp-CellPresence');
}

const labelOf = (id: string) => mark(id)?.getAttribute('aria-label');

function edge(where: 'above' | 'below'): HTMLElement[] {
  vi.advanceTimersToNextFrame();
  vi.advanceTimersToNextFrame();
  return Array.from(
    notebook.node.querySelectorAll(`.jp-EdgePresence.jp-mod-${where} button`)
  );
}

describe('Marks of cells', () => {
  // [P5]
  it('say who is in a cell, each person once', () => {
    const grace = company.joins('Grace', { cell: 'a' });
    company.joins('Bob', { cell: 'a' });
    expect(labelOf('a')).toBe('Bob is in this cell, Grace is in this cell');
    const chips = mark('a')!.querySelectorAll<HTMLElement>(
      '.jp-CellPresence-chip'
    );
    expect([...chips].map(({ title }) => title)).toEqual([
      'Bob is in this cell',
      'Grace is in this cell'
    ]);
    expect(mark('a')?.textContent).toBe('BG');
    const bars = mark('a')!.querySelectorAll<HTMLElement>(
      '.jp-CellPresence-bar'
    );
    expect(bars).toHaveLength(2);
    expect(bars[0].style.backgroundColor).toBe('rgb(0, 0, 139)');
    expect(labelOf('b')).toBeUndefined();

    grace.setLocalStateField('cell', 'b');
    expect(labelOf('a')).toBe('Bob is in this cell');
    expect(labelOf('b')).toBe('Grace is in this cell');
    grace.setLocalState(null);
    expect(mark('b')).toBeNull();
  });

  it('have room for three, and name all', () => {
    ['Bob', 'Eve', 'Grace', 'Zoe'].forEach(name =>
      company.joins(name, { cell: 'a' })
    );
    expect(mark('a')?.textContent).toBe('BE+2');
    expect(labelOf('a')).toContain('Zoe is in this cell');
    const more = mark('a')?.querySelector<HTMLElement>('.jp-mod-more');
    expect(more?.title).toBe('Grace is in this cell, Zoe is in this cell');
  });

  it('are not drawn again for what does not show', () => {
    const grace = company.joins('Grace', { cell: 'a' });
    const before = mark('a')?.firstChild;
    grace.setLocalStateField('cursors', []);
    expect(mark('a')?.firstChild).toBe(before);
  });

  // [P3]
  it('pale while somebody is idle', () => {
    const grace = company.joins('Grace', { cell: 'a', isIdle: true });
    expect(mark('a')?.querySelectorAll('.jp-mod-idle')).toHaveLength(2);
    grace.setLocalStateField('isIdle', false);
    expect(mark('a')?.querySelectorAll('.jp-mod-idle')).toHaveLength(0);
  });

  // [P6]
  it('say who runs a cell while it runs, wherever they are', () => {
    company.joins('Grace', { cell: 'a', running: ['b', 7, 'gone'] });
    expect(labelOf('b')).toBeUndefined();
    notebook.find('b').model.sharedModel.executionState = 'running';
    notebook.modelContentChanged.emit();
    expect(labelOf('b')).toBe('Grace runs this cell');
    expect(mark('b')?.querySelectorAll('.jp-mod-running')).toHaveLength(1);
    expect(labelOf('a')).toBe('Grace is in this cell');
    notebook.find('b').model.sharedModel.executionState = 'idle';
    notebook.modelContentChanged.emit();
    expect(mark('b')).toBeNull();
  });

  // [P6]
  it('say whose input a cell waits for', () => {
    const grace = company.joins('Grace', { cell: 'a', asked: 'a' });
    expect(labelOf('a')).toBe('Waiting for input from Grace');
    const note = () => mark('a')?.querySelector('.jp-CellPresence-asked');
    expect(note()?.textContent).toBe('Waiting for input from Grace');
    grace.setLocalStateField('asked', null);
    expect(labelOf('a')).toBe('Grace is in this cell');
    expect(note()).toBeNull();
  });

  it('stand at the heading under which a cell is folded', () => {
    notebook.find('c').isHidden = true;
    notebook.find('d').isHidden = true;
    company.joins('Grace', { cell: 'd' });
    expect(labelOf('b')).toBe('Grace is in this cell');
    notebook.find('c').isHidden = false;
    notebook.find('d').isHidden = false;
    notebook.cellCollapsed.emit();
    expect(mark('b')).toBeNull();
    expect(labelOf('d')).toBe('Grace is in this cell');
  });

  it('believe no nonsense', () => {
    company.joins('Grace', { cell: 3, running: 'a', asked: { a: 1 } });
    expect(notebook.node.querySelector('.jp-CellPresence')).toBeNull();
    expect(edge('above')).toEqual([]);
  });

  it('show markup in names as it is', () => {
    company.joins('<img src=x>', { cell: 'a', asked: 'a' });
    expect(mark('a')?.querySelector('img')).toBeNull();
    expect(mark('a')?.textContent).toContain('<img src=x>');
  });
});

describe('Edges of a notebook', () => {
  // [P5]
  it('say who is above and below, and go there', () => {
    company.joins('Grace', { cell: 'f' });
    company.joins('Bob', { cell: 'b' });
    const [below, ...rest] = edge('below');
    expect(rest).toEqual([]);
    expect(below.getAttribute('aria-label')).toBe('Grace is below');
    expect(below.textContent).toBe('↓ G');
    expect(edge('above')).toEqual([]);
    below.click();
    expect(notebook.scrolled).toEqual([[5, 'center']]);

    notebook.outerNode.scrollTop = 350;
    notebook.outerNode.dispatchEvent(new Event('scroll'));
    expect(edge('below')).toEqual([]);
    expect(edge('above').map(({ title }) => title)).toEqual(['Bob is above']);
  });

  it('know where cells are that are not in the page', () => {
    notebook.outerNode.scrollTop = 250;
    notebook.find('a').node.remove();
    notebook.find('f').node.remove();
    company.joins('Bob', { cell: 'a' });
    company.joins('Grace', { cell: 'f' });
    expect(edge('above').map(({ title }) => title)).toEqual(['Bob is above']);
    expect(edge('below').map(({ title }) => title)).toEqual(['Grace is below']);
  });

  it('say nothing of who is seen, or nowhere', () => {
    company.joins('Bob', { cell: 'a' });
    company.joins('Grace', { cell: 'gone' });
    company.joins('Zoe');
    expect([...edge('above'), ...edge('below')]).toEqual([]);
  });
});

// F20 [P12]
it('Marks are drawn, while people type and move, without measuring anything', () => {
  company.joins('Grace', { cell: 'f' });
  const bob = company.joins('Bob', { cell: 'b' });
  expect(edge('below')).toHaveLength(1);
  const measured: string[] = [];
  for (const { model, node } of notebook.widgets) {
    const { getBoundingClientRect } = node;
    node.getBoundingClientRect = () => {
      measured.push(model.id);
      return getBoundingClientRect();
    };
  }
  notebook.modelContentChanged.emit();
  bob.setLocalStateField('cell', 'c');
  notebook.cellInViewportChanged.emit();
  expect(labelOf('c')).toBe('Bob is in this cell');
  expect(measured).toEqual([]);
});

// F20 [P12]
it('Marks look through the cells once, until cells come, go or move', () => {
  const bob = company.joins('Bob', { cell: 'b' });
  expect(labelOf('b')).toBe('Bob is in this cell');
  let looks = 0;
  const cells = notebook.widgets.map(cell => {
    const { id } = cell.model;
    Object.defineProperty(cell.model, 'id', { get: () => (looks++, id) });
    return cell;
  });
  const frame = vi.spyOn(globalThis, 'requestAnimationFrame');
  notebook.modelContentChanged.emit();
  expect(frame).not.toHaveBeenCalled();
  bob.setLocalStateField('cell', 'c');
  vi.advanceTimersToNextFrame();
  expect(looks).toBe(0);
  expect(labelOf('c')).toBe('Bob is in this cell');

  notebook.remove('c');
  notebook.insert(0, cells[2]);
  expect(labelOf('c')).toBe('Bob is in this cell');
  expect(labelOf('b')).toBeUndefined();
});

describe('What is marked', () => {
  it('is as set, and changes at once', () => {
    company.joins('Grace', { cell: 'f', running: ['e'] });
    notebook.find('e').model.sharedModel.executionState = 'running';
    expect(mark('f')).not.toBeNull();
    markers.settings = { cells: false, edges: false };
    expect(mark('f')).toBeNull();
    expect(edge('below')).toEqual([]);
    // Who runs a cell is no matter of where people are.
    expect(labelOf('e')).toBe('Grace runs this cell');
    markers.settings = { cells: true, edges: true };
    expect(mark('f')).not.toBeNull();
    expect(edge('below')).toHaveLength(1);
  });

  it('is gone when nobody looks any more', () => {
    const grace = company.joins('Grace', { cell: 'f' });
    expect(edge('below')).toHaveLength(1);
    grace.setLocalStateField('cell', 'a');
    markers.dispose();
    markers.dispose();
    vi.advanceTimersToNextFrame();
    notebook.cellCollapsed.emit();
    vi.advanceTimersToNextFrame();
    expect(markers.isDisposed).toBe(true);
    expect(
      notebook.node.querySelector('.jp-CellPresence, .jp-EdgePresence')
    ).toBeNull();
  });
});
