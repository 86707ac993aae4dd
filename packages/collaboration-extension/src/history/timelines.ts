// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The timelines of the documents that are open: one for each document, however
 * many views it has; and which of them is shown.
 */

import type { HistoryTarget, IVersionedDocument } from '@jupyter/collaboration';
import { displayName } from '@jupyter/collaboration';
import type { IDocumentProviders } from '@jupyter/docprovider';
import { Timeline } from '@jupyter/docprovider';
import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { ISharedDocument } from '../contents/sharedDocument';
import {
  currentDocument,
  isDocument,
  versionsOf
} from '../contents/sharedDocument';

/**
 * What is shown: a document in one of the states of `HistoryTarget`.
 */
type Shown =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'unshared' | 'opening';
      readonly context: DocumentRegistry.Context;
    }
  | {
      readonly kind: 'failed';
      readonly context: DocumentRegistry.Context;
      readonly reason: string;
    }
  | {
      readonly kind: 'open';
      readonly context: DocumentRegistry.Context;
      readonly document: IVersionedDocument;
    };

/**
 * The timelines of all documents. What is shown follows the document in which
 * the user works: a launcher, a terminal or a preview changes nothing. [V10]
 */
export class Timelines {
  /**
   * @param _app Knows which document is current.
   * @param _documents Knows which documents are shared.
   * @param _isSeen Whether versions are visible.
   */
  constructor(
    private _app: JupyterFrontEnd,
    private _documents: IDocumentProviders,
    private _isSeen: () => boolean
  ) {
    _app.shell.currentChanged?.connect(this._follow, this);
    void _app.restored.then(() => this._follow());
  }

  /**
   * The document whose versions are shown; `null` if none is, or it is not
   * open yet.
   */
  get current(): IVersionedDocument | null {
    return this._shown.kind === 'open' ? this._shown.document : null;
  }

  /**
   * What is shown, for views.
   */
  get target(): HistoryTarget {
    const shown = this._shown;
    if (shown.kind === 'none') {
      return shown;
    }
    const { path } = shown.context;
    switch (shown.kind) {
      case 'failed':
        return { kind: shown.kind, path, reason: shown.reason };
      case 'open':
        return { kind: shown.kind, path, model: shown.document.timeline };
    }
    return { kind: shown.kind, path };
  }

  /**
   * A signal emitted when `target` changed.
   */
  get targetChanged(): ISignal<this, void> {
    return this._targetChanged;
  }

  /**
   * Read the versions of the document that is shown, as they are now.
   */
  async refresh(): Promise<void> {
    this._follow();
    await this.current?.timeline.refresh();
  }

  private _follow(): void {
    const widget = this._app.shell.currentWidget;
    if (!isDocument(widget)) {
      return;
    }
    const { context } = widget;
    if (this._shown.kind !== 'none' && this._shown.context === context) {
      return;
    }
    context.pathChanged.connect(this._onPathChanged, this);
    context.disposed.connect(this._onDisposed, this);
    const shared = currentDocument(this._app, this._documents);
    if (!shared) {
      this._show({ kind: 'unshared', context });
      return;
    }
    const known = this._all.get(context);
    if (known) {
      this._show({ kind: 'open', context, document: known });
    } else {
      void this._open(shared);
    }
  }

  /**
   * Show a document as soon as it is open, if it is still the one that is to
   * be shown then.
   */
  private async _open(shared: ISharedDocument): Promise<void> {
    const { context } = shared.widget;
    const opening: Shown = { kind: 'opening', context };
    this._show(opening);
    let next: Shown;
    try {
      await shared.provider.ready;
      if (context.isDisposed) {
        return;
      }
      const document = this._all.get(context) ?? this._make(shared);
      next = { kind: 'open', context, document };
    } catch (error) {
      next = { kind: 'failed', context, reason: (error as Error).message };
    }
    if (this._shown === opening) {
      this._show(next);
    }
  }

  private _make({
    model,
    provider,
    widget
  }: ISharedDocument): IVersionedDocument {
    const { context } = widget;
    const { serverSettings } = this._app.serviceManager;
    const timeline = new Timeline(versionsOf(model, serverSettings), model);
    const made = { context, model, provider, timeline };
    timeline.watch(() => this._isSeen() && this.current === made);
    const again = () => {
      if (provider.connection.status === 'live' && timeline.isUnreachable) {
        void timeline.refresh();
      }
    };
    provider.connection.changed.connect(again);
    context.disposed.connect(() =>
      provider.connection.changed.disconnect(again)
    );
    this._all.set(context, made);
    return made;
  }

  private _show(shown: Shown): void {
    this._shown = shown;
    this._targetChanged.emit();
    if (shown.kind === 'open' && this._isSeen()) {
      void shown.document.timeline.refresh();
    }
  }

  private _onPathChanged(context: DocumentRegistry.Context): void {
    if (this._shown.kind !== 'none' && this._shown.context === context) {
      this._targetChanged.emit();
    }
  }

  private _onDisposed(context: DocumentRegistry.Context): void {
    this._all.get(context)?.timeline.dispose();
    this._all.delete(context);
    if (this._shown.kind !== 'none' && this._shown.context === context) {
      this._show({ kind: 'none' });
      this._follow();
    }
  }

  private _all = new Map<DocumentRegistry.Context, IVersionedDocument>();
  private _shown: Shown = { kind: 'none' };
  private _targetChanged = new Signal<this, void>(this);
}

/**
 * The name of a user: as they are shown in the document, if they are there,
 * or as the server knew them.
 */
export function nameIn(
  { model, timeline }: IVersionedDocument,
  username: string
): string {
  for (const state of model.awareness.getStates().values()) {
    if (state.user?.username === username) {
      return displayName(state.user);
    }
  }
  return timeline.nameOf(username);
}
