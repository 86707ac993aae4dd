// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The plugin that asks before a document or the page is closed if work would be
 * lost, and only then. [S7]
 *
 * JupyterLab asks whenever a document is not saved. What the server has is saved
 * by the server, or kept in the history; what this browser keeps is sent when
 * the document is opened again.
 */

import type {
  IDocumentAccess,
  IDocumentConnection,
  IDocumentProvider,
  IDocumentSaves,
  ISaveMode,
  IUnsentEdits
} from '@jupyter/docprovider';
import { IDocumentProviders } from '@jupyter/docprovider';
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ILabStatus } from '@jupyterlab/application';
import { Dialog, showDialog, showErrorMessage } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import type { IDocumentWidget } from '@jupyterlab/docregistry';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ITranslator } from '@jupyterlab/translation';
import type { Message } from '@lumino/messaging';
import { MessageLoop } from '@lumino/messaging';

import { EDITORS } from '../contents/factoryNames';
import { isDocument } from '../contents/sharedDocument';

/** How long to wait until a saved document is known to be saved (ms). */
const CLEAN_WITHIN = 2000;

/**
 * What has to happen before a document may be closed.
 *
 * - `nothing`: the server has everything, and saves it or keeps it unsaved;
 * - `save`: the server has everything, and should save it first;
 * - `ask`: something has not reached the server;
 * - `choose`: nobody else will save it, so that the user decides whether to.
 */
export type Closing = 'nothing' | 'save' | 'ask' | 'choose';

/**
 * The part of a provider that decides what closing a document means.
 */
export interface IClosed {
  readonly access: Pick<IDocumentAccess, 'reason' | 'role'>;
  readonly connection: Pick<IDocumentConnection, 'status'>;
  readonly edits: { readonly unsent: Omit<IUnsentEdits, 'changed'> };
  readonly saves: Pick<IDocumentSaves, 'error' | 'isDirty'> & {
    readonly mode: Pick<ISaveMode, 'isLastEditor' | 'isManual'>;
  };
}

/**
 * What has to happen before a document may be closed.
 *
 * @param provider The document's provider.
 * @param isDirty Whether there are changes that are not in the file.
 * @param isLastView Whether this page has no other view of it.
 */
export function closingOf(
  { access, connection, edits, saves }: IClosed,
  isDirty: boolean,
  isLastView: boolean
): Closing {
  if (connection.status !== 'live') {
    return edits.unsent.count > 0 ? 'ask' : 'nothing';
  }
  const mayNotSave = access.role === 'viewer' || access.reason === 'file';
  if (mayNotSave || !isDirty) {
    return 'nothing';
  }
  const { isLastEditor, isManual } = saves.mode;
  if (!isManual && saves.error === null) {
    return 'save';
  }
  return isLastEditor && isLastView ? 'choose' : 'nothing';
}

/**
 * Whether changes would be lost if the page were closed now.
 */
export function isLostWithPage({
  connection,
  edits
}: Pick<IClosed, 'connection' | 'edits'>): boolean {
  const { count, isKeptInBrowser } = edits.unsent;
  return connection.status !== 'live' && count > 0 && !isKeptInBrowser;
}

/**
 * Whether nobody saves changes if the page is closed, since autosave is off.
 */
export function isLeftUnsaved({
  access,
  saves
}: Pick<IClosed, 'access' | 'saves'>): boolean {
  const { isLastEditor, isManual } = saves.mode;
  return saves.isDirty && access.role === 'editor' && isManual && isLastEditor;
}

/**
 * Saves documents that are closed, and asks if something would be lost.
 */
export const closing: JupyterFrontEndPlugin<void> = {
  id: '@jupyter/collaboration-extension:closing',
  description: 'Asks before work would be lost by closing a document.',
  autoStart: true,
  requires: [IDocumentProviders, ITranslator],
  optional: [ILabStatus],
  activate: (
    app: JupyterFrontEnd,
    documents: IDocumentProviders,
    translator: ITranslator,
    status: ILabStatus | null
  ): void => {
    const trans = translator.load('jupyter_collaboration');
    for (const factory of EDITORS) {
      app.docRegistry.addWidgetExtension(factory, {
        createNew: (widget, context) => {
          const provider = documents.providerOf(context.model.sharedModel);
          if (provider && isDocument(widget)) {
            // After the document manager, which asks whenever it is not saved.
            void context.ready.then(() => {
              watchClosing(app, widget, provider, trans);
            });
          }
        }
      });
    }
    window.addEventListener('beforeunload', event => {
      const providers = [...documents.all];
      if (providers.some(isLostWithPage)) {
        event.preventDefault();
        event.returnValue = true;
      } else if (
        status &&
        !providers.some(isLeftUnsaved) &&
        isDirtyByShared(app, documents, status)
      ) {
        event.returnValue = ''; // JupyterLab's listener has set it before.
      }
    });
  }
};

/**
 * Decide what happens when a document is closed.
 */
function watchClosing(
  app: JupyterFrontEnd,
  widget: IDocumentWidget,
  provider: IDocumentProvider,
  trans: TranslationBundle
): void {
  const { context } = widget;
  let isPassing = false;
  const pass = () => {
    isPassing = true;
    widget.close();
    isPassing = false;
  };
  const close = () => {
    if (widget.isDisposed) {
      return;
    }
    if (context.model.dirty) {
      widget.dispose();
    } else {
      pass(); // JupyterLab adds it to the recently closed documents.
    }
  };
  const decide = () =>
    closingOf(provider, context.model.dirty, viewsOf(app, widget) === 1);
  const saveAndClose = async () => {
    try {
      await context.save();
      await untilClean(widget);
      close();
      return;
    } catch {
      // The status says why, and so does the question.
    }
    switch (decide()) {
      case 'nothing':
        close();
        break;
      case 'ask':
        await ask();
        break;
      default:
        await choose();
    }
  };
  const discardAndClose = async () => {
    try {
      await provider.saves.revert();
      await untilClean(widget);
      close();
    } catch (error) {
      await showErrorMessage(
        trans.__('The changes were not discarded'),
        (error as Error).message
      );
    }
  };
  const choose = async () => {
    const saveError = provider.saves.error;
    const { button } = await showDialog({
      title: trans.__('Save your work'),
      body: saveError
        ? trans.__(
            '“%1” could not be saved: %2. The server keeps your changes and tries again, unless you discard them.',
            widget.title.label,
            saveError.replace(/\.$/, '')
          )
        : trans.__(
            'Save changes in “%1” before closing? Changes that you discard remain in the version history.',
            widget.title.label
          ),
      buttons: [
        Dialog.cancelButton(),
        Dialog.warnButton({ label: trans.__('Discard') }),
        Dialog.okButton({
          label: saveError ? trans.__('Close') : trans.__('Save')
        })
      ]
    });
    if (!button.accept) {
      return;
    }
    if (button.displayType === 'warn') {
      await discardAndClose();
    } else if (saveError) {
      close();
    } else {
      await saveAndClose();
    }
  };
  const ask = async () => {
    const name = PathExt.basename(provider.path);
    const { count, isKeptInBrowser } = provider.edits.unsent;
    const { button } = await showDialog({
      title: trans.__('Close %1?', name),
      body: isKeptInBrowser
        ? trans._n(
            '%1 change has not reached the server yet. This browser keeps it, and sends it when you open the document again.',
            '%1 changes have not reached the server yet. This browser keeps them, and sends them when you open the document again.',
            count
          )
        : trans._n(
            '%1 change has not reached the server yet, and this browser cannot keep it. It is lost if you close the document.',
            '%1 changes have not reached the server yet, and this browser cannot keep them. They are lost if you close the document.',
            count
          ),
      buttons: [
        Dialog.cancelButton(),
        isKeptInBrowser
          ? Dialog.okButton({ label: trans.__('Close') })
          : Dialog.warnButton({ label: trans.__('Close and Lose Changes') })
      ]
    });
    if (button.accept) {
      close();
    }
  };
  MessageLoop.installMessageHook(widget, (_, message: Message) => {
    if (message.type !== 'close-request' || isPassing || widget.isDisposed) {
      return true;
    }
    switch (decide()) {
      case 'nothing':
        if (!context.model.dirty) {
          return true;
        }
        close();
        return false;
      case 'save':
        void saveAndClose();
        return false;
      case 'ask':
        void ask();
        return false;
      case 'choose':
        void choose();
        return false;
    }
  });
}

/**
 * How many widgets of this page show the document of a widget.
 */
function viewsOf({ shell }: JupyterFrontEnd, { context }: IDocumentWidget) {
  return [...shell.widgets('main')].filter(
    each => isDocument(each) && each.context === context
  ).length;
}

/**
 * Wait until a document that was saved is known to be saved, or others go on
 * editing it.
 */
async function untilClean({ context }: IDocumentWidget): Promise<void> {
  const { model } = context;
  if (!model.dirty) {
    return;
  }
  await new Promise<void>(resolve => {
    const done = () => {
      if (!model.dirty || model.isDisposed) {
        clearTimeout(timer);
        model.stateChanged.disconnect(done);
        resolve();
      }
    };
    const timer = setTimeout(() => {
      model.stateChanged.disconnect(done);
      resolve();
    }, CLEAN_WITHIN);
    model.stateChanged.connect(done);
  });
}

/**
 * Whether nothing but shared documents makes JupyterLab ask.
 */
function isDirtyByShared(
  { shell }: JupyterFrontEnd,
  documents: IDocumentProviders,
  status: ILabStatus
): boolean {
  const models = new Set(
    [...shell.widgets('main')]
      .filter(isDocument)
      .map(({ context }) => context.model)
      .filter(
        ({ dirty, sharedModel }) => dirty && documents.providerOf(sharedModel)
      )
  );
  // JupyterLab counts what is dirty, and does not publish the number.
  const { _dirtyCount } = status as { _dirtyCount?: unknown };
  return _dirtyCount === models.size;
}
