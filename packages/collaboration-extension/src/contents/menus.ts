// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Menus that open at a button, and give the keyboard back to it.
 */

import type { OfferActions } from '@jupyter/collaboration';
import { CommandRegistry } from '@lumino/commands';
import { Menu } from '@lumino/widgets';

/**
 * An item of a menu.
 */
export interface IMenuItem {
  /** What it says. */
  label: string;
  /** What it does. */
  run: () => void;
}

/**
 * Open a menu below an element. [P2]
 *
 * Whether an item is chosen or the menu is closed by Escape, the element has
 * the keyboard afterwards, unless the item gives it to something else.
 */
export function openMenu(
  items: readonly IMenuItem[],
  anchor: HTMLElement
): void {
  // A menu has the labels of its commands: here, those of its items.
  const commands = new CommandRegistry();
  const menu = new Menu({ commands });
  items.forEach(({ label, run }, at) => {
    const command = `item-${at}`;
    commands.addCommand(command, {
      label,
      describedBy: { args: { type: 'object', properties: {} } },
      execute: run
    });
    menu.addItem({ command });
  });
  menu.aboutToClose.connect(() => {
    anchor.setAttribute('aria-expanded', 'false');
    anchor.focus();
    // An item is run after the menu was closed.
    void Promise.resolve().then(() => menu.dispose());
  });
  anchor.setAttribute('aria-expanded', 'true');
  const { bottom, left } = anchor.getBoundingClientRect();
  menu.open(left, bottom);
}

/**
 * Offer actions with a version in a menu.
 */
export const offerActions: OfferActions = (actions, version, anchor) =>
  openMenu(
    actions.map(({ label, run }) => ({ label, run: () => run(version) })),
    anchor
  );
