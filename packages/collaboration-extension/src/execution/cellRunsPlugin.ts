// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The plugin that shows what the cells that the server runs ask and why they
 * ended. [R6] [R10]
 */

import { InputPrompts, IPresences, RunsButton } from '@jupyter/collaboration';
import type { IEndedRuns } from '@jupyter/docprovider';
import { IDocumentProviders } from '@jupyter/docprovider';
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import { CodeCell } from '@jupyterlab/cells';
import { PathExt } from '@jupyterlab/coreutils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ITranslator } from '@jupyterlab/translation';
import { DisposableDelegate } from '@lumino/disposable';

import { openMenu } from '../contents/menus';
import { extendSharedNotebooks } from '../contents/sharedNotebooks';

/**
 * The id of the settings.
 */
export const SETTINGS = '@jupyter/collaboration-extension:cellRuns';

/**
 * Shows prompts in the cells, and notifies when runs end together.
 */
export const cellRuns: JupyterFrontEndPlugin<void> = {
  id: SETTINGS,
  description: 'Shows prompts of running cells, and why runs ended.',
  autoStart: true,
  requires: [IDocumentProviders, ITranslator],
  optional: [IPresences],
  activate: (
    app: JupyterFrontEnd,
    documents: IDocumentProviders,
    translator: ITranslator,
    presences: IPresences | null
  ): void => {
    const trans = translator.load('jupyter_collaboration');
    documents.opened.connect((_, { path, runs }) => {
      runs.ended.connect((_, ended) => {
        const text = describe(ended, PathExt.basename(path), trans);
        if (text && ended.cells.length > 0) {
          Notification.warning(text, { autoClose: 10000 });
        }
      });
    });
    extendSharedNotebooks(app.docRegistry, documents, (panel, { runs }) => {
      const { content, context } = panel;
      const prompts = new InputPrompts({
        runs,
        cellOf: id => {
          const found = content.widgets.find(each => each.model.id === id);
          return found instanceof CodeCell ? found : null;
        },
        trans,
        translator
      });
      const indexOf = (id: string) =>
        content.widgets.findIndex(each => each.model.id === id);
      const button = new RunsButton({
        runs,
        numberOf: id => indexOf(id) + 1 || null,
        goTo: ({ cell }) => {
          const index = cell === null ? -1 : indexOf(cell);
          if (index >= 0) {
            content.activeCellIndex = index;
            void content.scrollToItem(index);
          }
        },
        offer: openMenu,
        trans
      });
      panel.toolbar.insertItem(0, 'runs', button);
      const tellOthers = () => {
        const asking = runs.list.find(run => run.asks && runs.isOwn(run));
        presences?.all
          .find(each => each.widget === panel)
          ?.presence.publish('asked', asking?.cell ?? null);
      };
      runs.changed.connect(tellOthers);
      // Cells are created one after the other, and again when they are moved.
      const update = () => prompts.update();
      content.model?.cells.changed.connect(update);
      void context.ready.then(update);
      return new DisposableDelegate(() => {
        content.model?.cells.changed.disconnect(update);
        runs.changed.disconnect(tellOthers);
        prompts.dispose();
        button.dispose();
      });
    });
  }
};

/**
 * Why runs have ended, in words; empty if there is nothing to say.
 */
export function describe(
  { by, cells, outcome, reason }: IEndedRuns,
  name: string,
  trans: TranslationBundle
): string {
  if (outcome === 'restarted' && by) {
    return trans._n(
      '%2 restarted the kernel of %3. A cell did not run to its end.',
      '%2 restarted the kernel of %3. %1 cells did not run to their end.',
      cells.length,
      by.name,
      name
    );
  }
  if (outcome === 'shut_down' && by) {
    return trans._n(
      '%2 shut down the kernel of %3. A cell did not run to its end.',
      '%2 shut down the kernel of %3. %1 cells did not run to their end.',
      cells.length,
      by.name,
      name
    );
  }
  return reason ? `${name}: ${reason}` : '';
}
