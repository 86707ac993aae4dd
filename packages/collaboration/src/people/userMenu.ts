// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The public token of the user's menu.
 */

import { Token } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import type { Menu } from '@lumino/widgets';

/**
 * The menu of the user, to which others may add.
 */
export interface IUserMenu extends IDisposable {
  /** The items of the menu. */
  readonly items: ReadonlyArray<Menu.IItem>;
  /** Add an item at the end. */
  addItem(options: Menu.IItemOptions): Menu.IItem;
  /** Insert an item at an index. */
  insertItem(index: number, options: Menu.IItemOptions): Menu.IItem;
  /** Remove an item. */
  removeItem(item: Menu.IItem): void;
}

/**
 * The token of the user's menu.
 */
export const IUserMenu = new Token<IUserMenu>(
  '@jupyter/collaboration:IUserMenu',
  'The menu of the user, to which others may add.'
);
