// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Shows the outputs of cells as the shared document has them. [R16]
 *
 * JupyterLab follows what is added at the end of the outputs and of their last
 * stream. It shows an output that replaces an earlier one, such as a progress
 * bar above plots, at the end as well, and ignores other changes inside outputs.
 * Such changes are brought into the model of the cell here, before JupyterLab
 * hears of them.
 */

import type { YCodeCell } from '@jupyter/ydoc';
import type { ICellModel, ICodeCellModel } from '@jupyterlab/cells';
import type { IOutput } from '@jupyterlab/nbformat';
import { JSONExt } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import * as Y from 'yjs';

import { CellModels } from './cellModels';

type Outputs = Y.Array<Y.Map<unknown>>;
type Items = Y.Map<unknown>[];

/**
 * Follows the outputs of one notebook.
 */
export class OutputPlaces implements IDisposable {
  /**
   * @param cells The cells of the notebook.
   * @param _ydoc Its document.
   */
  constructor(
    cells: Iterable<ICellModel>,
    private _ydoc: Y.Doc
  ) {
    this._models = new CellModels(cells);
    _ydoc.on('beforeObserverCalls', this._follow);
    _ydoc.on('afterTransaction', this._release);
  }

  /**
   * Whether the outputs are followed no more.
   */
  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /**
   * Follow the outputs no more.
   */
  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this._ydoc.off('beforeObserverCalls', this._follow);
      this._ydoc.off('afterTransaction', this._release);
    }
  }

  private _follow = (transaction: Y.Transaction): void => {
    if (transaction.origin === 'silent-change') {
      return; // JupyterLab writes what it shows, and tells nobody
    }
    for (const [outputs, change] of changesOf(transaction)) {
      const cell = this._models.modelOf(outputs.parent as Y.Map<unknown>);
      if (cell?.type !== 'code') {
        continue;
      }
      const model = cell as ICodeCellModel;
      // Yjs finds no items by their index before it has called the observers.
      const items = outputs.toArray();
      if (!isFollowedByJupyterLab(model, items, change)) {
        const rest = show(model, items, change);
        this._leave(model.sharedModel as YCodeCell, rest);
      }
    }
  };

  /**
   * Let JupyterLab follow only the rest of the changes in this transaction.
   */
  private _leave(shared: YCodeCell, rest: IRest): void {
    const patched = shared as unknown as IPatchedCell;
    delete patched.getChanges;
    const getChanges = patched.getChanges as unknown as IGetChanges;
    patched.getChanges = events => {
      const { outputsChange, streamOutputChange, ...others } = getChanges.call(
        shared,
        events
      );
      return {
        ...others,
        ...(rest.added.length > 0
          ? { outputsChange: [{ insert: rest.added }] }
          : {}),
        ...(rest.hasText ? { streamOutputChange } : {})
      };
    };
    this._patched.push(patched);
  }

  private _release = (): void => {
    this._patched.forEach(cell => delete cell.getChanges); // that of its class
    this._patched.length = 0;
  };

  private _isDisposed = false;
  private _models: CellModels;
  private _patched: IPatchedCell[] = [];
}

type IGetChanges = (
  events: Y.YEvent<Y.AbstractType<unknown>>[]
) => Record<string, unknown>;

/** What is protected in a shared cell. */
interface IPatchedCell {
  getChanges?: IGetChanges;
}

/**
 * What changed in the outputs of one cell.
 */
interface IOutputsChange {
  /** The changes of the list, as in a delta of Yjs. */
  delta: Delta;
  /** The outputs that changed inside. */
  inside: Set<Y.Map<unknown>>;
  /** Those of which only the end of a stream changed. */
  texts: Set<Y.Map<unknown>>;
}

type Delta = { insert?: unknown; delete?: number; retain?: number }[];

/**
 * The changes of outputs in a transaction, by the list of outputs.
 */
function changesOf(transaction: Y.Transaction): Map<Outputs, IOutputsChange> {
  const found = new Map<Outputs, IOutputsChange>();
  const changeOf = (outputs: Outputs) => {
    let change = found.get(outputs);
    if (!change) {
      change = { delta: [], inside: new Set(), texts: new Set() };
      found.set(outputs, change);
    }
    return change;
  };
  for (const each of transaction.changed.keys()) {
    const type = each as unknown as Y.AbstractType<unknown>;
    if (isOutputs(type)) {
      const event = new Y.YEvent(type, transaction);
      changeOf(type).delta = event.changes.delta as Delta;
    } else if (isOutputs(type.parent)) {
      changeOf(type.parent).inside.add(type as Y.Map<unknown>);
    } else if (isOutputs(type.parent?.parent ?? null)) {
      const { parent } = type;
      const change = changeOf(parent!.parent as unknown as Outputs);
      const isText =
        type instanceof Y.Text &&
        type._item?.parentSub === 'text' &&
        isOfEnd(type, transaction);
      change[isText ? 'texts' : 'inside'].add(parent as Y.Map<unknown>);
    }
  }
  return found;
}

/**
 * Whether only the end of a text was changed: first deleted, then added to.
 */
function isOfEnd(text: Y.Text, transaction: Y.Transaction): boolean {
  const { delta } = new Y.YTextEvent(text, transaction, new Set([null]));
  const parts = delta.map(each => Object.keys(each)[0]).join(' ');
  const end = delta.reduce(
    (sum, { insert, retain }) =>
      sum + (retain ?? 0) + (typeof insert === 'string' ? insert.length : 0),
    0
  );
  return /^(retain)? ?(delete)? ?(insert)?$/.test(parts) && end === text.length;
}

/**
 * Whether a shared type is the list of outputs of a cell that is there.
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
function isOutputs(type: Y.AbstractType<any> | null): type is Outputs {
  return (
    type instanceof Y.Array &&
    type._item?.parentSub === 'outputs' &&
    !type._item.deleted &&
    type.parent instanceof Y.Map &&
    type.parent.parent instanceof Y.Array
  );
}

/**
 * Whether JupyterLab shows a change as it is: text at the end of the last
 * stream, outputs that are added at the end, and those that are removed.
 */
function isFollowedByJupyterLab(
  model: ICodeCellModel,
  outputs: Items,
  { delta, inside, texts }: IOutputsChange
): boolean {
  const shown = model.outputs.length;
  const edit = editOf(delta, outputs.length);
  if (edit) {
    return (
      edit.replaced.length === 0 &&
      inside.size === 0 &&
      shown === outputs.length - edit.added &&
      isAtEnd(texts, outputs, edit.added)
    );
  }
  const removed = delta.reduce((sum, each) => sum + (each.delete ?? 0), 0);
  const retained = delta.reduce((sum, each) => sum + (each.retain ?? 0), 0);
  return (
    delta.every(each => !each.insert) &&
    inside.size + texts.size === 0 &&
    shown === outputs.length + removed &&
    // If the last stream was removed, JupyterLab would still add to it.
    (outputs.length === 0 || retained < outputs.length)
  );
}

/**
 * Whether JupyterLab shows outputs right that are added at the end, after text
 * was changed: it knows the last stream only, and would write text that it adds
 * to an earlier stream into the document, where it is already.
 */
function isAtEnd(
  texts: ReadonlySet<Y.Map<unknown>>,
  outputs: Items,
  added: number
): boolean {
  const last = outputs.length - added - 1;
  for (let index = Math.max(last, 0) + 1; index < outputs.length; index++) {
    const name = streamOf(outputs[index]);
    if (name && name === streamOf(outputs[index - 1])) {
      return false;
    }
  }
  return (
    texts.size === 0 ||
    (texts.size === 1 && last >= 0 && texts.has(outputs[last]))
  );
}

/**
 * A change of a list of outputs of which none was removed.
 */
interface IEdit {
  /** The indexes of the outputs that took the place of others. */
  replaced: number[];
  /** How many were added at the end. */
  added: number;
}

/**
 * What a delta does that led to a list of some length; `null` if that is
 * something else.
 */
function editOf(delta: Delta, length: number): IEdit | null {
  const edit: IEdit = { replaced: [], added: 0 };
  let index = 0;
  let inserted = 0;
  let deleted = 0;
  for (const each of [...delta, { retain: 0 }]) {
    if (each.retain === undefined) {
      inserted += insertedBy(each);
      deleted += each.delete ?? 0;
      continue;
    }
    if (deleted > inserted) {
      return null;
    }
    for (let at = 0; at < deleted; at++) {
      edit.replaced.push(index + at);
    }
    index += inserted;
    if (inserted > deleted && index < length) {
      return null;
    }
    edit.added = inserted - deleted;
    index += each.retain;
    inserted = deleted = 0;
  }
  return edit;
}

function insertedBy({ insert }: Delta[number]): number {
  return Array.isArray(insert) ? insert.length : 0;
}

/**
 * By what JupyterLab writes into the document what it shows, where that comes
 * from in this case.
 */
const WRITTEN = [
  'updateOutputs',
  'clearOutputs',
  'appendStreamOutput',
  'removeStreamOutput'
] as const;

type Written = (typeof WRITTEN)[number];

/**
 * What is left for JupyterLab of a change.
 */
interface IRest {
  /** The outputs that were added at the end. */
  added: Y.Map<unknown>[];
  /** Whether the text of the last stream was changed. */
  hasText: boolean;
}

/**
 * Bring the outputs of a document into the model of the cell.
 *
 * @returns What JupyterLab is still to do.
 */
function show(
  model: ICodeCellModel,
  outputs: Items,
  { delta, inside, texts }: IOutputsChange
): IRest {
  const shared = model.sharedModel as object as Partial<
    Record<Written, () => void>
  >;
  WRITTEN.forEach(name => (shared[name] = () => {}));
  try {
    const edit = editOf(delta, outputs.length);
    const before = outputs.length - (edit?.added ?? 0);
    if (
      edit &&
      model.outputs.length === before &&
      isAtEnd(texts, outputs, edit.added) &&
      showThese(model, outputs, [
        ...edit.replaced,
        ...placesOf(inside, outputs)
      ])
    ) {
      return { added: outputs.slice(before), hasText: texts.size > 0 };
    }
    const all = outputs.map(jsonOf);
    if (!JSONExt.deepEqual(model.outputs.toJSON(), all)) {
      model.outputs.fromJSON(all);
    }
    return { added: [], hasText: false };
  } finally {
    WRITTEN.forEach(name => delete shared[name]); // those of its class again
  }
}

/**
 * Show some outputs anew.
 *
 * @returns Whether that is possible: JupyterLab follows the text of a stream
 * only where the stream was added.
 */
function showThese(
  model: ICodeCellModel,
  outputs: Items,
  indexes: number[]
): boolean {
  const changed = indexes
    .map(index => ({ index, output: jsonOf(outputs[index]) }))
    .filter(
      ({ index, output }) =>
        !JSONExt.deepEqual(model.outputs.get(index).toJSON(), output)
    );
  const isPossible = changed.every(
    ({ index, output }) =>
      output.output_type !== 'stream' &&
      model.outputs.get(index).type !== 'stream'
  );
  if (isPossible) {
    changed.forEach(({ index, output }) => model.outputs.set(index, output));
  }
  return isPossible;
}

function placesOf(some: ReadonlySet<Y.Map<unknown>>, outputs: Items): number[] {
  const found: number[] = [];
  if (some.size > 0) {
    outputs.forEach((output, index) => {
      if (some.has(output)) {
        found.push(index);
      }
    });
  }
  return found;
}

/**
 * The name of a stream; empty for other outputs.
 */
function streamOf(output: Y.Map<unknown>): string {
  const { output_type: type, name } =
    output instanceof Y.Map
      ? { output_type: output.get('output_type'), name: output.get('name') }
      : (output as { output_type: unknown; name: unknown });
  return type === 'stream' && typeof name === 'string' ? name : '';
}

function jsonOf(output: Y.Map<unknown>): IOutput {
  // Documents of earlier versions have plain objects.
  return (output instanceof Y.Map ? output.toJSON() : output) as IOutput;
}
