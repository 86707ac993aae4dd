// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The plugin that shows conflicts in the text of editors. [S4]
 */

import type { ITextConflicts } from '@jupyter/collaboration';
import { conflictMarks } from '@jupyter/collaboration';
import type {
  ConflictChoice,
  IConflict,
  IDocumentProvider
} from '@jupyter/docprovider';
import { IDocumentProviders } from '@jupyter/docprovider';
import type { YCodeCell } from '@jupyter/ydoc';
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import {
  EditorExtensionRegistry,
  IEditorExtensionRegistry
} from '@jupyterlab/codemirror';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

/**
 * Adds the editor extension.
 */
export const conflictMarksInEditors: JupyterFrontEndPlugin<void> = {
  id: '@jupyter/collaboration-extension:conflict-marks',
  description: 'Shows edits that do not go together in the text of editors.',
  autoStart: true,
  requires: [IEditorExtensionRegistry, IDocumentProviders],
  optional: [ITranslator],
  activate: (
    _: JupyterFrontEnd,
    extensions: IEditorExtensionRegistry,
    documents: IDocumentProviders,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('jupyter_collaboration');
    extensions.addExtension({
      name: 'merge-conflicts',
      factory: ({ model: { sharedModel } }) =>
        'ysource' in sharedModel
          ? EditorExtensionRegistry.createImmutableExtension(
              conflictMarks(
                () => new EditorConflicts(documents, sharedModel),
                trans
              )
            )
          : null
    });
  }
};

/**
 * The conflicts of the text in one editor: of a cell, or of a file.
 */
export class EditorConflicts implements ITextConflicts {
  /**
   * @param _documents Knows the provider of the document, perhaps only later.
   * @param shared The shared model of the editor.
   */
  constructor(
    private _documents: IDocumentProviders,
    shared: unknown
  ) {
    const { notebook } = shared as Partial<YCodeCell>;
    this._document = notebook ?? shared;
    this._cell = notebook ? (shared as YCodeCell) : null;
    _documents.opened.connect(this._find, this);
    this._find();
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  list(): readonly IConflict[] {
    const cell = this._cell?.getId() ?? null;
    return (this._provider?.conflicts.list ?? []).filter(
      each => each.kind === 'text' && each.cell === cell
    );
  }

  mayChoose(): boolean {
    return this._provider?.access.role === 'editor';
  }

  resolve(conflict: IConflict, choice: ConflictChoice): boolean {
    return this._provider?.conflicts.resolve(conflict, choice) ?? false;
  }

  dispose(): void {
    this._documents.opened.disconnect(this._find, this);
    this._provider?.conflicts.changed.disconnect(this._onChanged, this);
    this._provider?.access.changed.disconnect(this._onChanged, this);
    Signal.clearData(this);
  }

  private _find(): void {
    if (this._provider === undefined) {
      this._provider = this._documents.providerOf(this._document);
      this._provider?.conflicts.changed.connect(this._onChanged, this);
      this._provider?.access.changed.connect(this._onChanged, this);
      if (this._provider?.conflicts.list.length) {
        this._onChanged();
      }
    }
  }

  private _onChanged(): void {
    this._changed.emit();
  }

  private _cell: YCodeCell | null;
  private _changed = new Signal<this, void>(this);
  private _document: unknown;
  private _provider: IDocumentProvider | undefined;
}
