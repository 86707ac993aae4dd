// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * What a document's toolbar says of its connection: nothing as long as there
 * is nothing to worry about. [P8]
 */

import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { IDisposable } from '@lumino/disposable';
import * as React from 'react';

import { showAtEnd } from './documentButton';
import type { IDocumentStatusModel } from './documentStatusItem';
import { documentStatusText } from './documentStatusItem';
import { useSignal } from './useSignal';

/**
 * Properties of `ConnectionItem`.
 */
export interface IConnectionItemProps {
  /** The status of the document. */
  model: IDocumentStatusModel;
  /** Show more of it. */
  onMore: () => void;
  /** Translates what is shown. */
  translator: TranslationBundle;
}

/**
 * A problem with the connection of a document, in one or two words.
 */
export function ConnectionItem(
  props: IConnectionItemProps
): React.ReactElement {
  const { model, onMore, translator: trans } = props;
  useSignal(model.changed);
  const problem = problemOf(model, trans);
  return (
    // The element is always there, so that a change of it is read aloud.
    <span className="jp-ConnectionItem" role="status">
      {problem !== null && (
        <button
          className={`jp-ConnectionItem-button jp-mod-${model.status}`}
          title={documentStatusText(model, trans)}
          aria-haspopup="dialog"
          onClick={onMore}
        >
          {problem}
        </button>
      )}
    </span>
  );
}

/**
 * A toolbar item that says what is wrong with the connection of a document.
 */
export class ConnectionToolbarItem extends ReactWidget {
  /**
   * @param _props What is shown. The item owns the model.
   */
  constructor(
    private _props: Omit<IConnectionItemProps, 'model'> & {
      model: IDocumentStatusModel & IDisposable;
    }
  ) {
    super();
    this.addClass('jp-ConnectionToolbarItem');
    showAtEnd(this);
  }

  /**
   * Take the item away, and its model.
   */
  override dispose(): void {
    if (!this.isDisposed) {
      super.dispose();
      this._props.model.dispose();
    }
  }

  protected override render(): React.ReactElement {
    return <ConnectionItem {...this._props} />;
  }
}

function problemOf(
  model: IDocumentStatusModel,
  trans: TranslationBundle
): string | null {
  switch (model.status) {
    case 'connecting':
      return null;
    case 'reconnecting':
      return trans.__('Reconnecting…');
    case 'offline':
      return trans.__('Offline');
    case 'refused':
      return trans.__('Not connected');
    case 'live':
      return model.saveError !== null && model.role === 'editor'
        ? trans.__('Not saved')
        : null;
  }
}
