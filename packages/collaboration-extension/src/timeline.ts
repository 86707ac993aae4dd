// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The plugin of the timeline: the history of the current document. [V1] [V5]
 */

import { TimelinePanel } from '@jupyter/collaboration';
import { ICollaborativeContentProvider } from '@jupyter/collaborative-drive';
import { RtcContentProvider } from '@jupyter/docprovider';
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ITranslator } from '@jupyterlab/translation';
import {
  CommandToolbarButtonComponent,
  historyIcon
} from '@jupyterlab/ui-components';
import * as React from 'react';

import { SHOW_AUTHORS } from './authors';
import type { IDocumentTimeline } from './timelines';
import { nameIn, Timelines } from './timelines';
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
    const timelines = new Timelines(
      app,
      contentProvider,
      () => panel.isVisible
    );
    const current = (): IDocumentTimeline | null => timelines.current;
    const previews = new VersionPreviews({ app, languages, rendermime, trans });
    const preview = () => {
      const document = current();
      if (document) {
        previews.show(document);
      }
    };
    const panel: TimelinePanel = new TimelinePanel({
      actions: [
        { label: trans.__('Preview'), run: preview },
        ...versionActions({ app, current, trans })
      ],
      nameOf: username => {
        const document = current();
        return document ? nameIn(document, username) : username;
      },
      scrubbed: preview,
      tools: React.createElement(CommandToolbarButtonComponent, {
        commands: app.commands,
        id: SHOW_AUTHORS
      }),
      translator: trans
    });
    timelines.currentChanged.connect((_, document) => {
      panel.model = document?.timeline ?? null;
    });
    app.shell.currentChanged?.connect(() => {
      if (panel.isVisible) {
        void timelines.update();
      }
    });
    app.shell.add(panel, 'right', { rank: 600, type: 'Collaboration' });

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
      isEnabled: () => timelines.find() !== null,
      execute: async () => {
        app.shell.activateById(panel.id);
        await timelines.update();
      }
    });
    palette?.addItem({
      command: COMMAND,
      category: trans.__('Collaboration')
    });
  }
};
