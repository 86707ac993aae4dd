// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Removes from a document what is too large to be sent. [M4]
 *
 * Pure: depends on outputs and the items of Yjs, not on messages.
 */

import * as encoding from 'lib0/encoding';
import * as Y from 'yjs';

import type { SharedType } from '../rebase/sharedTypes';
import { isShared } from '../rebase/sharedTypes';
import type { IRemovedContent } from '../tokens';

/**
 * The origin of the edits that remove content. Undo does not revert these, but
 * brings back what was replaced by the content.
 */
const TRIMMED = 'trimmed';

/**
 * How much is sent beside the contents (bytes).
 */
const MARGIN = 2 ** 10;

/**
 * A content that can be removed: an item of Yjs, without its first parts.
 */
interface ICandidate {
  item: Y.Item;
  /** The length of the first parts. */
  offset: number;
  /** The size in bytes. */
  size: number;
}

/**
 * Remove the largest contents that a document has beyond a state, until the
 * rest can be sent: whole outputs, texts, and other values.
 *
 * The content of a cell that was moved counts as new, but not all of the cell
 * is removed, only what is large in it.
 *
 * @param ydoc The document.
 * @param since What is known elsewhere: a clock for each client.
 * @param limit The largest size of the update with the rest, in bytes.
 * @returns What was removed.
 */
export function trim(
  ydoc: Y.Doc,
  since: Map<number, number>,
  limit: number
): IRemovedContent[] {
  const update = Y.encodeStateAsUpdate(ydoc, Y.encodeStateVector(since));
  let excess = update.length - limit + MARGIN;
  const removed: ICandidate[] = [];
  for (const candidate of candidates(ydoc, since)) {
    if (excess <= 0) {
      break;
    }
    removed.push(candidate);
    excess -= candidate.size;
  }
  const contents = removed.flatMap(contentOf);
  Y.applyUpdate(ydoc, deletionOf(removed), TRIMMED);
  return contents;
}

/**
 * What can be removed beyond a state, the largest first.
 */
function candidates(ydoc: Y.Doc, since: Map<number, number>): ICandidate[] {
  const found = new Map<Y.Item, ICandidate>();
  for (const [client, structs] of ydoc.store.clients) {
    const clock = since.get(client) ?? 0;
    for (const struct of structs) {
      if (
        struct instanceof Y.Item &&
        !struct.deleted &&
        struct.id.clock + struct.length > clock
      ) {
        // Yjs joins what was typed with what was typed before.
        const known = Math.max(0, clock - struct.id.clock);
        const output = outputWith(struct);
        const item = output ?? struct;
        const offset = output ? 0 : known;
        const size = sizeOf(struct, known) + (found.get(item)?.size ?? 0);
        found.set(item, { item, offset, size });
      }
    }
  }
  return [...found.values()].sort((one, other) => other.size - one.size);
}

/**
 * The output that an item is, or is in; `null` if it is in none.
 */
function outputWith(item: Y.Item): Y.Item | null {
  for (let at: Y.Item | null = item; at; at = (at.parent as SharedType)._item) {
    if (isOutput(at)) {
      return at;
    }
  }
  return null;
}

/**
 * Whether an item is in the list of a cell's outputs.
 */
function isOutput(item: Y.Item): boolean {
  const list = (item.parent as SharedType)._item;
  return item.parentSub === null && list?.parentSub === 'outputs';
}

/**
 * The size of an item without its first parts and what is inside, in bytes.
 */
function sizeOf({ content }: Y.Item, offset: number): number {
  const encoder = new Y.UpdateEncoderV1();
  content.write(encoder, offset);
  return encoder.toUint8Array().length;
}

function contentOf({ item, offset }: ICandidate): IRemovedContent[] {
  if (item.content instanceof Y.ContentString) {
    return [{ kind: 'text', value: item.content.str.slice(offset) }];
  }
  const kind = isOutput(item) ? 'output' : 'value';
  return item.content
    .getContent()
    .slice(offset)
    .map((each: unknown) => (isShared(each) ? each.toJSON() : each))
    .map((value: unknown) => ({ kind, value }));
}

/**
 * An update that deletes contents, in the format of Yjs: no structs, and for
 * each client the ranges of its clock.
 */
function deletionOf(removed: ICandidate[]): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, 0);
  encoding.writeVarUint(encoder, removed.length);
  for (const { item, offset } of removed) {
    encoding.writeVarUint(encoder, item.id.client);
    encoding.writeVarUint(encoder, 1);
    encoding.writeVarUint(encoder, item.id.clock + offset);
    encoding.writeVarUint(encoder, item.length - offset);
  }
  return encoding.toUint8Array(encoder);
}
