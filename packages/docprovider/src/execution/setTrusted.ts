// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Trusts the outputs of a cell, or not, without an edit of its document. [V10]
 *
 * JupyterLab renders all outputs anew then, and writes each of them into the
 * document as it was in the page. If the document has other outputs by then,
 * since the cell is being run, the old ones would come back beside them.
 */

import type { ICellModel } from '@jupyterlab/cells';

/**
 * Set whether the outputs of a cell are trusted.
 */
export function setTrusted(model: ICellModel, trusted: boolean): void {
  const shared = model.sharedModel as { updateOutputs?: () => void };
  shared.updateOutputs = () => {};
  try {
    model.trusted = trusted;
  } finally {
    delete shared.updateOutputs; // that of its class again
  }
}
