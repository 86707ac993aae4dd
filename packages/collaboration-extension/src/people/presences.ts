// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The presence of the documents that are open: made when a widget first needs
 * it, and gone with it.
 */

import {
  ActiveCellGuard,
  DeletedCellNotice,
  DocumentPresence,
  FilePlaces,
  Following,
  FollowFrame,
  NotebookPlaces,
  ScrollAnchor,
  SeenPublisher,
  showUndone
} from '@jupyter/collaboration';
import type {
  IDeletedCell,
  IOpenPresence,
  IPresences
} from '@jupyter/collaboration';
import type { Activity } from '@jupyter/docprovider';
import { serverTime } from '@jupyter/docprovider';
import type {
  DocumentChange,
  YDocument,
  YFile,
  YNotebook
} from '@jupyter/ydoc';
import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { CodeMirrorEditor } from '@jupyterlab/codemirror';
import type { IDocumentWidget } from '@jupyterlab/docregistry';
import { FileEditor } from '@jupyterlab/fileeditor';
import { Notebook } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import type { Awareness } from 'y-protocols/awareness';

import { versionsOf } from '../contents/sharedDocument';
import { deletedBy, newestVersions } from './deletedBy';
import { publishRuns } from './publishRuns';

/**
 * The presences of all open documents.
 */
export class Presences implements IPresences {
  /**
   * @param _app The application.
   * @param _activity Whether the user does anything.
   * @param _trans Translates what is shown.
   */
  constructor(
    private _app: JupyterFrontEnd,
    private _activity: Activity,
    private _trans: TranslationBundle
  ) {}

  /**
   * A signal emitted when a document was opened.
   */
  get opened(): ISignal<this, IOpenPresence> {
    return this._opened;
  }

  /**
   * Of the document that is looked at; `null` if it is not shared.
   */
  get current(): IOpenPresence | null {
    const widget = this._app.shell.currentWidget;
    return (widget && this._all.get(widget as IDocumentWidget)) ?? null;
  }

  /**
   * Of all documents.
   */
  get all(): IOpenPresence[] {
    return [...this._all.values()];
  }

  /**
   * Of a document; `null` if it is not shared, of another kind, or closed: as
   * in Notebook 7, which opens other documents in pages of their own.
   */
  of(widget: IDocumentWidget): IOpenPresence | null {
    const known = this._all.get(widget);
    if (known) {
      return known;
    }
    const made = widget.isDisposed ? null : this._make(widget);
    if (made) {
      this._all.set(widget, made);
      this._opened.emit(made);
    }
    return made;
  }

  private _make(widget: IDocumentWidget): IOpenPresence | null {
    const { content, context } = widget;
    const model = context.model.sharedModel as Partial<
      YDocument<DocumentChange>
    >;
    const awareness = model.awareness as Awareness | undefined;
    const isNotebook = content instanceof Notebook;
    if (!awareness || !(isNotebook || content instanceof FileEditor)) {
      return null;
    }
    const view = isNotebook
      ? null
      : (content.editor as CodeMirrorEditor).editor;
    const username = this._app.serviceManager.user.identity?.username;
    const presence = new DocumentPresence({
      awareness,
      places:
        view === null
          ? new NotebookPlaces(content as Notebook)
          : new FilePlaces(view, (model as YFile).ysource),
      anonymous: this._trans.__('Anonymous'),
      ...(username === undefined ? {} : { ownUsername: username })
    });
    const following = new Following(presence, content.node);
    const scroller = view?.scrollDOM ?? (content as Notebook).outerNode;
    const parts: IDisposable[] = [
      presence,
      following,
      new FollowFrame(following, content.node, this._trans),
      new SeenPublisher(presence, scroller)
    ];
    const publishIdle = () => presence.publish('isIdle', this._activity.isIdle);
    publishIdle();
    this._activity.isIdleChanged.connect(publishIdle);
    if (content instanceof Notebook) {
      this._publishCell(content, presence);
      const ycells = model.ydoc!.getArray('cells');
      parts.push(
        publishRuns(content, presence),
        new ScrollAnchor(content, model.ydoc!),
        new ActiveCellGuard(content, model.ydoc!, deleted =>
          this._showDeleted(widget, content, deleted)
        ),
        showUndone(content, (model as YNotebook).undoManager, ycells)
      );
    }
    widget.disposed.connect(() => {
      this._activity.isIdleChanged.disconnect(publishIdle);
      this._all.delete(widget);
      parts.reverse().forEach(part => part.dispose());
    });
    return { widget, presence, following };
  }

  private _showDeleted(
    { context, node }: IDocumentWidget,
    notebook: Notebook,
    deleted: IDeletedCell
  ): void {
    this._deletedCell?.dispose();
    this._deletedCell = new DeletedCellNotice({
      deleted,
      deletedBy: this._deletedBy(context.model.sharedModel as YNotebook),
      notebook,
      translator: this._trans
    });
    notebook.disposed.connect(this._deletedCell.dispose, this._deletedCell);
    Widget.attach(this._deletedCell, node);
  }

  /**
   * Look up in the history who just deleted a cell: presence does not show it. [P9]
   */
  private async _deletedBy(model: YNotebook): Promise<string | null> {
    const { serverSettings, user } = this._app.serviceManager;
    const since = serverTime();
    try {
      const versions = versionsOf(model, serverSettings);
      const ask = () => versions.page({ limit: 1 });
      const page = await newestVersions(ask, since);
      const username = user.identity?.username ?? '';
      return page && deletedBy(page, username, this._trans);
    } catch {
      return null; // without a connection, or without a history
    }
  }

  private _publishCell(notebook: Notebook, presence: DocumentPresence): void {
    const publish = () =>
      presence.publish('cell', notebook.activeCell?.model.id ?? null);
    notebook.activeCellChanged.connect(publish);
    publish();
  }

  private _all = new Map<IDocumentWidget, IOpenPresence>();
  private _deletedCell: DeletedCellNotice | null = null;
  private _opened = new Signal<this, IOpenPresence>(this);
}
