// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

// @vitest-environment jsdom

import { EditorState } from '@codemirror/state';
import { EditorView } from '@codemirror/view';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { measuredWhenSeen } from '../src/stability/unseenEditors';

let cell: HTMLElement;
let view: EditorView;
let measured: number;

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
  vi.spyOn(document, 'hasFocus').mockReturnValue(true);
  const empty = { left: 0, right: 0, top: 0, bottom: 0, width: 0, height: 0 };
  Range.prototype.getClientRects = () => [] as unknown as DOMRectList;
  Range.prototype.getBoundingClientRect = () => empty as DOMRect;
  cell = document.createElement('div');
  cell.className = 'jp-Notebook-cell';
  document.body.append(cell);
  view = new EditorView({
    parent: cell,
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
  await frame();
  measured = 0;
});

afterEach(() => {
  view.destroy();
  cell.remove();
  vi.restoreAllMocks();
});

describe('an editor in which others type', () => {
  it('is measured at once where the browser draws it', async () => {
    othersType();
    await frame();
    expect(measured).toBe(1);
  });

  // [P12]
  it('is not measured while the browser skips its cell, but when it comes into view', async () => {
    cell.style.contentVisibility = 'auto';
    const content = vi.spyOn(view.contentDOM, 'getBoundingClientRect');
    othersType();
    othersType();
    await frame();
    expect(measured).toBe(0);
    expect(content).not.toHaveBeenCalled();
    expect(view.contentDOM.textContent).toBe('oneyy');

    cell.style.contentVisibility = 'visible';
    await frame();
    expect(measured).toBe(1);
    expect(content).toHaveBeenCalled();
  });

  it('is measured with the next change where the browser draws it again', async () => {
    cell.style.contentVisibility = 'auto';
    othersType();
    cell.style.contentVisibility = 'visible';
    othersType();
    await frame();
    expect(measured).toBe(1);
  });

  it('is measured at once if something in it is to be shown', async () => {
    cell.style.contentVisibility = 'auto';
    othersType();
    view.dispatch({ effects: EditorView.scrollIntoView(0) });
    await frame();
    expect(measured).toBe(1);
  });

  it('is measured at once while it has the keyboard', async () => {
    cell.style.contentVisibility = 'auto';
    view.focus();
    othersType();
    await frame();
    expect(measured).toBe(1);
  });

  it('is measured when JupyterLab lets the browser skip nothing any more', async () => {
    cell.style.contentVisibility = 'auto';
    othersType();
    cell.style.removeProperty('content-visibility');
    await frame();
    expect(measured).toBe(1);
  });

  it('is measured at once outside notebooks', async () => {
    document.body.append(view.dom);
    cell.style.contentVisibility = 'auto';
    othersType();
    await frame();
    expect(measured).toBe(1);
  });

  it('gets its own method back', () => {
    expect(Object.hasOwn(view, 'requestMeasure')).toBe(true);
    cell.style.contentVisibility = 'auto';
    othersType();
    view.destroy();
    expect(Object.hasOwn(view, 'requestMeasure')).toBe(false);
  });
});
