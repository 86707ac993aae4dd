// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Says at the prompts of cells who ran them, and marks outputs that are not
 * those of the present text and kernel. [R15]
 */

import type { IDocumentRuns, IOrigin } from '@jupyter/docprovider';
import { sourceMark } from '@jupyter/docprovider';
import type { CellChange, YCodeCell } from '@jupyter/ydoc';
import type { ICellModel } from '@jupyterlab/cells';
import { CodeCell, CodeCellModel } from '@jupyterlab/cells';
import type { Notebook } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';
import { Debouncer } from '@lumino/polling';
import { Signal } from '@lumino/signaling';

import { language } from '../status/language';

/** How long somebody may type until the mark follows (ms). */
const DELAY = 300;

/** The class of a cell whose text has changed since it ran. */
const STALE_CLASS = 'jp-mod-staleSource';

/** The class of a cell that ran before the kernel was started again. */
const OLD_CLASS = 'jp-mod-oldKernel';

/**
 * The marks of one view of a notebook.
 */
export class ProvenanceMarks implements IDisposable {
  /**
   * @param _options What it needs.
   */
  constructor(private _options: ProvenanceMarks.IOptions) {
    const { notebook, runs } = _options;
    this._debouncer = new Debouncer(() => this._updateDirty(), DELAY);
    runs.originsChanged.connect((_, cells) => this._updateSoon(cells), this);
    this._follow([...(notebook.model?.cells ?? [])]);
    notebook.model?.cells.changed.connect((_, { newValues }) => {
      this._follow(newValues);
    }, this);
  }

  /**
   * Whether there are marks no more.
   */
  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /**
   * Whether some outputs are not those of the present text and kernel, as far
   * as the marks say it.
   */
  get hasStale(): boolean {
    return this._stale.size > 0;
  }

  /**
   * The cells whose outputs are not those of the present text and kernel.
   */
  get stale(): CodeCell[] {
    return this._cells.filter(cell => {
      const origin = this._originOf(cell);
      return origin !== null && (origin.isOld || isChanged(cell, origin));
    });
  }

  /**
   * Remove the marks.
   */
  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this._debouncer.dispose();
      Signal.clearData(this);
    }
  }

  private get _cells(): CodeCell[] {
    return this._options.notebook.widgets.filter(
      cell => cell instanceof CodeCell
    );
  }

  private _follow(cells: readonly ICellModel[]): void {
    for (const cell of cells) {
      if (cell instanceof CodeCellModel) {
        (cell.sharedModel as YCodeCell).changed.connect(this._onChanged, this);
      }
    }
    this._updateSoon(cells.map(({ id }) => id));
  }

  private _onChanged(
    cell: YCodeCell,
    { executionCountChange, sourceChange }: CellChange
  ): void {
    if (sourceChange || executionCountChange) {
      this._updateSoon([cell.getId()]);
    }
  }

  private _updateSoon(cells: readonly string[]): void {
    if (!this._isDisposed) {
      cells.forEach(cell => this._dirty.add(cell));
      void this._debouncer.invoke();
    }
  }

  private _updateDirty(): void {
    const dirty = this._dirty;
    this._dirty = new Set();
    for (const cell of this._cells) {
      if (dirty.has(cell.model.id)) {
        this._update(cell);
        // A cell that was not in view gets its prompt now.
        void cell.ready.then(() => this._update(cell));
      }
    }
  }

  private _update(cell: CodeCell): void {
    if (this._isDisposed || cell.isDisposed) {
      return;
    }
    const origin = this._originOf(cell);
    const isStale = origin !== null && isChanged(cell, origin);
    const isOld = origin?.isOld ?? false;
    cell.toggleClass(STALE_CLASS, isStale);
    cell.toggleClass(OLD_CLASS, isOld);
    const { id } = cell.model;
    if (isStale || isOld) {
      this._stale.add(id);
    } else {
      this._stale.delete(id);
    }
    const prompt = cell.promptNode;
    if (prompt) {
      prompt.title = origin
        ? describe(origin, isStale, this._options.trans)
        : '';
    }
  }

  /** Where the outputs come from; `null` if they are not those of a run. */
  private _originOf({ model }: CodeCell): IOrigin | null {
    const origin = this._options.runs.origins.get(model.id);
    return origin && origin.count === model.executionCount ? origin : null;
  }

  private _debouncer: Debouncer;
  private _dirty = new Set<string>();
  private _isDisposed = false;
  private _stale = new Set<string>();
}

/**
 * Types of the marks.
 */
export namespace ProvenanceMarks {
  /**
   * What they need.
   */
  export interface IOptions {
    /** The view of the notebook. */
    notebook: Notebook;
    /** The runs of its document. */
    runs: Pick<IDocumentRuns, 'origins' | 'originsChanged'>;
    /** Translates what they say. */
    trans: TranslationBundle;
  }
}

/**
 * Whether the text of a cell is not the one that ran.
 */
function isChanged({ model }: CodeCell, { source }: IOrigin): boolean {
  return sourceMark(model.sharedModel.getSource()) !== source;
}

function describe(
  { isOld, time, user }: IOrigin,
  isStale: boolean,
  trans: TranslationBundle
): string {
  const when = new Date(time * 1000).toLocaleString(language(), {
    dateStyle: 'medium',
    timeStyle: 'short'
  });
  return [
    trans.__('%1 ran this cell, %2.', user.name, when),
    isStale && trans.__('Its text has changed since.'),
    isOld && trans.__('The kernel has been started again since.')
  ]
    .filter(Boolean)
    .join('\n');
}
