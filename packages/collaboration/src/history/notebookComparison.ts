// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * A notebook as it was, with what differs from another state of it marked.
 *
 * Cells that stay the same from one state to the next stay where they are in
 * the page, and the cell that is read stays in its place.
 */

import type { ICellComparison, INotebookContent } from '@jupyter/docprovider';
import { compareCells, isDifferent, notedOf } from '@jupyter/docprovider';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Panel, PanelLayout, Widget } from '@lumino/widgets';

import type { ICellOptions } from './cellComparison';
import { CellComparison } from './cellComparison';
import { Fold } from './fold';
import type { Languages } from './textComparison';
import { TextComparison } from './textComparison';

/** How far from what is seen cells are made. */
const MARGIN = '600px';

/**
 * A cell, and how many pixels it is below the top of what is seen.
 */
interface IAnchor {
  id: string | undefined;
  offset: number;
}

/**
 * Options of `NotebookComparison`.
 */
export interface INotebookComparisonOptions {
  /** How code is colored. */
  languages: Languages;
  /** Renders outputs and markdown. */
  rendermime: IRenderMimeRegistry;
  /** Translates what is shown. */
  translator: TranslationBundle;
  /** Make a cell what it was in the version that is shown. */
  restoreCell: (cell: string) => void;
}

/**
 * A notebook beside an older state of it.
 */
export class NotebookComparison extends Widget {
  /**
   * @param _options How notebooks are shown.
   */
  constructor(private _options: INotebookComparisonOptions) {
    super();
    const layout = new PanelLayout();
    this.layout = layout;
    layout.addWidget(this._notesPlace);
    this.addClass('jp-VersionNotebook');
    this._observer = new IntersectionObserver(
      entries => {
        for (const { isIntersecting, target } of entries) {
          if (isIntersecting) {
            this._fill(target);
          }
        }
      },
      { root: this.node, rootMargin: MARGIN }
    );
  }

  /**
   * The number of cells that differ.
   */
  get differences(): number {
    return this._rows.filter(({ comparison }) => isDifferent(comparison))
      .length;
  }

  /**
   * Take the notebook away.
   */
  override dispose(): void {
    if (!this.isDisposed) {
      this._observer.disconnect();
      this._notes?.dispose();
      super.dispose();
    }
  }

  /**
   * Show a notebook.
   *
   * @param before The older state; `null` to mark nothing.
   * @param after The newer state.
   * @param isSince Whether the older state is the version.
   * @param mayRestore Whether the user may bring cells back.
   */
  compare(
    before: INotebookContent | null,
    after: INotebookContent,
    isSince: boolean,
    mayRestore: boolean
  ): void {
    const anchor = this._anchor();
    this._showMetadata(before, after);
    const options: ICellOptions = {
      ...this._options,
      mimeType: mimeTypeOf(after),
      isSince,
      restore: mayRestore ? this._options.restoreCell : null
    };
    // Rows that are shown in the same words are kept.
    const rest = new Map(
      this._mode === `${isSince} ${mayRestore} ${options.mimeType}`
        ? this._rows.map(row => [row.comparison.key, row])
        : []
    );
    this._mode = `${isSince} ${mayRestore} ${options.mimeType}`;
    const old = this._rows;
    this._rows = compareCells(before, after).map(comparison => {
      const kept = rest.get(comparison.key);
      rest.delete(comparison.key);
      return kept ?? this._row(comparison, options);
    });
    const kept = new Set(this._rows);
    old.filter(row => !kept.has(row)).forEach(row => this._drop(row));
    const layout = this.layout as PanelLayout;
    this._rows.forEach((row, at) => layout.insertWidget(at + 1, row));
    this._restoreAnchor(anchor);
  }

  /**
   * Go to the next cell that differs, or to the one before.
   *
   * @returns Whether there is one.
   */
  go(step: 1 | -1): boolean {
    const top = this.node.getBoundingClientRect().top;
    const active = this._rows.findIndex(row =>
      row.node.contains(document.activeElement)
    );
    const seen = this._rows.findIndex(
      row => row.node.getBoundingClientRect().bottom > top + 1
    );
    const from = active >= 0 ? active + step : step > 0 ? seen : seen - 1;
    for (let at = from; at >= 0 && at < this._rows.length; at += step) {
      if (isDifferent(this._rows[at].comparison)) {
        const { node } = this._rows[at];
        this._rows[at].fill();
        node.scrollIntoView({ block: 'start' });
        node.focus({ preventScroll: true });
        return true;
      }
    }
    return false;
  }

  private _row(
    comparison: ICellComparison,
    options: ICellOptions
  ): CellComparison {
    const row = new CellComparison(comparison, options);
    this._byNode.set(row.node, row);
    this._observer.observe(row.node);
    return row;
  }

  private _drop(row: CellComparison): void {
    this._observer.unobserve(row.node);
    row.dispose();
  }

  private _fill(target: Element): void {
    this._byNode.get(target)?.fill();
    this._observer.unobserve(target);
  }

  /**
   * The first cell that is seen, and where.
   */
  private _anchor(): IAnchor | null {
    const { top } = this.node.getBoundingClientRect();
    for (const row of this._rows) {
      const place = row.node.getBoundingClientRect();
      if (place.bottom > top) {
        return { id: row.cellId, offset: place.top - top };
      }
    }
    return null;
  }

  private _restoreAnchor(anchor: IAnchor | null): void {
    const row = anchor && this._rows.find(({ cellId }) => cellId === anchor.id);
    if (row) {
      row.fill();
      const { top } = this.node.getBoundingClientRect();
      this.node.scrollTop +=
        row.node.getBoundingClientRect().top - top - anchor.offset;
    }
  }

  private _showMetadata(
    before: INotebookContent | null,
    after: INotebookContent
  ): void {
    const [old, now] = [before, after].map(each => {
      // Pages fill in what the kernel speaks by themselves.
      const { language_info: _, ...rest } = notedOf(each?.metadata);
      return JSON.stringify(rest, null, 2);
    });
    this._notes?.dispose();
    this._notes = null;
    this._notesPlace.widgets.forEach(widget => widget.dispose());
    if (!before || !before.cells.length || old === now) {
      return;
    }
    const { languages, translator: trans } = this._options;
    const title = trans.__('Metadata of the notebook');
    const host = new Widget();
    this._notesPlace.addWidget(new Fold(title, host, false));
    this._notes = new TextComparison({
      host: host.node,
      before: old,
      after: now,
      label: title,
      mimeType: 'application/json',
      languages
    });
  }

  private _byNode = new WeakMap<Element, CellComparison>();
  private _mode = '';
  private _notes: TextComparison | null = null;
  private _notesPlace = new Panel();
  private _observer: IntersectionObserver;
  private _rows: CellComparison[] = [];
}

/**
 * The type of the code of a notebook.
 */
function mimeTypeOf({ metadata }: INotebookContent): string {
  const info = metadata?.language_info as
    { mimetype?: string; name?: string } | undefined;
  if (info?.mimetype) {
    return info.mimetype;
  }
  const kernel = metadata?.kernelspec as { language?: string } | undefined;
  return `text/x-${info?.name || kernel?.language || 'python'}`;
}
