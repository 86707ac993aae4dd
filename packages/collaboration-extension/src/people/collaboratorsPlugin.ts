// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The plugin of the panel of people.
 */

import type {
  ICollaboratorsModel,
  IOnlinePerson,
  IOpenPresence,
  IOwnIdentity
} from '@jupyter/collaboration';
import {
  IPresences,
  IUserMenu,
  keyColor,
  peopleOnline,
  PeoplePanel
} from '@jupyter/collaboration';
import { IGlobalAwareness } from '@jupyter/collaborative-drive';
import { IDisplayName } from '@jupyter/docprovider';
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ILayoutRestorer } from '@jupyterlab/application';
import { ICommandPalette, Notification } from '@jupyterlab/apputils';
import { URLExt } from '@jupyterlab/coreutils';
import type { IDocumentWidget } from '@jupyterlab/docregistry';
import { ServerConnection } from '@jupyterlab/services';
import type { User } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ITranslator } from '@jupyterlab/translation';
import { usersIcon } from '@jupyterlab/ui-components';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import { Menu } from '@lumino/widgets';
import type { Awareness } from 'y-protocols/awareness';

import { CHOOSE_DISPLAY_NAME } from './chooseDisplayNamePlugin';
import { inviteTo } from './invite';
import { openAt } from './openAt';

/** Ids of the commands. */
const Commands = {
  invite: 'collaboration:invite',
  show: 'collaboration:show-people'
};

/**
 * Adds the panel, and the command that invites.
 */
export const collaborators: JupyterFrontEndPlugin<void> = {
  id: '@jupyter/collaboration-extension:collaborators',
  description: 'Shows who is on the server, and what they have open.',
  autoStart: true,
  requires: [IGlobalAwareness, IPresences, IUserMenu, ITranslator],
  optional: [IDisplayName, ICommandPalette, ILayoutRestorer],
  // Tokens of classes have no interface of their name.
  // eslint-disable-next-line jupyter/plugin-activation-args
  activate: (
    app: JupyterFrontEnd,
    globalAwareness: Awareness,
    presences: IPresences,
    menu: IUserMenu,
    translator: ITranslator,
    displayName: IDisplayName | null,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null
  ): void => {
    const trans = translator.load('jupyter_collaboration');
    const { user } = app.serviceManager;
    const model = new Collaborators({
      awareness: globalAwareness,
      displayName,
      presences,
      trans,
      user
    });
    const current = () =>
      (app.shell.currentWidget as IDocumentWidget | null)?.context?.path;
    const panel = new PeoplePanel({
      model,
      translator: trans,
      rename: () => void app.commands.execute(CHOOSE_DISPLAY_NAME),
      recolor: color => void recolor(app, color, trans),
      open: (path, { user }) => void openAt(app, presences, path, user.key),
      invite: () =>
        current() === undefined
          ? null
          : () => void app.commands.execute(Commands.invite),
      offer: anchor => {
        const { bottom, left } = anchor.getBoundingClientRect();
        if (menu instanceof Menu && menu.items.length) {
          menu.open(left, bottom);
        }
      }
    });
    app.shell.add(panel, 'left', { rank: 300, type: 'Collaboration' });
    restorer?.add(panel, panel.id);
    app.shell.currentChanged?.connect(() => panel.update());
    app.commands.addCommand(Commands.show, {
      label: trans.__('Show People Online'),
      icon: args => (args.toolbar ? usersIcon : undefined),
      describedBy: {
        args: {
          type: 'object',
          properties: { toolbar: { type: 'boolean' } }
        }
      },
      execute: () => app.shell.activateById(panel.id)
    });
    // The second one is for menus and shortcuts that name the command of earlier versions. [C1]
    for (const id of [Commands.invite, 'collaboration:shared-link']) {
      app.commands.addCommand(id, {
        label: trans.__('Share This Document…'),
        caption: trans.__('Share a link to this document'),
        describedBy: { args: { type: 'object', properties: {} } },
        isEnabled: () => current() !== undefined,
        execute: () => {
          const path = current();
          return path === undefined ? undefined : inviteTo(app, path, trans);
        }
      });
    }
    for (const command of Object.values(Commands)) {
      palette?.addItem({ command, category: trans.__('Collaboration') });
    }
    menu.addItem({ command: CHOOSE_DISPLAY_NAME });
    menu.addItem({ command: Commands.invite });
  }
};

/**
 * What `Collaborators` needs.
 */
interface ICollaboratorsOptions {
  /** Who is on the server. */
  awareness: Awareness;
  /** The name that the user has chosen; `null` if none can be chosen. */
  displayName: IDisplayName | null;
  /** Who is in the open documents. */
  presences: IPresences;
  /** Translates what users see. */
  trans: TranslationBundle;
  /** The user. */
  user: User.IManager;
}

/**
 * Who is on the server.
 */
class Collaborators implements ICollaboratorsModel {
  constructor(private _options: ICollaboratorsOptions) {
    const { awareness, displayName, presences, user } = _options;
    const update = () => this._changed.emit();
    awareness.on('change', update);
    user.userChanged.connect(update);
    displayName?.changed.connect(update);
    const follow = ({ presence }: IOpenPresence) => {
      presence.peopleChanged.connect(update);
    };
    presences.all.forEach(follow);
    presences.opened.connect((_, opened) => follow(opened));
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get own(): IOwnIdentity | null {
    const { displayName, user } = this._options;
    const { identity, permissions } = user;
    if (!identity) {
      return null;
    }
    const fields = permissions?.['updatable_fields'];
    return {
      name: displayName?.value ?? identity.display_name ?? identity.name,
      color: ownColor(identity),
      mayRename: displayName?.isOpen ?? false,
      mayRecolor: Array.isArray(fields) && fields.includes('color')
    };
  }

  get people(): readonly IOnlinePerson[] {
    const { awareness, presences, trans, user } = this._options;
    const username = user.identity?.username;
    const here = presences.current?.presence;
    return peopleOnline(awareness, {
      anonymous: trans.__('Anonymous'),
      base: document.baseURI,
      ...(username === undefined ? {} : { ownUsername: username })
    }).map(person => {
      // Whoever is in the current document has the same color as there. [P11]
      const color = here?.find(person.user.key)?.color;
      return color ? { ...person, user: { ...person.user, color } } : person;
    });
  }

  private _changed = new Signal<this, void>(this);
}

/**
 * The color that others see: JupyterLab makes one up where the identity
 * provider has none, and the server another one.
 */
function ownColor({ color, username }: User.IIdentity): string {
  return !color || color.startsWith('var(') ? keyColor(username) : color;
}

/**
 * Ask the identity provider for another color.
 */
async function recolor(
  { serviceManager }: JupyterFrontEnd,
  color: string,
  trans: TranslationBundle
): Promise<void> {
  const { serverSettings, user } = serviceManager;
  const response = await ServerConnection.makeRequest(
    URLExt.join(serverSettings.baseUrl, 'api/me'),
    { method: 'PATCH', body: JSON.stringify({ color }) },
    serverSettings
  );
  if (response.ok) {
    await user.refreshUser();
  } else {
    const { message } = await ServerConnection.ResponseError.create(response);
    Notification.emit(
      trans.__('Your color could not be changed: %1', message),
      'error'
    );
  }
}
