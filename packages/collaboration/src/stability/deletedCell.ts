// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Tells a user that somebody deleted the cell in which they were, and offers to
 * bring it back. [P9]
 *
 * Takes the keyboard, so that what the user goes on typing reaches no other cell
 * and no command, until they go somewhere.
 */

import type * as nbformat from '@jupyterlab/nbformat';
import type { Notebook } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

/** The keys with which the user goes on in the notebook. */
const GO_ON = ['ArrowUp', 'ArrowDown', 'Escape'];

/**
 * A cell that was deleted.
 */
export interface IDeletedCell {
  /** Its content. */
  cell: nbformat.ICell & { id: string };
  /** Where it was among the cells. */
  index: number;
}

/**
 * The notice of one deleted cell.
 */
export class DeletedCellNotice extends Widget {
  /**
   * @param options See the interface.
   */
  constructor(private _options: DeletedCellNotice.IOptions) {
    super();
    const { deletedBy, translator: trans } = _options;
    this.addClass('jp-DeletedCellNotice');
    this.node.tabIndex = -1;
    this.node.setAttribute('role', 'alert');
    const message = document.createElement('span');
    message.textContent = trans.__('The cell you were in was deleted.');
    void deletedBy.then(words => {
      message.textContent = words ?? message.textContent;
    });
    this.node.append(
      message,
      this._button('accept', trans.__('Bring It Back'), () =>
        this._bringBack()
      ),
      this._button('reject', trans.__('Dismiss'), () => this._goOn())
    );
  }

  /**
   * Handle the keys of the user.
   */
  handleEvent(event: Event): void {
    const { altKey, ctrlKey, key, metaKey, target } = event as KeyboardEvent;
    if (GO_ON.includes(key)) {
      event.preventDefault();
      event.stopPropagation();
      this._goOn();
    } else if (target === this.node && key !== 'Tab') {
      if (!altKey && !ctrlKey && !metaKey) {
        event.preventDefault();
        event.stopPropagation();
      }
    }
  }

  protected override onAfterAttach(): void {
    this.node.addEventListener('keydown', this);
    this.node.focus({ preventScroll: true });
  }

  protected override onBeforeDetach(): void {
    this.node.removeEventListener('keydown', this);
  }

  private _button(
    kind: 'accept' | 'reject',
    label: string,
    action: () => void
  ): HTMLButtonElement {
    const button = document.createElement('button');
    button.className = `jp-mod-styled jp-mod-${kind}`;
    button.textContent = label;
    button.addEventListener('click', action);
    return button;
  }

  private _bringBack(): void {
    const { deleted, notebook } = this._options;
    const { sharedModel } = notebook.model ?? {};
    if (sharedModel) {
      const index = Math.min(deleted.index, sharedModel.cells.length);
      sharedModel.insertCell(index, deleted.cell);
      notebook.activeCellIndex = index;
    }
    this._goOn();
  }

  private _goOn(): void {
    const { notebook } = this._options;
    this.dispose();
    if (!notebook.isDisposed) {
      notebook.mode = 'command';
      notebook.activate();
    }
  }
}

/**
 * Types of the notice.
 */
export namespace DeletedCellNotice {
  /**
   * What a notice needs.
   */
  export interface IOptions {
    /** The cell. */
    deleted: IDeletedCell;
    /** The notebook. */
    notebook: Notebook;
    /** Who deleted it, as a sentence, once that is known; `null` if it is not. */
    deletedBy: Promise<string | null>;
    /** Translates what is shown. */
    translator: TranslationBundle;
  }
}
