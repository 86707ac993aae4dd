// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The plugin of the timeline: the history of the current document. [V1] [V5]
 */

import { displayName, TimelinePanel } from '@jupyter/collaboration';
import { ICollaborativeContentProvider } from '@jupyter/collaborative-drive';
import type { IDocumentProvider } from '@jupyter/docprovider';
import {
  RtcContentProvider,
  Timeline,
  VersionClient
} from '@jupyter/docprovider';
import type { DocumentChange, YDocument } from '@jupyter/ydoc';
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import type { IDocumentWidget } from '@jupyterlab/docregistry';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ITranslator } from '@jupyterlab/translation';
import {
  CommandToolbarButtonComponent,
  historyIcon
} from '@jupyterlab/ui-components';
import type { Widget } from '@lumino/widgets';
import * as React from 'react';

import { SHOW_AUTHORS } from './authors';
import { versionActions } from './versionActions';
import { VersionPreviews } from './versionPreviews';

const COMMAND = 'collaboration:show-timeline';

/**
 * Adds the panel, and the command that shows it; the schema of the same name
 * puts the command into toolbars.
 */
export const timeline: JupyterFrontEndPlugin<void> = {
  id: '@jupyter/collaboration-extension:timeline',
  description: 'Shows the history of the current document.',
  autoStart: true,
  requires: [
    ICollaborativeContentProvider,
    ITranslator,
    IRenderMimeRegistry,
    IEditorLanguageRegistry
  ],
  optional: [ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    contentProvider: ICollaborativeContentProvider,
    translator: ITranslator,
    rendermime: IRenderMimeRegistry,
    languages: IEditorLanguageRegistry,
    palette: ICommandPalette | null
  ): void => {
    if (!(contentProvider instanceof RtcContentProvider)) {
      return;
    }
    const trans = translator.load('jupyter_collaboration');
    const follower = new Follower(app, contentProvider);
    const current = () => follower.current;
    const actions = versionActions({ app, current, trans });
    const nameOf = (username: string) => follower.nameOf(username);
    const previews = new VersionPreviews({
      actions,
      app,
      languages,
      nameOf,
      rendermime,
      trans
    });
    const preview = () => {
      if (follower.current) {
        previews.show(follower.current);
      }
    };
    const panel = new TimelinePanel({
      actions: [{ label: trans.__('Preview'), run: preview }, ...actions],
      nameOf,
      scrubbed: preview,
      tools: React.createElement(CommandToolbarButtonComponent, {
        commands: app.commands,
        id: SHOW_AUTHORS
      }),
      translator: trans
    });
    app.shell.add(panel, 'right', { rank: 600, type: 'Collaboration' });
    follower.follow(panel);

    app.commands.addCommand(COMMAND, {
      label: trans.__('Show the History of the Document'),
      caption: trans.__('Show who changed what, and bring it back'),
      icon: args => (args.toolbar ? historyIcon : undefined),
      describedBy: {
        args: {
          type: 'object',
          properties: { toolbar: { type: 'boolean' } }
        }
      },
      isEnabled: () => follower.find() !== null,
      execute: async () => {
        app.shell.activateById(panel.id);
        await follower.update();
      }
    });
    palette?.addItem({
      command: COMMAND,
      category: trans.__('Collaboration')
    });
  }
};

/**
 * The document whose history is shown.
 */
export interface ICurrentDocument {
  /** Where it is edited. */
  widget: IDocumentWidget;
  /** Its provider. */
  provider: IDocumentProvider;
  /** Its versions. */
  timeline: Timeline;
}

/**
 * Shows the history of the document that is looked at.
 */
class Follower {
  constructor(
    private _app: JupyterFrontEnd,
    private _contentProvider: RtcContentProvider
  ) {}

  /**
   * The document whose history is shown; `null` if there is none.
   */
  get current(): ICurrentDocument | null {
    return this._current;
  }

  /**
   * Show the history of the current document from now on.
   */
  follow(panel: TimelinePanel): void {
    this._panel = panel;
    this._app.shell.currentChanged?.connect(() => void this.update());
  }

  /**
   * The document that is looked at, if it is shared.
   */
  find(): { widget: IDocumentWidget; provider: IDocumentProvider } | null {
    const widget = this._app.shell.currentWidget;
    if (!isDocument(widget)) {
      return null;
    }
    const { sharedModel } = widget.context.model;
    const provider = this._contentProvider.providerOf(sharedModel);
    return provider ? { widget, provider } : null;
  }

  /**
   * Show the history of the document that is looked at now, as it is now.
   */
  async update(): Promise<void> {
    const found = this.find();
    if (!found || !this._panel?.isVisible) {
      return;
    }
    await found.provider.ready;
    if (this._current?.provider !== found.provider) {
      this._current?.timeline.dispose();
      const sharedModel = found.widget.context.model
        .sharedModel as YDocument<DocumentChange>;
      const roomId = sharedModel.ydoc.getMap('state').get('document_id');
      const { serverSettings } = this._app.serviceManager;
      const timeline = new Timeline(
        new VersionClient(String(roomId), serverSettings),
        sharedModel
      );
      const panel = this._panel;
      timeline.watch(() => panel.isVisible);
      this._current = { ...found, timeline };
      this._panel.model = timeline;
      found.widget.disposed.connect(() => this._forget(timeline));
    }
    await this._current.timeline.refresh();
  }

  /**
   * The name of a user: as they are shown in the document, if they are there,
   * or as the server knew them.
   */
  nameOf(username: string): string {
    const sharedModel = this._current?.widget.context.model.sharedModel as
      YDocument<DocumentChange> | undefined;
    for (const state of sharedModel?.awareness.getStates().values() ?? []) {
      if (state.user?.username === username) {
        return displayName(state.user);
      }
    }
    return this._current?.timeline.nameOf(username) ?? username;
  }

  private _forget(timeline: Timeline): void {
    timeline.dispose();
    if (this._current?.timeline === timeline) {
      this._current = null;
      if (this._panel) {
        this._panel.model = null;
      }
    }
  }

  private _current: ICurrentDocument | null = null;
  private _panel: TimelinePanel | null = null;
}

function isDocument(widget: Widget | null): widget is IDocumentWidget {
  return widget !== null && 'context' in widget;
}
