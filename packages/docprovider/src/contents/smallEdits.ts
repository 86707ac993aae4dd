// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Makes a new text of a shared document an edit of what differs. [P9]
 *
 * *Replace All* and programs that format code set the whole text of a cell or a
 * file. As a deletion and an insertion, that would take the carets of others
 * away from their place, and put what they are typing elsewhere.
 */

import type {
  DocumentChange,
  YDocument,
  YFile,
  YNotebook
} from '@jupyter/ydoc';

import { mirrorText } from '../rebase/patchDoc';

type SharedCell = YNotebook['cells'][number];
type SharedText = Pick<
  SharedCell | YFile,
  'setSource' | 'transact' | 'ysource'
>;

/**
 * Make all texts of a shared document, also of cells that come later, edit only
 * what differs.
 */
export function editWhatDiffers(model: YDocument<DocumentChange>): void {
  if ('cells' in model) {
    const notebook = model as YNotebook;
    const known = new WeakSet<SharedCell>();
    const update = () =>
      notebook.cells
        .filter(cell => !known.has(cell))
        .forEach(cell => {
          known.add(cell);
          cell.setSource = text => {
            setText(cell, text);
            cell.dirty = true;
          };
        });
    notebook.changed.connect((_, { cellsChange }) => {
      if (cellsChange) {
        update();
      }
    });
    update();
  } else if ('ysource' in model) {
    const file = model as unknown as YFile;
    file.setSource = text => setText(file, text);
  }
}

function setText(shared: SharedText, text: string): void {
  shared.transact(() => mirrorText(shared.ysource, text));
}
