// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The mark of a document that the user may read and not change. [M2]
 */

import type { Role, RoleReason } from '@jupyter/docprovider';
import { roleMessage } from '@jupyter/docprovider';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { ISignal } from '@lumino/signaling';
import * as React from 'react';

import { useSignal } from './useSignal';

/**
 * The role of the user, as far as it is shown here.
 */
export interface IRoleModel {
  /**
   * What the user may do.
   */
  readonly role: Role;

  /**
   * Why the user may not do more; empty for editors.
   */
  readonly roleReason: RoleReason;

  /**
   * A signal emitted when any of them changed.
   */
  readonly roleChanged: ISignal<unknown, unknown>;
}

/**
 * Properties of `ViewingItem`.
 */
export interface IViewingItemProps {
  /**
   * The role of the user in the document; `null` if it is not shared.
   */
  model: IRoleModel | null;

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
  model: IRoleModel;
  translator: TranslationBundle;
}): React.ReactElement | null {
  const { model, translator: trans } = props;
  useSignal(model.roleChanged);
  if (!model.roleReason) {
    return null;
  }
  const why = roleMessage(model.roleReason, trans);
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
