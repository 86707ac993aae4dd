// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The commands that change a document, and how they are held back. [M2]
 *
 * Knows the names that JupyterLab gives its commands. Menus, toolbars, the
 * palette and keys all ask the registry whether a command is enabled, and
 * whatever slips through is taken back by the document's provider.
 */

import type { IDocumentProvider } from '@jupyter/docprovider';
import type { CommandRegistry } from '@lumino/commands';

/**
 * The command that saves what is looked at.
 */
const SAVE = 'docmanager:save';

/**
 * The commands of notebooks and files, of their menus and of their panels.
 */
const CHANGING = [
  /^notebook:(insert|cut|paste|duplicate|delete|split|merge|move-cell|change)-/,
  /^notebook:(run-(all|cell)|restart-(run|clear|and-run)|clear-)/,
  /^notebook:(undo|redo|trust|replace-selection)/,
  /^cell-toolbar:delete$/,
  /^fileeditor:(cut|paste|undo|redo|replace-selection)$/,
  /^editmenu:(undo|redo|clear-current|clear-all)$/,
  /^runmenu:(?!open$)/,
  /^kernelmenu:(change|restart-and-clear)$/,
  /^toc:run-cells$/,
  /^docmanager:(reload|restore-checkpoint)$/
];

/**
 * Whether a command changes the document that is looked at.
 */
export function isChanging(id: string): boolean {
  return CHANGING.some(pattern => pattern.test(id));
}

/**
 * Disable the commands that change a document while it may only be read, and
 * tell instead of saving it.
 *
 * This wraps the registry of the application, since nothing less is enough.
 * JupyterLab's *Save* opens a modal dialog for a document that is read-only,
 * before it asks the context or the contents; the registry takes no second
 * command of the same name, tells of an execution only once it has begun, and
 * matches keys whether or not the command is enabled. A key binding of our own
 * would miss the menu, the toolbar, the palette and keys that users have
 * changed, and a *Save* that is disabled would not offer a copy. All calls but
 * *Save* in a document that is only viewed are passed on unchanged.
 */
export function holdCommands(options: IHoldOptions): void {
  const { commands, denySave, viewed } = options;
  const execute = commands.execute.bind(commands);
  const isEnabled = commands.isEnabled.bind(commands);
  commands.isEnabled = (id, args) =>
    isEnabled(id, args) && !(isChanging(id) && viewed());
  commands.execute = (id, args) => {
    const provider = id === SAVE ? viewed() : null;
    if (provider) {
      denySave(provider);
      return Promise.resolve();
    }
    return execute(id, args);
  };
}

/**
 * What is needed to hold commands back.
 */
export interface IHoldOptions {
  /** The commands of the application. */
  commands: Pick<CommandRegistry, 'execute' | 'isEnabled'>;
  /** Tells why a document is not saved. */
  denySave: (provider: IDocumentProvider) => void;
  /** The document that is looked at, if it may only be read; or `null`. */
  viewed: () => IDocumentProvider | null;
}
