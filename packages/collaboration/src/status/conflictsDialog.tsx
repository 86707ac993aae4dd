// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The dialog in which a user chooses what to keep.
 */

import type { IDocumentConflicts } from '@jupyter/docprovider';
import { Dialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';

import { ConflictsView } from './conflictsView';

/**
 * Show the conflicts of a document until all are chosen, or it is closed.
 *
 * @param model The conflicts.
 * @param name How the document is called.
 * @param trans Translates what is shown.
 */
export async function reviewConflicts(
  model: IDocumentConflicts,
  name: string,
  trans: TranslationBundle
): Promise<void> {
  const body = ReactWidget.create(
    <ConflictsView model={model} translator={trans} />
  );
  body.addClass('jp-ConflictsDialog-body');
  const dialog = new Dialog({
    title: trans.__('Changes to %1 that could not be merged', name),
    body,
    buttons: [Dialog.cancelButton({ label: trans.__('Close') })]
  });
  dialog.addClass('jp-ConflictsDialog');
  const closeWhenDone = (): void => {
    if (!model.list.length) {
      dialog.reject();
    }
  };
  model.changed.connect(closeWhenDone);
  try {
    await dialog.launch();
  } finally {
    model.changed.disconnect(closeWhenDone);
  }
}
