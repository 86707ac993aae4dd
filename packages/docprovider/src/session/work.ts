// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Tells what people write in a document from what programs note beside it.
 *
 * Pure. JupyterLab notes the language of the kernel, what is collapsed and the
 * like, also for those who only read; nobody misses that when it is refused.
 */

import * as Y from 'yjs';

import type { SharedType } from '../rebase/sharedTypes';
import { isSame, rootPairs } from '../rebase/sharedTypes';

/** The root types that hold notes. */
const NOTED = ['state', 'meta'];
/** The keys of notes on a cell. */
const NOTES = ['metadata', 'execution_state'];

/**
 * Whether a transaction has changed what people write.
 */
export function isWork(transaction: Y.Transaction): boolean {
  return [...transaction.changed].some(
    ([type, keys]) =>
      !isNoted(type as SharedType) &&
      ![...keys].every(key => key !== null && NOTES.includes(key))
  );
}

/**
 * Whether what people write differs between two documents.
 */
export function isOtherWork(own: Y.Doc, its: Y.Doc): boolean {
  return rootPairs(own, its).some(
    ([one, other]) => !isNoted(one) && !isSame(one, other)
  );
}

function isNoted(type: SharedType): boolean {
  let at = type;
  for (let item = at._item; item; item = at._item) {
    if (item.parentSub !== null && NOTES.includes(item.parentSub)) {
      return true;
    }
    at = item.parent as SharedType;
  }
  return NOTED.includes(Y.findRootTypeKey(at));
}
