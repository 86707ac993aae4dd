// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The mark of a document that the user may read and not change. [M2]
 */

import type { IDocumentAccess } from '@jupyter/docprovider';
import { roleMessage } from '@jupyter/docprovider';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { useSignal } from './useSignal';

/**
 * Properties of `ViewingItem`.
 */
export interface IViewingItemProps {
  /**
   * The role of the user in the document; `null` if it is not shared.
   */
  model: IDocumentAccess | null;

  /**
   * Translates what is shown.
   */
  translator: TranslationBundle;
}

/**
 * That the user is viewing, or that the file is read-only; nothing for others.
 */
export function ViewingItem(
  props: IViewingItemProps
): React.ReactElement | null {
  const { model, translator: trans } = props;
  return model ? <Mark model={model} translator={trans} /> : null;
}

function Mark(props: {
  model: IDocumentAccess;
  translator: TranslationBundle;
}): React.ReactElement | null {
  const { model, translator: trans } = props;
  useSignal(model.changed);
  if (!model.reason) {
    return null;
  }
  const why = roleMessage(model.reason, trans);
  const label =
    model.role === 'viewer' ? trans.__('Viewing') : trans.__('Read-only file');
  return (
    <span
      className="jp-ViewingItem"
      role="note"
      tabIndex={0}
      title={why}
      aria-label={`${label}: ${why}`}
    >
      <span className="jp-ViewingItem-text" aria-hidden="true">
        {label}
      </span>
    </span>
  );
}
