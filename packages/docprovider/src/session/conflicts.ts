// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The conflicts of one document, until the user has chosen. [S4]
 *
 * Knows shared models; knows nothing of servers and widgets.
 */

import type {
  DocumentChange,
  YDocument,
  YFile,
  YNotebook
} from '@jupyter/ydoc';
import type { ReadonlyPartialJSONValue } from '@lumino/coreutils';
import { JSONExt } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { ISharedConflict } from '../protocol';
import type { ConflictChoice, IConflict, IDocumentConflicts } from '../tokens';

type SharedCell = YNotebook['cells'][number];
type TextModel = Pick<YFile, 'source' | 'updateSource'>;

/**
 * The list of conflicts.
 */
export class Conflicts implements IDocumentConflicts, IDisposable {
  /**
   * @param _model The document; the caller disposes it.
   */
  constructor(private _model: YDocument<DocumentChange>) {}

  /**
   * What is to be chosen.
   */
  get list(): readonly IConflict[] {
    return this._list;
  }

  /**
   * Those that only this page has, and so has to keep.
   */
  get own(): readonly IConflict[] {
    return this._own.filter(each => !isAmong(this._shared, each));
  }

  /**
   * A signal emitted with the id of a shared conflict of which the user wants
   * to keep both sides.
   */
  get keptBoth(): ISignal<this, string> {
    return this._keptBoth;
  }

  /**
   * A signal emitted when the list changed.
   */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /**
   * Whether the list is disposed.
   */
  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /**
   * Add conflicts, each once.
   */
  add(conflicts: readonly IConflict[]): void {
    const fresh = conflicts.filter(each => !isAmong(this._own, each));
    if (fresh.length) {
      this._own = [...this._own, ...fresh];
      this._update();
    }
  }

  /**
   * Take the list that the server shows to everybody.
   */
  share(conflicts: readonly ISharedConflict[]): void {
    const gone = this._shared;
    this._shared = conflicts.map(({ ours, theirs, ...rest }) => ({
      cell: rest.cell,
      kind: rest.kind,
      key: rest.key,
      yours: theirs,
      theirs: ours,
      merged: rest.merged,
      id: rest.id,
      origin: rest.origin
    }));
    // What somebody has decided is not this page's to decide either.
    this._own = this._own.filter(
      each => !isAmong(gone, each) || isAmong(this._shared, each)
    );
    this._update();
  }

  /**
   * Choose what to keep of a conflict.
   *
   * @returns Whether the document was as the conflict says; if not, nothing
   * was changed, and the conflict stays.
   */
  resolve(conflict: IConflict, choice: ConflictChoice): boolean {
    if (!isAmong(this._list, conflict)) {
      return true;
    }
    if (!this._edit(conflict, choice)) {
      return false;
    }
    // The server sees an edit of the place by itself.
    if (choice === 'both' && conflict.id) {
      this._keptBoth.emit(conflict.id);
    }
    const isOther = (each: IConflict) => !isSameConflict(each, conflict);
    this._own = this._own.filter(isOther);
    this._shared = this._shared.filter(isOther);
    this._update();
    return true;
  }

  /**
   * The number of the cell of a conflict, from 1; `null` if there is none.
   */
  cellNumber({ cell }: IConflict): number | null {
    const found = this._cell(cell);
    return found && this._notebook
      ? this._notebook.cells.indexOf(found) + 1
      : null;
  }

  /**
   * Forget the list.
   */
  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      Signal.clearData(this);
    }
  }

  private _update(): void {
    const shared = this._shared.map(each => {
      // The user knows their own text as theirs.
      const { origin, ...own } = each;
      return isAmong(this._own, each) ? own : { ...own, origin };
    });
    this._list = [...this.own, ...shared];
    this._changed.emit();
  }

  private _edit(conflict: IConflict, choice: ConflictChoice): boolean {
    switch (conflict.kind) {
      case 'text':
        return choice === 'both' || this._replace(conflict, conflict[choice]);
      case 'deleted':
        return (
          choice === 'both' || conflict[choice] !== '' || this._delete(conflict)
        );
      case 'value':
        return choice !== 'yours' || this._set(conflict);
    }
  }

  /**
   * Put a text where the texts of both are.
   */
  private _replace({ cell, merged }: IConflict, text: string): boolean {
    const target = cell === null ? this._file : this._cell(cell);
    const start = target?.source.indexOf(merged) ?? -1;
    if (!target || start < 0 || !merged) {
      return false;
    }
    target.updateSource(start, start + merged.length, text);
    return true;
  }

  /**
   * Delete a cell that was kept; one that is gone is deleted already.
   */
  private _delete({ cell, merged }: IConflict): boolean {
    const found = this._cell(cell);
    if (found && found.source !== merged) {
      return false;
    }
    if (found) {
      this._notebook?.deleteCell(this._notebook.cells.indexOf(found));
    }
    return true;
  }

  /**
   * Put the user's value in the place of that of the others.
   */
  private _set({ cell, key, theirs, yours }: IConflict): boolean {
    const target = cell === null ? this._notebook : this._cell(cell);
    const [field, ...path] = key.split('.');
    const name = path.join('.');
    if (!target) {
      return false;
    }
    const value: ReadonlyPartialJSONValue = parse(yours);
    const before = (target.toJSON() as unknown as Record<string, never>)[field];
    const current = name ? (before ?? {})[name] : before;
    if (!JSONExt.deepEqual(current ?? null, parse(theirs))) {
      return false;
    }
    if (field === 'metadata') {
      if (!name) {
        target.metadata = value as never;
      } else if (value === null) {
        target.deleteMetadata(name);
      } else {
        target.setMetadata(name, value as never);
      }
    } else if (!name && field in target) {
      Object.assign(target, { [field]: value });
    } else {
      return false;
    }
    return true;
  }

  private _cell(id: string | null): SharedCell | undefined {
    return this._notebook?.cells.find(cell => cell.getId() === id);
  }

  private get _notebook(): YNotebook | null {
    return 'cells' in this._model ? (this._model as YNotebook) : null;
  }

  private get _file(): TextModel | null {
    return 'updateSource' in this._model
      ? (this._model as unknown as TextModel)
      : null;
  }

  private _changed = new Signal<this, void>(this);
  private _isDisposed = false;
  private _keptBoth = new Signal<this, string>(this);
  private _own: readonly IConflict[] = [];
  private _shared: readonly IConflict[] = [];
  private _list: readonly IConflict[] = [];
}

/**
 * Whether two conflicts say the same.
 */
export function isSameConflict(one: IConflict, other: IConflict): boolean {
  return (
    one.cell === other.cell &&
    one.kind === other.kind &&
    one.key === other.key &&
    one.yours === other.yours &&
    one.theirs === other.theirs
  );
}

function isAmong(list: readonly IConflict[], conflict: IConflict): boolean {
  return list.some(each => isSameConflict(each, conflict));
}

function parse(text: string): ReadonlyPartialJSONValue {
  try {
    return JSON.parse(text) as ReadonlyPartialJSONValue;
  } catch {
    return null;
  }
}
