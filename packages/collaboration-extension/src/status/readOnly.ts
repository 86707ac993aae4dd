// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Lets nothing change a document in its widget while it may only be read. [M2]
 *
 * Knows the widgets of notebooks and files. Nothing is written into the shared
 * document: what JupyterLab would note there stays in the widget.
 */

import type { IDocumentProvider } from '@jupyter/docprovider';
import type { IDocumentWidget } from '@jupyterlab/docregistry';
import { FileEditor } from '@jupyterlab/fileeditor';
import { Notebook } from '@jupyterlab/notebook';
import type { IDisposable } from '@lumino/disposable';
import { DisposableDelegate } from '@lumino/disposable';

/** The events by which things are put into a document. */
const DROPS = [
  'lm-dragenter',
  'lm-dragover',
  'lm-drop',
  'dragover',
  'drop',
  'paste'
];

/**
 * Hold a widget as long as the user may only read its document.
 *
 * @param widget The widget of a notebook or a file.
 * @param provider The provider of its document; `null` if it is not shared.
 */
export function holdWidget(
  widget: IDocumentWidget,
  provider: IDocumentProvider | null
): IDisposable {
  const { content, context, node } = widget;
  const isViewing = () => provider?.access.role === 'viewer';
  const update = () => {
    if (widget.isDisposed || context.isDisposed) {
      return;
    }
    widget.toggleClass('jp-mod-viewing', isViewing());
    context.model.readOnly = isViewing();
    if (content instanceof FileEditor) {
      content.editor.setOption('readOnly', isViewing());
    } else if (content instanceof Notebook) {
      content.widgets.forEach(cell => holdCell(cell, isViewing()));
    }
  };
  const stop = (event: Event) => {
    if (isViewing() && content.node.contains(event.target as Node)) {
      event.preventDefault();
      event.stopImmediatePropagation();
    }
  };
  DROPS.forEach(name => node.addEventListener(name, stop, true));
  const cells = content instanceof Notebook ? content.model?.cells : null;
  cells?.changed.connect(update);
  provider?.access.changed.connect(update);
  void context.ready.then(update);
  return new DisposableDelegate(() => {
    DROPS.forEach(name => node.removeEventListener(name, stop, true));
    cells?.changed.disconnect(update);
    provider?.access.changed.disconnect(update);
  });
}

/**
 * Hold a cell, or let it follow what the document says of it again.
 */
function holdCell(cell: Notebook['widgets'][number], isHeld: boolean): void {
  if (cell.syncEditable !== !isHeld) {
    cell.syncCollapse = !isHeld;
    cell.syncEditable = !isHeld;
    if ('syncScrolled' in cell) {
      cell.syncScrolled = !isHeld;
    }
  }
  if (isHeld && !cell.readOnly) {
    cell.readOnly = true;
  }
}
