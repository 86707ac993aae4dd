// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The plugin that lets an anonymous user choose how to be shown. [M3]
 */

import { IDisplayName, LONGEST_DISPLAY_NAME } from '@jupyter/docprovider';
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette, InputDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

/** The id of the command. */
export const CHOOSE_DISPLAY_NAME = 'collaboration:choose-display-name';

/**
 * Adds the command.
 */
export const chooseDisplayName: JupyterFrontEndPlugin<void> = {
  id: '@jupyter/collaboration-extension:chooseDisplayName',
  description: 'Lets an anonymous user choose how to be shown.',
  autoStart: true,
  requires: [IDisplayName],
  optional: [ICommandPalette, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    displayName: IDisplayName,
    palette: ICommandPalette | null,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('jupyter_collaboration');
    app.commands.addCommand(CHOOSE_DISPLAY_NAME, {
      label: trans.__('Choose Your Display Name…'),
      caption: trans.__('Choose the name that others see'),
      describedBy: { args: { type: 'object', properties: {} } },
      isEnabled: () => displayName.isOpen,
      execute: () => choose(displayName, trans)
    });
    palette?.addItem({
      command: CHOOSE_DISPLAY_NAME,
      category: trans.__('Collaboration')
    });
  }
};

/**
 * Ask until a name is chosen, or the dialog closed.
 */
async function choose(
  displayName: IDisplayName,
  trans: TranslationBundle
): Promise<void> {
  for (;;) {
    const { button, value } = await InputDialog.getText({
      title: trans.__('Your Display Name'),
      label: trans.__(
        'The name that others see, of 1 to %1 characters',
        LONGEST_DISPLAY_NAME
      ),
      text: displayName.value ?? '',
      okLabel: trans.__('Choose')
    });
    if (!button.accept || displayName.choose(value ?? '')) {
      return;
    }
  }
}
