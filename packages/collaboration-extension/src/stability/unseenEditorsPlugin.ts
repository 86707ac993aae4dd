// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The plugin that spares the page the measurement of editors out of view. [P12]
 */

import { measuredWhenSeen } from '@jupyter/collaboration';
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import {
  EditorExtensionRegistry,
  IEditorExtensionRegistry
} from '@jupyterlab/codemirror';

/**
 * Adds the editor extension.
 */
export const unseenEditors: JupyterFrontEndPlugin<void> = {
  id: '@jupyter/collaboration-extension:unseen-editors',
  description:
    'Measures editors out of view when they come into view, not when others type in them.',
  autoStart: true,
  requires: [IEditorExtensionRegistry],
  activate: (_: JupyterFrontEnd, extensions: IEditorExtensionRegistry) => {
    extensions.addExtension({
      name: 'measured-when-seen',
      factory: ({ model: { sharedModel } }) =>
        'ysource' in sharedModel
          ? EditorExtensionRegistry.createImmutableExtension(measuredWhenSeen)
          : null
    });
  }
};
