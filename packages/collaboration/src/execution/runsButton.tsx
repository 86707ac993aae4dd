// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * A button in the toolbar of a notebook that shows what runs and waits on its
 * kernel, while anything does. [R3] [R5]
 */

import type { ICellRun, IDocumentRuns } from '@jupyter/docprovider';
import type { TranslationBundle } from '@jupyterlab/translation';
import {
  addToolbarButtonClass,
  ReactWidget,
  runIcon,
  ToolbarButtonComponent
} from '@jupyterlab/ui-components';
import * as React from 'react';

import { showAtEnd } from '../status/documentButton';
import { language } from '../status/language';

/**
 * The button.
 */
export class RunsButton extends ReactWidget {
  /**
   * @param _options What it shows and does.
   */
  constructor(private _options: RunsButton.IOptions) {
    super();
    addToolbarButtonClass(this);
    this.addClass('jp-RunsButton');
    showAtEnd(this);
    this.setHidden(true);
    _options.runs.changed.connect(this._onChanged, this);
  }

  /**
   * Stop showing runs.
   */
  override dispose(): void {
    this._options.runs.changed.disconnect(this._onChanged, this);
    super.dispose();
  }

  protected override render(): React.ReactElement {
    const { offer, runs } = this._options;
    const { list } = runs;
    const words = list.slice(0, MANY).map(run => this._describe(run));
    return (
      <ToolbarButtonComponent
        icon={runIcon}
        label={String(list.length)}
        tooltip={words.join('\n')}
        onClick={() => {
          const anchor = this.node.querySelector('jp-button, button');
          if (anchor instanceof HTMLElement) {
            offer(this._items(), anchor);
          }
        }}
      />
    );
  }

  private _items(): RunsButton.IItem[] {
    const { goTo, runs, trans } = this._options;
    return runs.list.slice(0, MANY).map(run => {
      if (run.cell !== null && run.state === 'waiting') {
        const label = trans.__('Cancel: %1', this._describe(run));
        return {
          label,
          run: () => void runs.cancel(run).catch(() => undefined)
        };
      }
      return { label: this._describe(run), run: () => goTo(run) };
    });
  }

  private _describe(run: ICellRun): string {
    const { numberOf, trans } = this._options;
    const time = new Date(run.since * 1000).toLocaleTimeString(language(), {
      hour: 'numeric',
      minute: '2-digit'
    });
    const { name } = run.user;
    const number = run.cell === null ? null : numberOf(run.cell);
    if (number === null) {
      return run.state === 'running'
        ? trans.__('%1 runs a cell elsewhere since %2', name, time)
        : trans.__('A cell of %1 elsewhere waits since %2', name, time);
    }
    if (run.asks) {
      return trans.__('Cell %3 of %1 asks for input', name, time, number);
    }
    return run.state === 'running'
      ? trans.__('%1 runs cell %3 since %2', name, time, number)
      : trans.__('Cell %3 of %1 waits since %2', name, time, number);
  }

  private _onChanged(): void {
    this.setHidden(this._options.runs.list.length === 0);
    this.update();
  }
}

/** Most runs that are named. */
const MANY = 20;

/**
 * Types of the button.
 */
export namespace RunsButton {
  /**
   * An item of its menu.
   */
  export interface IItem {
    /** What it says. */
    label: string;
    /** What it does. */
    run: () => void;
  }

  /**
   * What the button needs.
   */
  export interface IOptions {
    /** The runs of the document. */
    runs: IDocumentRuns;
    /** The number of a cell, from 1; `null` if there is none. */
    numberOf: (cell: string) => number | null;
    /** Show the cell of a run. */
    goTo: (run: ICellRun) => void;
    /** Open a menu at an element. */
    offer: (items: readonly IItem[], anchor: HTMLElement) => void;
    /** Translates what it says. */
    trans: TranslationBundle;
  }
}
