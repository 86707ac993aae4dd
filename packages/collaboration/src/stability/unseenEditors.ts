// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Measures the editor of a cell that cannot be seen once it comes into view, and
 * not whenever somebody else types in it.
 *
 * CodeMirror measures an editor after each change. The browser knows no sizes in
 * a cell that it skips (`content-visibility: auto`, which JupyterLab sets on
 * cells out of view): each such measurement has it lay out the page once more,
 * and in a long notebook most people type where nobody else looks. [P12]
 */

import type { Extension } from '@codemirror/state';
import { Prec, Transaction } from '@codemirror/state';
import type { EditorView, PluginValue, ViewUpdate } from '@codemirror/view';
import { ViewPlugin } from '@codemirror/view';

type Request = Parameters<EditorView['requestMeasure']>[0];

/**
 * Whether JupyterLab lets the browser skip a cell.
 *
 * By the style that JupyterLab gives it: to ask the browser, as with
 * `checkVisibility`, has it lay out the page, too.
 */
function isSkipped(cell: HTMLElement): boolean {
  return cell.style.contentVisibility === 'auto';
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

  update({ transactions }: ViewUpdate): void {
    if (transactions.length) {
      this._isDeferring = transactions.every(isTextAlone);
      if (!this._isDeferring) {
        this._measure();
      }
    }
  }

  destroy(): void {
    this._measure();
    // The editor has its own method again.
    delete (this._view as Partial<EditorView>).requestMeasure;
  }

  private _onRequest(request: Request): void {
    const { dom, hasFocus } = this._view;
    // Whoever has the keyboard here may have scrolled away, and types: the
    // editor then has to measure where to scroll back to.
    const cell =
      this._isDeferring && !hasFocus
        ? dom.closest<HTMLElement>('.jp-Notebook-cell')
        : null;
    if (cell && isSkipped(cell)) {
      this._requests.add(request);
      this._observer ??= this._observe(cell);
    } else {
      this._measure();
      this._pass(request);
    }
  }

  /** Measure when the cell is skipped no more. */
  private _observe(cell: HTMLElement): MutationObserver {
    const observer = new MutationObserver(() => {
      if (!isSkipped(cell)) {
        this._measure();
      }
    });
    observer.observe(cell, { attributeFilter: ['style'] });
    return observer;
  }

  private _measure(): void {
    this._observer?.disconnect();
    this._observer = null;
    const requests = [...this._requests];
    this._requests.clear();
    requests.forEach(request => this._pass(request));
  }

  private _pass(request: Request): void {
    const { requestMeasure } = Object.getPrototypeOf(this._view) as EditorView;
    requestMeasure.call(this._view, request);
  }

  private _isDeferring = false;
  private _observer: MutationObserver | null = null;
  private _requests = new Set<Request>();
}

/**
 * The extension of an editor that is measured when it can be seen.
 */
export const measuredWhenSeen: Extension = Prec.highest(
  // Before others, which ask in their own updates to be measured.
  ViewPlugin.fromClass(DeferredMeasures)
);
