// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

// @vitest-environment jsdom

import { EditorSelection, EditorState, StateEffect } from '@codemirror/state';
import { EditorView } from '@codemirror/view';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { remoteUserCursors } from '../src/cursors/remoteCursors';
import { namePlace } from '../src/cursors/layers';
import { publishedCursors, resolvedCursors } from '../src/cursors/positions';
import type { IReplica } from './support';
import { pair } from './support';

// jsdom lays nothing out: give every character the same small box.
const box = { left: 0, right: 8, top: 40, bottom: 56, width: 8, height: 16 };
const rect = { ...box, x: 0, y: 40, toJSON: () => box } as DOMRect;

let ada: IReplica;
let grace: IReplica;
let views: EditorView[];
let hidden: Set<Element>;

/** Reports in the next frame whether editors can be seen. */
class Observer {
  constructor(private _callback: IntersectionObserverCallback) {
    observers.add(this);
  }

  observe(target: Element): void {
    this._observed.add(target);
    requestAnimationFrame(() => this.report(target));
  }

  unobserve(target: Element): void {
    this._observed.delete(target);
  }

  disconnect(): void {
    this._observed.clear();
  }

  report(target: Element): void {
    if (this._observed.has(target)) {
      const isIntersecting = !hidden.has(target);
      const intersectionRatio = Number(isIntersecting);
      const entry = { isIntersecting, intersectionRatio, target };
      this._callback([entry as IntersectionObserverEntry], this as never);
    }
  }

  private _observed = new Set<Element>();
}

/** Of all tests: the queue of the page keeps its own. */
const observers = new Set<Observer>();

function scrolled(view: EditorView, isHidden: boolean): void {
  if (isHidden) {
    hidden.add(view.dom);
  } else {
    hidden.delete(view.dom);
  }
  observers.forEach(observer => observer.report(view.dom));
}

function editor(replica: IReplica, ytext = replica.ytext): EditorView {
  const { awareness } = replica;
  const view = new EditorView({
    parent: document.body,
    state: EditorState.create({
      doc: ytext.toString(),
      extensions: [
        EditorState.allowMultipleSelections.of(true),
        remoteUserCursors({ awareness, ytext })
      ]
    })
  });
  views.push(view);
  return view;
}

function frames(count = 3): Promise<void> {
  return new Promise(resolve => {
    const step = (left: number): void => {
      if (left) {
        requestAnimationFrame(() => step(left - 1));
      } else {
        resolve();
      }
    };
    step(count);
  });
}

function carets(view: EditorView): HTMLElement[] {
  return [...view.dom.querySelectorAll<HTMLElement>('.jp-remote-cursor')];
}

function putGrace(...ranges: [number, number][]): void {
  grace.awareness.setLocalStateField(
    'cursors',
    publishedCursors(
      grace.ytext,
      ranges.map(([anchor, head]) => ({ anchor, head })),
      0
    )
  );
}

beforeEach(() => {
  vi.stubGlobal('IntersectionObserver', Observer);
  hidden = new Set();
  Range.prototype.getClientRects = () => [rect] as unknown as DOMRectList;
  Range.prototype.getBoundingClientRect = () => rect;
  vi.spyOn(document, 'hasFocus').mockReturnValue(true);
  views = [];
  [ada, grace] = pair('one two\nthree');
  grace.awareness.setLocalStateField('user', {
    username: 'grace',
    name: '<img src=x onerror=alert(1)>',
    color: '#00008b'
  });
});

afterEach(() => {
  views.forEach(view => view.destroy());
  ada.awareness.destroy();
  grace.awareness.destroy();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe('the own cursor', () => {
  const published = (): unknown =>
    ada.awareness.getLocalState()?.cursors as unknown;

  it('is published with all its ranges while the editor has focus', async () => {
    const view = editor(ada);
    view.dispatch({
      selection: EditorSelection.create(
        [EditorSelection.range(0, 3), EditorSelection.cursor(8)],
        1
      )
    });
    await frames();
    expect(published()).toBeUndefined();

    view.focus();
    view.dispatch({ selection: view.state.selection });
    await frames();
    expect(published()).toMatchObject([
      { empty: false, primary: false },
      { empty: true, primary: true }
    ]);
    const seen = grace.awareness.getStates().get(ada.awareness.clientID);
    expect(resolvedCursors(seen?.cursors, grace.ytext)).toEqual([
      { anchor: 0, head: 3 },
      { anchor: 8, head: 8 }
    ]);
  });

  it('is published once for what does not change', async () => {
    const view = editor(ada);
    view.focus();
    view.dispatch({ selection: { anchor: 2 } });
    await frames();
    const before = published();
    view.dispatch({ selection: { anchor: 2 } });
    await frames();
    expect(published()).toBe(before);
  });

  // [S4]
  it('is published again when the document goes on under another id', async () => {
    const view = editor(ada);
    view.focus();
    view.dispatch({ selection: { anchor: 3 } });
    await frames();
    const updates: boolean[] = [];
    const listener = EditorView.updateListener.of(update =>
      updates.push(update.selectionSet)
    );
    view.dispatch({ effects: StateEffect.appendConfig.of(listener) });
    ada.awareness.setLocalState(null);
    ada.awareness.clientID = 7;
    ada.awareness.setLocalState({ user: {} });
    await frames();
    expect(ada.awareness.getLocalState()?.cursors).toHaveLength(1);
    expect(updates).toContain(true);
  });

  it('stays when another editor gets the focus, until that one moves', async () => {
    const one = editor(ada);
    one.focus();
    one.dispatch({ selection: { anchor: 2 } });
    await frames();
    const other = ada.doc.getText('other');
    other.insert(0, 'text');
    const two = editor(ada, other);
    one.contentDOM.blur();
    await frames();
    expect(resolvedCursors(published(), ada.ytext)).toHaveLength(1);

    two.focus();
    two.dispatch({ selection: { anchor: 1 } });
    await frames();
    expect(resolvedCursors(published(), other)).toHaveLength(1);
    one.destroy();
    expect(resolvedCursors(published(), other)).toHaveLength(1);
    two.destroy();
    expect(published()).toEqual([]);
  });
});

describe('the cursors of others', () => {
  // [P1]
  it('have one caret a range, with color and name as text', async () => {
    const view = editor(ada);
    putGrace([1, 1], [9, 9]);
    await frames();
    expect(carets(view)).toHaveLength(2);
    const [caret] = carets(view);
    expect(caret.style.getPropertyValue('--jp-remote-user-color')).toBe(
      '#00008b'
    );
    expect(caret.textContent).toBe('<img src=x onerror=alert(1)>');
    expect(caret.querySelector('b')).toBeNull();
    expect(caret.classList.contains('jp-mod-moving')).toBe(true);
  });

  it('are there for who comes later, without their names', async () => {
    putGrace([1, 1]);
    const view = editor(ada);
    await frames();
    expect(carets(view)).toHaveLength(1);
    expect(carets(view)[0].classList.contains('jp-mod-moving')).toBe(false);
  });

  it('show the selection', async () => {
    const view = editor(ada);
    putGrace([4, 7]);
    await frames();
    const selection = '.jp-remote-selection';
    expect(view.dom.querySelectorAll(selection).length).toBeGreaterThan(0);
    putGrace([7, 7]);
    await frames();
    expect(view.dom.querySelectorAll(selection)).toHaveLength(0);
  });

  // [P12]
  it('have layers only in editors in which somebody is', async () => {
    const view = editor(ada);
    const layers = () => view.dom.querySelectorAll('[class*="jp-remote-"]');
    await frames();
    expect(layers()).toHaveLength(0);
    putGrace([1, 1]);
    await frames();
    expect(view.scrollDOM.querySelector('.jp-remote-cursors')).not.toBeNull();
    expect(view.dom.querySelector('.jp-remote-selections')).toBeNull();
    putGrace();
    await frames();
    expect(layers()).toHaveLength(0);
  });

  it('show a name near the pointer', async () => {
    putGrace([1, 1]);
    const view = editor(ada);
    await frames();
    const move = (clientX: number): void => {
      view.contentDOM.dispatchEvent(
        new MouseEvent('mousemove', { clientX, clientY: 0, bubbles: true })
      );
    };
    const [caret] = carets(view);
    move(4);
    expect(caret.classList.contains('jp-mod-hovered')).toBe(true);
    move(40);
    expect(caret.classList.contains('jp-mod-hovered')).toBe(false);
  });

  it('go with the person [M6]', async () => {
    const view = editor(ada);
    putGrace([1, 7]);
    await frames();
    expect(carets(view)).toHaveLength(1);
    grace.awareness.setLocalState(null);
    await frames();
    expect(carets(view)).toHaveLength(0);
    expect(view.dom.querySelectorAll('.jp-remote-selection')).toHaveLength(0);
  });

  it('are drawn again only for who is in this text', async () => {
    const view = editor(ada);
    putGrace([1, 1]);
    await frames();
    const measure = vi.spyOn(view, 'coordsAtPos');
    grace.awareness.setLocalStateField('busy', true);
    await frames();
    expect(measure).not.toHaveBeenCalled();
    putGrace([2, 2]);
    await frames();
    expect(measure).toHaveBeenCalled();
  });

  // F20 [P12]
  it('are drawn without an update of the editor', async () => {
    const view = editor(ada);
    putGrace([1, 1]);
    await frames();
    const dispatch = vi.spyOn(view, 'dispatch');
    const requestMeasure = vi.spyOn(view, 'requestMeasure');
    putGrace([2, 7]);
    await frames();
    expect(view.dom.querySelector('.jp-remote-selection')).not.toBeNull();
    expect(dispatch).not.toHaveBeenCalled();
    expect(requestMeasure).not.toHaveBeenCalled();
  });

  // F20 [P12]
  it('are measured in all editors before any is changed', async () => {
    const both = [editor(ada), editor(ada)];
    putGrace([1, 1]);
    await frames();
    const steps: string[] = [];
    for (const view of both) {
      const { coordsAtPos } = view;
      vi.spyOn(view, 'coordsAtPos').mockImplementation((...args) => {
        steps.push('measure');
        return coordsAtPos.apply(view, args);
      });
      const { classList } = carets(view)[0];
      vi.spyOn(classList, 'toggle').mockImplementation(() => {
        steps.push('change');
        return true;
      });
    }
    grace.awareness.setLocalStateField('user', { color: '#008b00' });
    await frames();
    const changes = both.flatMap(() => Array(4).fill('change'));
    expect(steps.slice(steps.indexOf('change'))).toEqual(changes);
    expect(steps.slice(0, -changes.length)).toContain('measure');
  });

  // F20 [P12]
  it('are drawn when the editor comes into view, and not before', async () => {
    const view = editor(ada);
    putGrace([1, 1]);
    await frames();
    scrolled(view, true);
    const measure = vi.spyOn(view, 'coordsAtPos');
    putGrace([2, 2]);
    ada.ytext.insert(0, 'more ');
    view.dispatch({ changes: { from: 0, insert: 'more ' } });
    await frames();
    expect(measure).not.toHaveBeenCalled();
    scrolled(view, false);
    await frames();
    expect(measure).toHaveBeenCalledWith(7, 1);
  });

  it('lose the name when the person rests', async () => {
    const view = editor(ada);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    putGrace([1, 1]);
    await frames();
    expect(carets(view)[0].classList.contains('jp-mod-moving')).toBe(true);
    vi.advanceTimersByTime(2000);
    vi.useRealTimers();
    await frames();
    expect(carets(view)[0].classList.contains('jp-mod-moving')).toBe(false);
  });

  it('survive garbage, and states without user', async () => {
    const view = editor(ada);
    grace.awareness.setLocalState({ cursors: [{ head: 3 }, 'x'], user: 7 });
    await frames();
    expect(carets(view)).toHaveLength(0);
    putGrace([1, 1]);
    await frames();
    expect(carets(view)[0].textContent).toBe('Anonymous');
  });

  it('stay inside an editor that is behind the text', async () => {
    const view = editor(ada);
    ada.ytext.insert(ada.ytext.length, ' and much more');
    putGrace([20, 20]);
    await frames();
    expect(carets(view)).toHaveLength(1);
  });
});

describe('namePlace', () => {
  // [P1]
  it('is above, on the first line below, on the only line beside', () => {
    const edge = { top: 0, bottom: 44 };
    expect(namePlace({ top: 22, bottom: 40 }, edge)).toBe('above');
    expect(namePlace({ top: 4, bottom: 22 }, edge)).toBe('below');
    expect(namePlace({ top: 4, bottom: 22 }, { top: 0, bottom: 26 })).toBe(
      'beside'
    );
  });
});
