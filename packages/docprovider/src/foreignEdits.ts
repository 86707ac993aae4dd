// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * What a replica says that the document of the server does not. [S4]
 *
 * Pure. For users who may not edit any more: their text is offered to them
 * rather than placed.
 */

import * as Y from 'yjs';

import { rootPairs } from './sharedTypes';
import type { IConflict } from './tokens';

/**
 * The texts of a replica that differ from those of another document.
 *
 * @param own The replica.
 * @param its The other document.
 */
export function foreignEdits(own: Y.Doc, its: Y.Doc): IConflict[] {
  const conflicts: IConflict[] = [];
  const compare = (
    cell: string | null,
    yours: string,
    theirs: string | undefined
  ): void => {
    if (yours !== theirs) {
      conflicts.push({
        cell,
        kind: theirs === undefined ? 'deleted' : 'text',
        key: 'source',
        yours,
        theirs: theirs ?? '',
        merged: theirs ?? ''
      });
    }
  };
  for (const [one, other] of rootPairs(own, its)) {
    if (one instanceof Y.Text && other instanceof Y.Text) {
      compare(null, one.toString(), other.toString());
    } else if (one instanceof Y.Array && other instanceof Y.Array) {
      const sources = sourcesOf(other);
      sourcesOf(one).forEach((source, id) => {
        if (source || sources.has(id)) {
          compare(id, source, sources.get(id));
        }
      });
    }
  }
  return conflicts;
}

function sourcesOf(cells: Y.Array<unknown>): Map<string, string> {
  const sources = new Map<string, string>();
  cells.forEach(cell => {
    if (cell instanceof Y.Map && cell.get('source') instanceof Y.Text) {
      sources.set(String(cell.get('id')), String(cell.get('source')));
    }
  });
  return sources;
}
