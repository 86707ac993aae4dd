// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The plugin that shows the carets of others in every editor.
 */

import { remoteUserCursors } from '@jupyter/collaboration';
import type { IYText } from '@jupyter/ydoc';
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import {
  EditorExtensionRegistry,
  IEditorExtensionRegistry
} from '@jupyterlab/codemirror';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

/**
 * Adds the editor extension.
 */
export const cursors: JupyterFrontEndPlugin<void> = {
  id: '@jupyter/collaboration-extension:cursors',
  description: 'Shows the carets and selections of others in editors.',
  autoStart: true,
  requires: [IEditorExtensionRegistry],
  optional: [ITranslator],
  activate: (
    _: JupyterFrontEnd,
    extensions: IEditorExtensionRegistry,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('jupyter_collaboration');
    const anonymous = trans.__('Anonymous');
    extensions.addExtension({
      name: 'remote-user-cursors',
      factory: ({ model }) => {
        const { awareness, ysource: ytext } =
          model.sharedModel as Partial<IYText>;
        // Texts that are not shared have no presence.
        return awareness && ytext
          ? EditorExtensionRegistry.createImmutableExtension(
              remoteUserCursors({ awareness, ytext, anonymous })
            )
          : null;
      }
    });
  }
};
