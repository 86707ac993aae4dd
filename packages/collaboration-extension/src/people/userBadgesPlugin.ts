// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The plugin that shows in a document's toolbar who is in it.
 */

import type { IDocumentUser } from '@jupyter/collaboration';
import { IPresences, UsersToolbarItem } from '@jupyter/collaboration';
import type { YDocument, DocumentChange } from '@jupyter/ydoc';
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { IToolbarWidgetRegistry } from '@jupyterlab/apputils';
import type { IDocumentWidget } from '@jupyterlab/docregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { EDITORS, VIEWERS } from '../contents/factoryNames';
import { openMenu } from '../contents/menus';
import { PresenceCommands } from './presencePlugin';

/**
 * Adds the toolbar item; the schema of the same name puts it into toolbars.
 */
export const userBadges: JupyterFrontEndPlugin<void> = {
  id: '@jupyter/collaboration-extension:userBadges',
  description: 'Shows who is in a document in its toolbar.',
  autoStart: true,
  requires: [IToolbarWidgetRegistry, IPresences],
  optional: [ITranslator],
  activate: (
    app: JupyterFrontEnd,
    toolbars: IToolbarWidgetRegistry,
    presences: IPresences,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('jupyter_collaboration');
    const optionsOf = (widget: IDocumentWidget) => {
      const model = widget.context.model.sharedModel as Partial<
        YDocument<DocumentChange>
      >;
      return {
        awareness: model.awareness ?? null,
        ownUsername: app.serviceManager.user.identity?.username,
        translator: trans
      };
    };
    for (const factory of VIEWERS) {
      toolbars.addFactory<IDocumentWidget>(
        factory,
        'users',
        widget => new UsersToolbarItem(optionsOf(widget))
      );
    }
    for (const factory of EDITORS) {
      toolbars.addFactory<IDocumentWidget>(factory, 'users', widget => {
        const placeOf = (user: IDocumentUser) => {
          const presence = presences.of(widget)?.presence;
          const state = presence?.stateOf(user);
          return (state && presence?.places.describe(state, trans)) ?? null;
        };
        return new UsersToolbarItem({
          ...optionsOf(widget),
          placeOf,
          goTo: user => run(app, widget, PresenceCommands.goTo, user),
          offer: (users, anchor) =>
            openMenu(
              users.flatMap(user => [
                {
                  label: trans.__('Go to %1', user.name),
                  run: () => run(app, widget, PresenceCommands.goTo, user)
                },
                {
                  label: trans.__('Follow %1', user.name),
                  run: () => run(app, widget, PresenceCommands.follow, user)
                }
              ]),
              anchor
            )
        });
      });
    }
  }
};

/**
 * Run a command for somebody in a document, which becomes the current one.
 */
function run(
  app: JupyterFrontEnd,
  { id }: IDocumentWidget,
  command: string,
  { key }: IDocumentUser
): void {
  app.shell.activateById(id);
  void app.commands.execute(command, { document: id, person: key });
}
