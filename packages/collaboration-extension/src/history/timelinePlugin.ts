// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The plugin of the timeline: the history of the current document. [V1] [V5]
 */

import {
  authorColors,
  changesSinceInWords,
  DocumentButton,
  documentColors,
  IVersionActions,
  keyColor,
  TimelinePanel
} from '@jupyter/collaboration';
import { IDocumentProviders } from '@jupyter/docprovider';
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ILayoutRestorer } from '@jupyterlab/application';
import { ICommandPalette, IToolbarWidgetRegistry } from '@jupyterlab/apputils';
import { IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import { PathExt } from '@jupyterlab/coreutils';
import type { IDocumentWidget } from '@jupyterlab/docregistry';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ITranslator } from '@jupyterlab/translation';
import {
  CommandToolbarButtonComponent,
  historyIcon
} from '@jupyterlab/ui-components';
import * as React from 'react';

import { SHOW_AUTHORS } from './authorsPlugin';
import { EDITORS, VIEWERS } from '../contents/factoryNames';
import { offerActions } from '../contents/menus';
import { isDocument } from '../contents/sharedDocument';
import { notifyChangedSince } from '../status/notifications';
import { expandRight, isSingle } from '../contents/shells';
import { LastVisits } from './lastVisits';
import { SinceLastVisit } from './sinceLastVisit';
import { nameIn, Timelines } from './timelines';
import { versionActions } from './versionActions';
import { VersionPreviews } from './versionPreviews';

/** The command that shows the history of the current document. */
export const SHOW_HISTORY = 'collaboration:show-timeline';

/** Says in the storage of a browser's tab that the panel is shown. */
const SHOWN = 'jupyter-collaboration:history-shown';

/**
 * Adds the panel, and the command that shows it; the schema of the same name
 * puts a button for it into toolbars.
 */
export const timeline: JupyterFrontEndPlugin<void> = {
  id: '@jupyter/collaboration-extension:timeline',
  description: 'Shows the history of the current document.',
  autoStart: true,
  requires: [
    IDocumentProviders,
    ITranslator,
    IRenderMimeRegistry,
    IEditorLanguageRegistry
  ],
  optional: [
    ICommandPalette,
    ILayoutRestorer,
    IToolbarWidgetRegistry,
    IVersionActions
  ],
  activate: (
    app: JupyterFrontEnd,
    documents: IDocumentProviders,
    translator: ITranslator,
    rendermime: IRenderMimeRegistry,
    languages: IEditorLanguageRegistry,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null,
    toolbars: IToolbarWidgetRegistry | null,
    added: IVersionActions | null
  ): void => {
    const trans = translator.load('jupyter_collaboration');
    const timelines = new Timelines(app, documents, () => panel.isVisible);
    const current = () => timelines.current;
    const previews = new VersionPreviews({
      added,
      app,
      languages,
      rendermime,
      trans
    });
    const preview = (keepsFocus: boolean) => {
      const document = current();
      if (document) {
        previews.show(document, keepsFocus);
      }
    };
    const panel: TimelinePanel = new TimelinePanel({
      get actions() {
        return [
          {
            label: trans.__('Preview'),
            isPrimary: true,
            run: () => preview(false)
          },
          ...versionActions({ added: added?.added ?? [], app, current, trans })
        ];
      },
      offer: offerActions,
      leave: () => {
        const context = current()?.context;
        for (const widget of app.shell.widgets('main')) {
          if (isDocument(widget) && widget.context === context) {
            app.shell.activateById(widget.id);
            return;
          }
        }
      },
      nameOf: username => {
        const document = current();
        return document ? nameIn(document, username) : username;
      },
      colorOf: username => {
        const document = current();
        const colors = document
          ? authorColors(
              document.timeline.authors,
              documentColors(document.model.awareness)
            )
          : null;
        return colors?.get(username) ?? keyColor(username);
      },
      scrubbed: () => preview(true),
      tools: React.createElement(CommandToolbarButtonComponent, {
        commands: app.commands,
        id: SHOW_AUTHORS
      }),
      translator: trans
    });
    added?.changed.connect(() => panel.update());
    timelines.targetChanged.connect(() => {
      panel.target = timelines.target;
      app.commands.notifyCommandChanged(SHOW_HISTORY);
      app.commands.notifyCommandChanged(SHOW_AUTHORS);
    });
    panel.visibilityChanged.connect((_, isShown) => {
      if (isShown) {
        void timelines.refresh();
      }
    });
    app.shell.add(panel, 'right', { rank: 600, type: 'Collaboration' });
    restorer?.add(panel, panel.id);
    if (isSingle(app)) {
      showAgain(app, panel);
    }

    const { serverSettings, user } = app.serviceManager;
    const username = () => user.identity?.username ?? '';
    new SinceLastVisit({
      timelines,
      visits: new LastVisits(
        () => window.localStorage,
        () => `${serverSettings.baseUrl} ${username()}`
      ),
      username,
      isSeen: ({ context }) =>
        [...app.shell.widgets('main')].some(
          widget =>
            isDocument(widget) && widget.context === context && widget.isVisible
        ),
      tell: (document, changes) => {
        notifyChangedSince(
          document.provider,
          changesSinceInWords(
            changes,
            PathExt.basename(document.provider.path),
            author => nameIn(document, author),
            trans
          ),
          trans,
          () => void previews.showSince(document, changes.since)
        );
      }
    });

    for (const factory of [...EDITORS, ...VIEWERS]) {
      toolbars?.addFactory<IDocumentWidget>(
        factory,
        'timeline',
        ({ id }) =>
          new DocumentButton({
            icon: historyIcon,
            tooltip: trans.__('Version History'),
            onClick: () => {
              app.shell.activateById(id);
              void app.commands.execute(SHOW_HISTORY);
            }
          })
      );
    }
    app.commands.addCommand(SHOW_HISTORY, {
      label: trans.__('Show Version History'),
      caption: trans.__('Show who changed what, and when'),
      describedBy: { args: { type: 'object', properties: {} } },
      isEnabled: () => timelines.target.kind !== 'none',
      execute: () => app.shell.activateById(panel.id)
    });
    palette?.addItem({
      command: SHOW_HISTORY,
      category: trans.__('Collaboration')
    });
  }
};

/**
 * Show the panel again when the page is loaded again, in an application that
 * does not restore its layout.
 */
function showAgain(app: JupyterFrontEnd, panel: TimelinePanel): void {
  const { sessionStorage } = window;
  const wasShown = sessionStorage.getItem(SHOWN) !== null;
  panel.visibilityChanged.connect((_, isShown) => {
    if (isShown) {
      sessionStorage.setItem(SHOWN, '');
    } else {
      sessionStorage.removeItem(SHOWN);
    }
  });
  if (wasShown) {
    void app.restored.then(() => expandRight(app, panel.id));
  }
}
