// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

// @vitest-environment jsdom

import { EditorState } from '@codemirror/state';
import { EditorView } from '@codemirror/view';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { measuredWhenSeen } from '../src/stability/unseenEditors';

let view: EditorView;
let isSkipped: boolean;
let measured: number;

/** Reports what a test says has come into view. */
class Observer {
  constructor(callback: IntersectionObserverCallback) {
    observers.set(this, callback);
  }

  readonly observed = new Set<Element>();

  observe(target: Element): void {
    this.observed.add(target);
  }

  unobserve(target: Element): void {
    this.observed.delete(target);
  }

  disconnect(): void {
    this.observed.clear();
  }
}

/** Of all tests: the page keeps its own. */
const observers = new Map<Observer, IntersectionObserverCallback>();

function comesIntoView(): void {
  isSkipped = false;
  const entry = { isIntersecting: true, intersectionRatio: 1 };
  for (const [observer, callback] of observers) {
    if (observer.observed.has(view.dom)) {
      callback(
        [
          { ...entry, target: view.dom } as unknown as IntersectionObserverEntry
        ],
        observer as never
      );
    }
  }
}

function isObserved(): boolean {
  return [...observers.keys()].some(each => each.observed.has(view.dom));
}

async function frame(): Promise<void> {
  await new Promise(requestAnimationFrame);
  await new Promise(requestAnimationFrame);
}

/** What the binding to the shared text does when somebody else types. */
function othersType(): void {
  view.dispatch({ changes: { from: view.state.doc.length, insert: 'y' } });
}

const read = {
  key: 'test',
  read: () => {
    measured++;
  }
};

beforeEach(async () => {
  vi.stubGlobal('IntersectionObserver', Observer);
  vi.spyOn(document, 'hasFocus').mockReturnValue(true);
  const empty = { left: 0, right: 0, top: 0, bottom: 0, width: 0, height: 0 };
  Range.prototype.getClientRects = () => [] as unknown as DOMRectList;
  Range.prototype.getBoundingClientRect = () => empty as DOMRect;
  isSkipped = false;
  view = new EditorView({
    parent: document.body,
    state: EditorState.create({
      doc: 'one',
      extensions: [
        EditorView.updateListener.of(update => {
          if (update.docChanged) {
            update.view.requestMeasure(read);
          }
        }),
        measuredWhenSeen
      ]
    })
  });
  view.dom.checkVisibility = options =>
    !(options?.contentVisibilityAuto && isSkipped);
  await frame();
  measured = 0;
});

afterEach(() => {
  view.destroy();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe('an editor in which others type', () => {
  it('is measured at once where the browser draws it', async () => {
    othersType();
    await frame();
    expect(measured).toBe(1);
  });

  // [P12]
  it('is not measured while the browser skips its cell, but when it comes into view', async () => {
    isSkipped = true;
    const content = vi.spyOn(view.contentDOM, 'getBoundingClientRect');
    othersType();
    othersType();
    await frame();
    expect(measured).toBe(0);
    expect(content).not.toHaveBeenCalled();
    expect(view.contentDOM.textContent).toBe('oneyy');

    comesIntoView();
    await frame();
    expect(measured).toBe(1);
    expect(content).toHaveBeenCalled();
    expect(isObserved()).toBe(false);
  });

  it('is measured with the next change where the browser draws it again', async () => {
    isSkipped = true;
    othersType();
    isSkipped = false;
    othersType();
    await frame();
    expect(measured).toBe(1);
  });

  it('is measured at once if something in it is to be shown', async () => {
    isSkipped = true;
    othersType();
    view.dispatch({ effects: EditorView.scrollIntoView(0) });
    await frame();
    expect(measured).toBe(1);
  });

  it('is measured at once while it has the keyboard', async () => {
    isSkipped = true;
    view.focus();
    othersType();
    await frame();
    expect(measured).toBe(1);
  });

  it('is measured at once in browsers that cannot say what they skip', async () => {
    isSkipped = true;
    Object.assign(view.dom, { checkVisibility: undefined });
    othersType();
    await frame();
    expect(measured).toBe(1);
  });

  it('gets its own method back', () => {
    expect(Object.hasOwn(view, 'requestMeasure')).toBe(true);
    isSkipped = true;
    othersType();
    view.destroy();
    expect(Object.hasOwn(view, 'requestMeasure')).toBe(false);
    expect(isObserved()).toBe(false);
  });
});
