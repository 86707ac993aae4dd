// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The timelines of the documents that are open: one each, from when somebody
 * first looks at it until the document is closed.
 */

import { displayName } from '@jupyter/collaboration';
import type { RtcContentProvider } from '@jupyter/docprovider';
import { Timeline } from '@jupyter/docprovider';
import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { IDocumentWidget } from '@jupyterlab/docregistry';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { ISharedDocument } from './sharedDocument';
import { currentDocument, versionsOf } from './sharedDocument';

/**
 * A document, and its versions.
 */
export interface IDocumentTimeline extends ISharedDocument {
  /** Its versions. */
  timeline: Timeline;
}

/**
 * The timelines of all documents.
 */
export class Timelines {
  /**
   * @param _app Knows what is looked at.
   * @param _contentProvider Knows what is shared.
   * @param _isSeen Whether somebody looks at versions.
   */
  constructor(
    private _app: JupyterFrontEnd,
    private _contentProvider: RtcContentProvider,
    private _isSeen: () => boolean
  ) {}

  /**
   * That of the shared document that was looked at last; `null` if there is
   * none, or it was closed.
   */
  get current(): IDocumentTimeline | null {
    return this._current;
  }

  /**
   * A signal emitted when `current` changed.
   */
  get currentChanged(): ISignal<this, IDocumentTimeline | null> {
    return this._currentChanged;
  }

  /**
   * The document that is looked at, if it is shared.
   */
  find(): ISharedDocument | null {
    return currentDocument(this._app, this._contentProvider);
  }

  /**
   * Read the versions of the document that is looked at, as they are now.
   */
  async update(): Promise<void> {
    const found = this.find();
    await found?.provider.ready;
    if (found && !found.widget.isDisposed) {
      const document = this._all.get(found.widget) ?? this._make(found);
      this._show(document);
      await document.timeline.refresh();
    }
  }

  private _make(document: ISharedDocument): IDocumentTimeline {
    const { model, widget } = document;
    const { serverSettings } = this._app.serviceManager;
    const timeline = new Timeline(versionsOf(model, serverSettings), model);
    const made = { ...document, timeline };
    timeline.watch(() => this._isSeen() && this._current === made);
    this._all.set(widget, made);
    widget.disposed.connect(() => {
      timeline.dispose();
      this._all.delete(widget);
      if (this._current === made) {
        this._show(null);
      }
    });
    return made;
  }

  private _show(document: IDocumentTimeline | null): void {
    if (document !== this._current) {
      this._current = document;
      this._currentChanged.emit(document);
    }
  }

  private _all = new Map<IDocumentWidget, IDocumentTimeline>();
  private _current: IDocumentTimeline | null = null;
  private _currentChanged = new Signal<this, IDocumentTimeline | null>(this);
}

/**
 * The name of a user: as they are shown in the document, if they are there,
 * or as the server knew them.
 */
export function nameIn(
  { model, timeline }: IDocumentTimeline,
  username: string
): string {
  for (const state of model.awareness.getStates().values()) {
    if (state.user?.username === username) {
      return displayName(state.user);
    }
  }
  return timeline.nameOf(username);
}
