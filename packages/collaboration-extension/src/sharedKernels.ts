// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The plugin that keeps a kernel running while others use it. [M14]
 *
 * JupyterLab shuts the kernel of a notebook down when its tab is closed, if the
 * user has set it so, or by *Close and Shut Down*; it does not know that the
 * kernel is used in other pages as well.
 */

import type { UsersAwareness } from '@jupyter/collaboration';
import { otherUsers } from '@jupyter/collaboration';
import { IDocumentProviders } from '@jupyter/docprovider';
import type { YNotebook } from '@jupyter/ydoc';
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import type { ISessionContext } from '@jupyterlab/apputils';
import { Dialog, showDialog } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ITranslator } from '@jupyterlab/translation';

/**
 * Keeps the kernels of notebooks running that others have open, or asks.
 */
export const sharedKernels: JupyterFrontEndPlugin<void> = {
  id: '@jupyter/collaboration-extension:sharedKernels',
  description: 'Keeps a kernel running while others use it.',
  autoStart: true,
  requires: [IDocumentProviders, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    documents: IDocumentProviders,
    translator: ITranslator
  ): void => {
    const trans = translator.load('jupyter_collaboration');
    app.docRegistry.addWidgetExtension('Notebook', {
      createNew: (widget, context) => {
        const model = context.model.sharedModel as YNotebook;
        if (!documents.providerOf(model)) {
          return;
        }
        const { sessionContext } = context;
        const others = () =>
          otherUsers(model.awareness as unknown as UsersAwareness).map(
            ({ name }) => name
          );
        askBeforeShutdown(sessionContext, () => context.path, others, trans);
        // Before the document manager disposes the session with the last view.
        widget.disposed.connect(() => {
          if (others().length > 0) {
            keepOnDispose(sessionContext);
          }
        });
      }
    });
  }
};

/**
 * Let the kernel run on when its session is disposed.
 */
export function keepOnDispose(
  sessionContext: Pick<ISessionContext, 'kernelPreference'>
): void {
  sessionContext.kernelPreference = {
    ...sessionContext.kernelPreference,
    shutdownOnDispose: false
  };
}

/**
 * Ask before a kernel is shut down that others use.
 *
 * @param sessionContext The session of the notebook.
 * @param path The path of the notebook.
 * @param others The names of the others who have it open.
 * @param trans Translates what users see.
 */
export function askBeforeShutdown(
  sessionContext: Pick<ISessionContext, 'shutdown'>,
  path: () => string,
  others: () => string[],
  trans: TranslationBundle
): void {
  const shutdown = sessionContext.shutdown.bind(sessionContext);
  sessionContext.shutdown = async () => {
    const names = others();
    if (names.length > 0) {
      const name = PathExt.basename(path());
      const { button } = await showDialog({
        title: trans.__('Shut down the kernel of %1?', name),
        body: trans.__(
          'It is also used by: %1. They lose its variables, and what they run stops.',
          names.join(', ')
        ),
        buttons: [
          Dialog.cancelButton({ label: trans.__('Keep Running') }),
          Dialog.warnButton({ label: trans.__('Shut Down') })
        ]
      });
      if (!button.accept) {
        return;
      }
    }
    await shutdown();
  };
}
