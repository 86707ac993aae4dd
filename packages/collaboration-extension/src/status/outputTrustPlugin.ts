// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The plugin that shows the outputs of others. [V10] [R16]
 */

import { OutputPlaces, OutputTrust } from '@jupyter/collaboration';
import { IDocumentProviders } from '@jupyter/docprovider';
import type { YNotebook } from '@jupyter/ydoc';
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { DisposableDelegate } from '@lumino/disposable';

import { extendSharedNotebooks } from '../contents/sharedNotebooks';

const ID = '@jupyter/collaboration-extension:outputTrust';

/**
 * Shows outputs at the place that they have in the document, and trusts what
 * others ran as the user's own outputs, unless the user has chosen otherwise in
 * the settings.
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
      ({ context: { model } }) => {
        const { ydoc } = model.sharedModel as YNotebook;
        // Whether they are trusted has to be known before they are shown.
        const trust = new OutputTrust(model.cells, ydoc, () => trustsOthers);
        const places = new OutputPlaces(model.cells, ydoc);
        return new DisposableDelegate(() => {
          trust.dispose();
          places.dispose();
        });
      }
    );
  }
};
