// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Shows what running cells ask by `input()`, to everybody who may answer. [R10]
 *
 * Knows the cells of a notebook and the runs of its document.
 */

import type { ICellRun, IDocumentRuns } from '@jupyter/docprovider';
import type { CodeCell } from '@jupyterlab/cells';
import { OutputPrompt, Stdin } from '@jupyterlab/outputarea';
import type { Kernel, KernelMessage } from '@jupyterlab/services';
import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';
import type { Message } from '@lumino/messaging';
import { Panel, Widget } from '@lumino/widgets';

/**
 * The prompts of one view of a notebook.
 */
export class InputPrompts implements IDisposable {
  /**
   * @param _options What it needs.
   */
  constructor(private _options: InputPrompts.IOptions) {
    _options.runs.changed.connect(this.update, this);
    this.update();
  }

  /**
   * Whether the prompts are disposed.
   */
  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /**
   * Remove the prompts; they stay in other views.
   */
  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._options.runs.changed.disconnect(this.update, this);
    this._shown.forEach(panel => panel.dispose());
    this._shown.clear();
  }

  /**
   * Show what is asked now.
   */
  update(): void {
    const asking = new Map<string, ICellRun>();
    for (const run of this._options.runs.list) {
      if (run.input) {
        asking.set(run.input.id, run);
      }
    }
    for (const [id, panel] of this._shown) {
      if (!asking.has(id) || panel.isDisposed) {
        panel.dispose();
        this._shown.delete(id);
      }
    }
    for (const [id, run] of asking) {
      const cell = this._options.cellOf(run.cell ?? '');
      if (cell && !this._shown.has(id)) {
        this._show(id, run, cell);
      }
    }
  }

  private _show(id: string, run: ICellRun, cell: CodeCell): void {
    const { runs, trans } = this._options;
    const { outputArea } = cell;
    const isOwn = runs.isOwn(run);
    const panel = new Panel();
    panel.addClass('jp-OutputArea-child');
    panel.addClass('jp-OutputArea-stdin-item');
    panel.addClass('jp-SharedInput');
    const prompt = new OutputPrompt();
    prompt.addClass('jp-OutputArea-prompt');
    panel.addWidget(prompt);
    const input = new SharedStdin(isOwn, {
      parent_header: {} as KernelMessage.IInputRequestMsg['header'],
      prompt: run.input?.prompt ?? '',
      password: run.input?.password ?? false,
      // What it needs of a future.
      future: {
        sendInputReply: ({ value }: { value: string }) => {
          // Whether this answer or that of somebody else counts shows in the
          // output of the cell.
          runs.answer(id, value).catch(() => undefined);
        }
      } as unknown as Kernel.IShellFuture,
      translator: this._options.translator
    });
    input.addClass('jp-OutputArea-output');
    panel.addWidget(input);
    if (!isOwn) {
      const asker = new Widget();
      asker.addClass('jp-SharedInput-asker');
      asker.node.textContent = trans.__('%1 runs this cell', run.user.name);
      panel.addWidget(asker);
    }
    this._shown.set(id, panel);
    // Outputs that arrive in the same moment are before it.
    outputArea.layout.addWidget(panel);
  }

  private _isDisposed = false;
  private _shown = new Map<string, Panel>();
}

/**
 * Types of the prompts.
 */
export namespace InputPrompts {
  /**
   * What the prompts need.
   */
  export interface IOptions {
    /** The runs of the document. */
    runs: IDocumentRuns;
    /** The view of a cell; `null` if there is none. */
    cellOf: (id: string) => CodeCell | null;
    /** Translates what it says. */
    trans: TranslationBundle;
    /** For JupyterLab's own texts. */
    translator?: ITranslator;
  }
}

/**
 * An input that takes the focus only from the user who runs the cell.
 */
class SharedStdin extends Stdin {
  constructor(
    private _takesFocus: boolean,
    options: Stdin.IOptions
  ) {
    super(options);
  }

  protected override onAfterAttach(msg: Message): void {
    const active = document.activeElement;
    super.onAfterAttach(msg);
    if (this._takesFocus) {
      return;
    }
    if (active instanceof HTMLElement && active !== document.body) {
      active.focus({ preventScroll: true });
    } else {
      this.node.querySelector('input')?.blur();
    }
  }
}
