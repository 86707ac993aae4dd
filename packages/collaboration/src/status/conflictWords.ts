// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * What is said of conflicts, in the dialog and in the document. [S4]
 */

import type { ConflictChoice, IConflict } from '@jupyter/docprovider';
import type { TranslationBundle } from '@jupyterlab/translation';

/**
 * Where the side comes from that is not the document's.
 */
export function originOf(
  { origin }: IConflict,
  trans: TranslationBundle
): string {
  switch (origin) {
    case 'disk':
      return trans.__('Text of the file on disk');
    case 'rebase':
      return trans.__('Text of a page that was offline');
    case 'restore':
      return trans.__('Text of the restored version');
    default:
      return trans.__('Your text');
  }
}

/**
 * What the document itself has.
 */
export function ownerOf(
  { origin }: IConflict,
  trans: TranslationBundle
): string {
  return origin
    ? trans.__('Text of this document')
    : trans.__('Text of the others');
}

/**
 * What can be chosen, in words.
 */
export function choicesOf(
  { kind, origin, yours }: IConflict,
  trans: TranslationBundle
): [ConflictChoice, string][] {
  if (kind === 'deleted') {
    return [
      ['both', trans.__('Keep the cell')],
      [yours === '' ? 'yours' : 'theirs', trans.__('Delete the cell')]
    ];
  }
  // In the order of the sides in the document: its own one first.
  const sides: [ConflictChoice, string][] = origin
    ? [
        ['theirs', trans.__('Keep this')],
        ['yours', trans.__('Keep the other')]
      ]
    : [
        ['yours', trans.__('Keep mine')],
        ['theirs', trans.__('Keep theirs')]
      ];
  return kind === 'text' ? [...sides, ['both', trans.__('Keep both')]] : sides;
}
