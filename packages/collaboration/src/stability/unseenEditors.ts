// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Measures an editor that cannot be seen once it comes into view, and not
 * whenever somebody else types in it.
 *
 * CodeMirror measures an editor after each change. Of a cell that the browser
 * skips (`content-visibility: auto`, JupyterLab's default for notebooks) it
 * knows no sizes: each such measurement has it lay out the page once more, and
 * in a long notebook most people type where nobody else looks. [P12]
 */

import type { Extension } from '@codemirror/state';
import { Prec, Transaction } from '@codemirror/state';
import type { EditorView, PluginValue, ViewUpdate } from '@codemirror/view';
import { ViewPlugin } from '@codemirror/view';

type Request = Parameters<EditorView['requestMeasure']>[0];

/** The editors of the page that are measured when they come into view. */
const waiting = new Map<Element, DeferredMeasures>();

let observer: IntersectionObserver | null = null;

/** Have the browser report, after its own layout, when an editor is seen. */
function watch(editor: Element, deferred: DeferredMeasures): void {
  observer ??= new IntersectionObserver(entries => {
    for (const { isIntersecting, target } of entries) {
      if (isIntersecting) {
        waiting.get(target)?.measure();
      }
    }
  });
  if (!waiting.has(editor)) {
    waiting.set(editor, deferred);
    observer.observe(editor);
  }
}

function unwatch(editor: Element): void {
  if (waiting.delete(editor)) {
    observer?.unobserve(editor);
  }
}

/**
 * Whether the browser skips the cell of an editor.
 *
 * Whoever has the keyboard in an editor may scroll away and type: the editor
 * then has to measure where to scroll back to.
 */
function isSkipped(view: EditorView): boolean {
  const dom: Partial<Pick<Element, 'checkVisibility'>> = view.dom;
  // Browsers before 2024 lack it or its option, and measure at once.
  return (
    !view.hasFocus &&
    dom.checkVisibility?.() === true &&
    dom.checkVisibility({ contentVisibilityAuto: true }) === false
  );
}

/**
 * Whether a change is text alone, as when somebody else types.
 *
 * Whatever else happens in an editor may have to be shown, for example the next
 * match of a search.
 */
function isTextAlone(transaction: Transaction): boolean {
  return (
    transaction.docChanged &&
    !transaction.effects.length &&
    !transaction.scrollIntoView &&
    transaction.annotation(Transaction.userEvent) === undefined
  );
}

/**
 * The measurements of one editor.
 */
class DeferredMeasures implements PluginValue {
  constructor(private _view: EditorView) {
    // CodeMirror calls its own method for each change, and has no other place
    // at which an extension could decide when to measure.
    _view.requestMeasure = request => this._onRequest(request);
  }

  /**
   * Measure what was deferred.
   */
  measure(): void {
    unwatch(this._view.dom);
    const requests = [...this._requests];
    this._requests.clear();
    for (const request of requests) {
      this._pass(request);
    }
  }

  update({ transactions }: ViewUpdate): void {
    if (transactions.length) {
      this._isDeferring = transactions.every(isTextAlone);
      if (!this._isDeferring) {
        this.measure();
      }
    }
  }

  destroy(): void {
    this.measure();
    // The editor has its own method again.
    delete (this._view as Partial<EditorView>).requestMeasure;
  }

  private _onRequest(request: Request): void {
    if (this._isDeferring && isSkipped(this._view)) {
      watch(this._view.dom, this);
      this._requests.add(request);
    } else {
      this.measure();
      this._pass(request);
    }
  }

  private _pass(request: Request): void {
    const { requestMeasure } = Object.getPrototypeOf(this._view) as EditorView;
    requestMeasure.call(this._view, request);
  }

  private _isDeferring = false;
  private _requests = new Set<Request>();
}

/**
 * The extension of an editor that is measured when it can be seen.
 */
export const measuredWhenSeen: Extension = Prec.highest(
  // Before others, which ask in their own updates to be measured.
  ViewPlugin.fromClass(DeferredMeasures)
);
