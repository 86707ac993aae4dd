// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The plugin that shows where people are in documents, and goes there.
 */

import type { IDocumentUser, IOpenPresence } from '@jupyter/collaboration';
import {
  Arrivals,
  CellMarkers,
  IPresences,
  namesApart
} from '@jupyter/collaboration';
import { IGlobalAwareness } from '@jupyter/collaborative-drive';
import { IDocumentProviders } from '@jupyter/docprovider';
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import {
  ICommandPalette,
  InputDialog,
  Notification
} from '@jupyterlab/apputils';
import { Notebook } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ITranslator } from '@jupyterlab/translation';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import type { Awareness } from 'y-protocols/awareness';

import { Follower } from '../follow/follower';
import { PresenceSettings } from './presenceSettings';

/** Ids of the commands. */
export const PresenceCommands = {
  follow: 'collaboration:follow',
  goTo: 'collaboration:go-to-person',
  stop: 'collaboration:stop-following'
};

/**
 * Marks cells, adds the commands, and says who comes and goes.
 */
export const presence: JupyterFrontEndPlugin<void> = {
  id: '@jupyter/collaboration-extension:presence',
  description: 'Shows where people are in documents.',
  autoStart: true,
  requires: [IPresences, ITranslator],
  optional: [
    IGlobalAwareness,
    ICommandPalette,
    ISettingRegistry,
    IDocumentProviders
  ],
  // Tokens of classes have no interface of their name.
  // eslint-disable-next-line jupyter/plugin-activation-args
  activate: (
    app: JupyterFrontEnd,
    found: IPresences,
    translator: ITranslator,
    globalAwareness: Awareness | null,
    palette: ICommandPalette | null,
    registry: ISettingRegistry | null,
    documents: IDocumentProviders | null
  ): void => {
    const trans = translator.load('jupyter_collaboration');
    const settings = new PresenceSettings(presence.id, registry);
    settings.changed.connect(() => {
      document.body.dataset.jpCollaboratorNames = settings.value.labels;
    });
    const show = (opened: IOpenPresence) => {
      markCells(opened, settings, trans);
      const { sharedModel } = opened.widget.context.model;
      const isLive = () =>
        (documents?.providerOf(sharedModel)?.connection.status ?? 'live') ===
        'live';
      tellComings(opened, settings, isLive, trans);
    };
    found.all.forEach(show);
    found.opened.connect((_, opened) => show(opened));
    const follower = new Follower(app, found, globalAwareness, settings);
    addCommands(app, found, follower, trans);
    for (const command of Object.values(PresenceCommands)) {
      palette?.addItem({ command, category: trans.__('Collaboration') });
    }
  }
};

function markCells(
  { presence: people, widget }: IOpenPresence,
  settings: PresenceSettings,
  trans: TranslationBundle
): void {
  if (!(widget.content instanceof Notebook)) {
    return;
  }
  const wanted = () => ({
    cells: settings.value.cellMarkers,
    edges: settings.value.edgeMarkers
  });
  const markers = new CellMarkers(widget.content, people, wanted(), trans);
  const update = () => {
    markers.settings = wanted();
  };
  settings.changed.connect(update);
  widget.disposed.connect(() => {
    settings.changed.disconnect(update);
    markers.dispose();
  });
}

function tellComings(
  { presence: people, widget }: IOpenPresence,
  settings: PresenceSettings,
  isLive: () => boolean,
  trans: TranslationBundle
): void {
  const arrivals = new Arrivals(people, isLive);
  widget.disposed.connect(() => arrivals.dispose());
  arrivals.changed.connect((_, { joined, left }) => {
    if (!settings.value.notices) {
      return;
    }
    const name = widget.title.label;
    const tell = (text: string) =>
      Notification.emit(text, 'info', { autoClose: 4000 });
    joined.forEach(user => tell(trans.__('%1 opened %2', user.name, name)));
    left.forEach(user => tell(trans.__('%1 left %2', user.name, name)));
  });
}

function addCommands(
  app: JupyterFrontEnd,
  found: IPresences,
  follower: Follower,
  trans: TranslationBundle
): void {
  const describedBy = {
    args: {
      type: 'object',
      properties: {
        person: {
          type: 'string',
          description: trans.__('The username of the person')
        },
        document: {
          type: 'string',
          description: trans.__(
            'The id of the widget of the document, by default the current one'
          )
        }
      }
    }
  };
  const opened = ({ document }: ReadonlyPartialJSONObject) =>
    document === undefined
      ? found.current
      : (found.all.find(({ widget }) => widget.id === document) ?? null);
  const isEnabled = (args: ReadonlyPartialJSONObject) =>
    !!opened(args)?.presence.users.length;
  const choose = async (
    args: ReadonlyPartialJSONObject,
    title: string
  ): Promise<IDocumentUser | null> => {
    const users = opened(args)?.presence.users ?? [];
    if (args.person !== undefined) {
      const { person } = args;
      return (
        users.find(each =>
          [each.username, each.key].includes(String(person))
        ) ?? null
      );
    }
    if (users.length < 2) {
      return users[0] ?? null;
    }
    const items = namesApart(users);
    const { value } = await InputDialog.getItem({ title, items });
    return users[items.indexOf(value ?? '')] ?? null;
  };
  app.commands.addCommand(PresenceCommands.goTo, {
    label: trans.__('Go to a Person…'),
    caption: trans.__('Show where somebody is in this document'),
    describedBy,
    isEnabled,
    execute: async args => {
      const people = opened(args)?.presence;
      const user = await choose(args, trans.__('Go to a Person'));
      const state = user && people?.stateOf(user);
      if (user && !(state && people?.places.jump(state))) {
        Notification.emit(
          trans.__('It is not known where %1 is.', user.name),
          'info',
          { autoClose: 4000 }
        );
      }
    }
  });
  app.commands.addCommand(PresenceCommands.follow, {
    label: trans.__('Follow a Person…'),
    caption: trans.__('Follow a collaborator’s view'),
    describedBy,
    isEnabled,
    execute: async args => {
      const current = opened(args);
      const user = await choose(args, trans.__('Follow a Person'));
      if (user && current) {
        follower.follow(current, user);
      }
    }
  });
  app.commands.addCommand(PresenceCommands.stop, {
    label: trans.__('Stop Following'),
    describedBy: { args: { type: 'object', properties: {} } },
    isEnabled: () => follower.isFollowing,
    execute: () => follower.stop()
  });
}
