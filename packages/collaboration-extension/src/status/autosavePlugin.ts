// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The plugin that makes the server follow JupyterLab's *Autosave Documents*.
 * [F13]
 */

import type { IDocumentProvider } from '@jupyter/docprovider';
import { IDocumentProviders } from '@jupyter/docprovider';
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator } from '@jupyterlab/translation';

import { notifyAutosaveOfOthers, notifyUnsaved } from './notifications';

/** The plugin whose settings have the item of the menu. */
const DOCUMENT_MANAGER = '@jupyterlab/docmanager-extension:plugin';

/**
 * Publishes the setting in each document, and shows what applies.
 */
export const autosave: JupyterFrontEndPlugin<void> = {
  id: '@jupyter/collaboration-extension:autosave',
  description:
    'Saves documents automatically unless everybody in them has autosave off.',
  autoStart: true,
  requires: [IDocumentProviders, IDocumentManager, ITranslator],
  optional: [ISettingRegistry],
  activate: (
    _: JupyterFrontEnd,
    documents: IDocumentProviders,
    docManager: IDocumentManager,
    translator: ITranslator,
    registry: ISettingRegistry | null
  ): void => {
    const trans = translator.load('jupyter_collaboration');
    let value: boolean | null = null;
    const known = readSetting(registry, docManager, changed => {
      value = changed;
      documents.all.forEach(({ saves }) => {
        saves.mode.autosave = value;
      });
    });
    documents.opened.connect((_, provider: IDocumentProvider) => {
      provider.saves.mode.autosave = value;
      notifyAutosaveOfOthers(provider, trans);
      Promise.all([provider.ready, known]).then(
        () => notifyUnsaved(provider, trans),
        () => undefined
      );
    });
  }
};

/**
 * Follow the setting. The document manager itself knows it only after the
 * application was restored, and documents are open before that.
 *
 * @param changed Called with the setting, now and when it changes.
 * @returns Resolves when the setting is known.
 */
async function readSetting(
  registry: ISettingRegistry | null,
  docManager: IDocumentManager,
  changed: (value: boolean) => void
): Promise<void> {
  try {
    if (registry) {
      const settings = await registry.load(DOCUMENT_MANAGER);
      const read = () => changed(settings.composite.autosave !== false);
      settings.changed.connect(read);
      read();
      return;
    }
  } catch {
    // Another application has another document manager.
  }
  docManager.stateChanged.connect((_, { name, newValue }) => {
    if (name === 'autosave') {
      changed(newValue === true);
    }
  });
  changed(docManager.autosave);
}
