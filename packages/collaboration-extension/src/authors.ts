// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The plugin that shows who wrote what is in a document. [V6]
 */

import {
  authorColors,
  authorMarks,
  documentColors
} from '@jupyter/collaboration';
import { Authorship, IDocumentProviders } from '@jupyter/docprovider';
import type { IAuthoredRange } from '@jupyter/docprovider';
import type { DocumentChange, IYText, YDocument } from '@jupyter/ydoc';
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette, Notification } from '@jupyterlab/apputils';
import {
  EditorExtensionRegistry,
  IEditorExtensionRegistry
} from '@jupyterlab/codemirror';
import type { ServerConnection } from '@jupyterlab/services';
import { ITranslator } from '@jupyterlab/translation';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import type * as Y from 'yjs';

import { currentDocument, versionsOf } from './sharedDocument';

/** The command that shows the authors of the current document. */
export const SHOW_AUTHORS = 'collaboration:show-authors';

/**
 * Adds the command, and the marks of editors.
 */
export const authors: JupyterFrontEndPlugin<void> = {
  id: '@jupyter/collaboration-extension:authors',
  description: 'Shows who wrote which part of a document.',
  autoStart: true,
  requires: [IDocumentProviders, IEditorExtensionRegistry, ITranslator],
  optional: [ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    documents: IDocumentProviders,
    extensions: IEditorExtensionRegistry,
    translator: ITranslator,
    palette: ICommandPalette | null
  ): void => {
    const trans = translator.load('jupyter_collaboration');
    const shown = new ShownAuthors(app.serviceManager.serverSettings);
    extensions.addExtension({
      name: 'author-marks',
      factory: ({ model }) => {
        const { ysource: text } = model.sharedModel as Partial<IYText>;
        return text
          ? EditorExtensionRegistry.createImmutableExtension(
              authorMarks({ authors: shown, text, translator: trans })
            )
          : null;
      }
    });
    const current = () => currentDocument(app, documents)?.model ?? null;
    app.commands.addCommand(SHOW_AUTHORS, {
      label: trans.__('Show Authors'),
      caption: trans.__('Color the text by who wrote it'),
      describedBy: { args: { type: 'object', properties: {} } },
      isEnabled: () => current() !== null,
      isToggleable: true,
      isToggled: () => {
        const model = current();
        return model !== null && shown.has(model.ydoc);
      },
      execute: async () => {
        const model = current();
        if (model) {
          await shown.toggle(model).catch((error: Error) => {
            Notification.emit(
              trans.__('The authors could not be shown: %1', error.message),
              'error'
            );
          });
          app.commands.notifyCommandChanged(SHOW_AUTHORS);
        }
      }
    });
    palette?.addItem({
      command: SHOW_AUTHORS,
      category: trans.__('Collaboration')
    });
  }
};

/**
 * The documents whose authors are shown.
 */
class ShownAuthors {
  constructor(private _settings: ServerConnection.ISettings) {}

  /**
   * A signal emitted when other authors are to be shown.
   */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /**
   * Whether the authors of a document are shown.
   */
  has(ydoc: Y.Doc): boolean {
    return this._shown.has(ydoc);
  }

  /**
   * The authors of a text, if they are to be shown.
   */
  rangesOf(text: Y.Text): readonly IAuthoredRange[] {
    const shown = text.doc && this._shown.get(text.doc);
    return shown ? shown.authorship.rangesOf(text) : [];
  }

  /**
   * The color of an author: in a document where they are, the one there. [P11]
   */
  colorOf(text: Y.Text, username: string): string {
    const shown = text.doc && this._shown.get(text.doc);
    const authors = shown?.authorship.authors ?? [];
    const present = shown ? documentColors(shown.model.awareness) : new Map();
    const colors = authorColors([...authors, username], present);
    return colors.get(username) ?? '';
  }

  /**
   * Show the authors of a document, or hide them.
   *
   * @throws Error in words if the server does not tell them.
   */
  async toggle(model: YDocument<DocumentChange>): Promise<void> {
    const { ydoc } = model;
    const shown = this._shown.get(ydoc);
    if (shown) {
      this._forget(ydoc, shown.authorship);
      return;
    }
    const client = versionsOf(model, this._settings);
    const authorship = new Authorship(() => client.authors(), ydoc);
    this._shown.set(ydoc, { authorship, model });
    authorship.changed.connect(() => this._changed.emit());
    model.disposed.connect(() => this._forget(ydoc, authorship));
    try {
      await authorship.show();
    } catch (error) {
      this._forget(ydoc, authorship);
      throw error;
    }
  }

  private _forget(ydoc: Y.Doc, authorship: Authorship): void {
    if (this._shown.get(ydoc)?.authorship === authorship) {
      this._shown.delete(ydoc);
      authorship.dispose();
      this._changed.emit();
    }
  }

  private _changed = new Signal<this, void>(this);
  private _shown = new Map<
    Y.Doc,
    { authorship: Authorship; model: YDocument<DocumentChange> }
  >();
}
