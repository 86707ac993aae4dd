// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Renders outputs again once the comm opens that they need. [R14]
 *
 * An output comes with the document, and its comm from the kernel: whichever is
 * first. Without its comm, a widget says "model not found" for good.
 */

import type { ICaptured } from '@jupyter/docprovider';
import type { ISessionContext } from '@jupyterlab/apputils';
import type { ICellModel } from '@jupyterlab/cells';
import { CodeCell, CodeCellModel } from '@jupyterlab/cells';
import type { CellList, Notebook } from '@jupyterlab/notebook';
import type { IOutputAreaModel, OutputArea } from '@jupyterlab/outputarea';
import type { IOutputModel } from '@jupyterlab/rendermime';
import type { Kernel, KernelMessage } from '@jupyterlab/services';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import type { PanelLayout } from '@lumino/widgets';
import { Panel } from '@lumino/widgets';

/** Most widgets whose comms may be late. */
const MANY = 100;

/** The type of outputs that need a comm. */
const WIDGET = 'application/vnd.jupyter.widget-view+json';

/**
 * The outputs of one view of a notebook.
 */
export class CommOutputs implements IDisposable {
  /**
   * @param _options What it needs.
   */
  constructor(private _options: CommOutputs.IOptions) {
    const { captured, cells, session } = _options;
    for (const cell of cells) {
      this._add(cell);
    }
    cells.changed.connect((_, { newValues }) => {
      newValues.forEach(cell => this._add(cell));
    }, this);
    captured?.connect(this._onCaptured, this);
    session.iopubMessage.connect(this._onMessage, this);
    session.connectionStatusChanged.connect(this._onConnection, this);
    this._onConnection();
  }

  /**
   * Whether outputs are rendered again no more.
   */
  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /**
   * Render nothing again.
   */
  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this._waiting.clear();
      this._early.clear();
      Signal.clearData(this);
    }
  }

  private _add(cell: ICellModel): void {
    if (!(cell instanceof CodeCellModel)) {
      return;
    }
    const { outputs } = cell;
    for (let index = 0; index < outputs.length; index++) {
      this._look(cell, outputs.get(index));
    }
    outputs.changed.connect(
      (
        _: IOutputAreaModel,
        { newValues, type }: IOutputAreaModel.ChangedArgs
      ) => {
        if (type === 'add' || type === 'set') {
          newValues.forEach(output => this._look(cell, output));
        }
      },
      this
    );
  }

  /** Note an output whose comm is not open. */
  private _look(cell: ICellModel, output: IOutputModel): void {
    const comm = commOf(output);
    if (comm && !this._kernel?.hasComm(comm)) {
      const known = this._waiting.get(comm) ?? new Set();
      this._waiting.set(comm, known.add(cell));
    }
  }

  private get _kernel(): Kernel.IKernelConnection | null {
    return this._options.session.session?.kernel ?? null;
  }

  private _onMessage(
    _: ISessionContext,
    message: KernelMessage.IMessage
  ): void {
    if (message.header.msg_type === 'comm_open') {
      const { content } = message as KernelMessage.ICommOpenMsg;
      this._opened(content.comm_id);
    }
  }

  private _onCaptured(_: unknown, captured: ICaptured): void {
    const kernel = this._kernel;
    if (kernel?.id === captured.kernel) {
      if (kernel.hasComm(captured.comm)) {
        this._options.show(kernel, captured).catch((reason: unknown) => {
          warn('A widget could not show its outputs.', reason);
        });
      } else {
        this._early.set(captured.comm, captured);
        if (this._early.size > MANY) {
          // The kernel will say it, too.
          this._early.delete([...this._early.keys()][0]);
        }
      }
    }
  }

  private _onConnection(): void {
    const kernel = this._kernel;
    if (kernel?.connectionStatus !== 'connected' || this._waiting.size === 0) {
      return;
    }
    this._options.restore(kernel).then(
      () => {
        for (const comm of [...this._waiting.keys()]) {
          if (!this._isDisposed && kernel.hasComm(comm)) {
            this._opened(comm);
          }
        }
      },
      () => undefined // The kernel itself answers once it is idle.
    );
  }

  private _opened(comm: string): void {
    const captured = this._early.get(comm);
    this._early.delete(comm);
    if (captured) {
      this._onCaptured(this, captured);
    }
    const cells = this._waiting.get(comm);
    this._waiting.delete(comm);
    cells?.forEach(model => {
      const cell = this._options.notebook.widgets.find(
        each => each.model === model
      );
      if (cell instanceof CodeCell) {
        renderAgain(cell.outputArea, comm);
      }
    });
  }

  private _early = new Map<string, ICaptured>();
  private _isDisposed = false;
  private _waiting = new Map<string, Set<ICellModel>>();
}

/**
 * Types of the outputs.
 */
export namespace CommOutputs {
  /**
   * What it needs.
   */
  export interface IOptions {
    /** The cells of the notebook. */
    cells: CellList;
    /** The view of the notebook. */
    notebook: Notebook;
    /** Its kernel. */
    session: ISessionContext;
    /** Opens the comms that were opened before this page. */
    restore: (kernel: Kernel.IKernelConnection) => Promise<void>;
    /** What code has captured with widgets. */
    captured?: ISignal<unknown, ICaptured>;
    /** Shows that in a widget. */
    show: (
      kernel: Kernel.IKernelConnection,
      captured: ICaptured
    ) => Promise<void>;
  }
}

/**
 * The comm that an output needs; empty if it needs none.
 */
function commOf({ data }: IOutputModel): string {
  const view = data[WIDGET] as { model_id?: unknown } | undefined;
  return typeof view?.model_id === 'string' ? view.model_id : '';
}

/**
 * Render the outputs again that need a comm, those that are in view.
 *
 * The renderers are new ones: one that has its widget would show it twice.
 */
function renderAgain({ model, rendermime, widgets }: OutputArea, comm: string) {
  widgets.forEach((item, index) => {
    const output = index < model.length ? model.get(index) : null;
    if (!output || commOf(output) !== comm || !(item instanceof Panel)) {
      return;
    }
    const safe = output.trusted ? 'any' : 'ensure';
    const type = rendermime.preferredMimeType(output.data, safe);
    const old = item.widgets.find(each => each.hasClass(OUTPUT_CLASS));
    if (type !== WIDGET || !old) {
      return;
    }
    const renderer = rendermime.createRenderer(type);
    renderer.addClass(OUTPUT_CLASS);
    const layout = item.layout as PanelLayout;
    layout.insertWidget(layout.widgets.indexOf(old), renderer);
    old.dispose();
    renderer.renderModel(output).catch((reason: unknown) => {
      warn('An output could not be rendered again.', reason);
    });
  });
}

/** The class of the part of an output that is not its prompt. */
const OUTPUT_CLASS = 'jp-OutputArea-output';

/**
 * Say what only this view lacks: the outputs are in the document.
 */
function warn(text: string, reason: unknown): void {
  // eslint-disable-next-line no-console
  console.warn(text, reason);
}
