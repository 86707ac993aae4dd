// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The plugin that trusts outputs by who ran the cells. [V10]
 */

import { OutputTrust } from '@jupyter/collaboration';
import { IDocumentProviders } from '@jupyter/docprovider';
import type { YNotebook } from '@jupyter/ydoc';
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ISettingRegistry } from '@jupyterlab/settingregistry';

import { extendSharedNotebooks } from '../contents/sharedNotebooks';

const ID = '@jupyter/collaboration-extension:outputTrust';

/**
 * Shows what others ran as the user's own outputs, unless the user has chosen
 * otherwise in the settings.
 */
export const outputTrust: JupyterFrontEndPlugin<void> = {
  id: ID,
  description: 'Trusts outputs of cells that others ran.',
  autoStart: true,
  requires: [IDocumentProviders],
  optional: [ISettingRegistry],
  activate: (
    app: JupyterFrontEnd,
    documents: IDocumentProviders,
    settings: ISettingRegistry | null
  ): void => {
    let trustsOthers = true;
    settings?.load(ID).then(
      loaded => {
        const read = () => {
          trustsOthers = loaded.composite['trustsOthers'] !== false;
        };
        loaded.changed.connect(read);
        read();
      },
      () => undefined // Without a schema, the default holds.
    );
    extendSharedNotebooks(
      app.docRegistry,
      documents,
      ({ context: { model } }) =>
        new OutputTrust(
          model.cells,
          (model.sharedModel as YNotebook).ydoc,
          () => trustsOthers
        )
    );
  }
};
