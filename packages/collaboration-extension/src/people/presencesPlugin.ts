// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The plugin that provides the presence of documents.
 */

import { IGlobalAwareness } from '@jupyter/collaborative-drive';
import { IPresences } from '@jupyter/collaboration';
import { Activity } from '@jupyter/docprovider';
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import type { IDocumentWidget } from '@jupyterlab/docregistry';
import { ITranslator } from '@jupyterlab/translation';
import type { Awareness } from 'y-protocols/awareness';

import { EDITORS } from '../contents/factoryNames';
import { Presences } from './presences';

/**
 * Provides the presence of documents.
 */
export const presences: JupyterFrontEndPlugin<IPresences> = {
  id: '@jupyter/collaboration-extension:presences',
  description: 'Knows who is in the documents that are open.',
  autoStart: true,
  requires: [ITranslator],
  optional: [IGlobalAwareness],
  provides: IPresences,
  // Tokens of classes have no interface of their name.
  // eslint-disable-next-line jupyter/plugin-activation-args
  activate: (
    app: JupyterFrontEnd,
    translator: ITranslator,
    globalAwareness: Awareness | null
  ): IPresences => {
    const trans = translator.load('jupyter_collaboration');
    const activity = new Activity();
    activity.isIdleChanged.connect((_, isIdle) => {
      globalAwareness?.setLocalStateField('isIdle', isIdle);
    });
    const found = new Presences(app, activity, trans);
    for (const factory of EDITORS) {
      app.docRegistry.addWidgetExtension(factory, {
        createNew: widget => {
          const document = widget as IDocumentWidget;
          void document.context.ready.then(() => {
            if (!document.isDisposed) {
              found.of(document);
            }
          });
        }
      });
    }
    return found;
  }
};
