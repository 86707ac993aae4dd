// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The plugin that says where outputs come from, and runs stale cells. [R15]
 */

import { ProvenanceMarks } from '@jupyter/collaboration';
import { IDocumentProviders } from '@jupyter/docprovider';
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette, ISessionContextDialogs } from '@jupyterlab/apputils';
import { NotebookActions, NotebookPanel } from '@jupyterlab/notebook';
import { ITranslator } from '@jupyterlab/translation';

import { extendSharedNotebooks } from '../contents/sharedNotebooks';

const COMMAND = 'collaboration:run-stale-cells';

/**
 * Marks the prompts of shared notebooks, and adds a command.
 */
export const provenance: JupyterFrontEndPlugin<void> = {
  id: '@jupyter/collaboration-extension:provenance',
  description: 'Says where outputs come from, and runs stale cells.',
  autoStart: true,
  requires: [IDocumentProviders, ITranslator],
  optional: [ICommandPalette, ISessionContextDialogs],
  activate: (
    app: JupyterFrontEnd,
    documents: IDocumentProviders,
    translator: ITranslator,
    palette: ICommandPalette | null,
    sessionDialogs: ISessionContextDialogs | null
  ): void => {
    const trans = translator.load('jupyter_collaboration');
    const all = new WeakMap<NotebookPanel, ProvenanceMarks>();
    const current = () => {
      const { currentWidget } = app.shell;
      return currentWidget instanceof NotebookPanel ? currentWidget : null;
    };
    extendSharedNotebooks(app.docRegistry, documents, (panel, { runs }) => {
      const notebook = panel.content;
      const marks = new ProvenanceMarks({ notebook, runs, trans });
      all.set(panel, marks);
      return marks;
    });
    app.commands.addCommand(COMMAND, {
      label: trans.__('Run Stale Cells'),
      caption: trans.__(
        'Run the cells that were changed, or whose kernel was started again, since they ran'
      ),
      describedBy: { args: { type: 'object', properties: {} } },
      isEnabled: () => {
        const panel = current();
        return panel !== null && all.get(panel)?.hasStale === true;
      },
      execute: async () => {
        const panel = current();
        if (panel) {
          await NotebookActions.runCells(
            panel.content,
            all.get(panel)?.stale ?? [],
            panel.sessionContext,
            sessionDialogs ?? undefined,
            translator
          );
        }
      }
    });
    palette?.addItem({
      command: COMMAND,
      category: trans.__('Notebook Cell Operations')
    });
  }
};
