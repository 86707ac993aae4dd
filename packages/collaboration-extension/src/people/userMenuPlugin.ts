// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The plugin of the user's own menu.
 */

import { IUserMenu } from '@jupyter/collaboration';
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { Menu } from '@lumino/widgets';

/**
 * Provides the user's menu: it opens from the own initials in the panel.
 */
export const userMenu: JupyterFrontEndPlugin<IUserMenu> = {
  id: '@jupyter/collaboration-extension:userMenu',
  description: 'Provides the menu of the user.',
  autoStart: true,
  provides: IUserMenu,
  activate: ({ commands }: JupyterFrontEnd): IUserMenu => {
    const menu = new Menu({ commands });
    menu.id = 'jp-collaboration-userMenu';
    return menu;
  }
};
