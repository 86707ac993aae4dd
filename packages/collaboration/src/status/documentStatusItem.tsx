// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * What a user should know about the connection of a document, in words.
 */

import type { Role, RoleReason } from '@jupyter/docprovider';
import { roleMessage } from '@jupyter/docprovider';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { ISignal } from '@lumino/signaling';
import * as React from 'react';

/**
 * The status of a document, as far as it is shown here.
 */
export interface IDocumentStatusModel {
  /**
   * The state of the connection.
   */
  readonly status:
    'connecting' | 'live' | 'reconnecting' | 'offline' | 'refused';

  /**
   * The number of changes that the server has not acknowledged.
   */
  readonly unacknowledged: number;

  /**
   * Whether this browser keeps them, so that a reload does not lose them.
   */
  readonly isKeptInBrowser: boolean;

  /**
   * Why the last save failed; `null` if it did not.
   */
  readonly saveError: string | null;

  /**
   * Whether that was because the file was deleted.
   */
  readonly isFileDeleted: boolean;

  /**
   * Whether there are changes that are not in the file yet.
   */
  readonly isDirty: boolean;

  /**
   * Whether only explicit saves write the file.
   */
  readonly isSavedManually: boolean;

  /**
   * For whom the document is saved automatically although autosave is off for
   * this user.
   */
  readonly autosavedFor: readonly string[];

  /**
   * Why the document is not connected; `null` if unknown.
   */
  readonly reason: string | null;

  /**
   * What the user may do.
   */
  readonly role: Role;

  /**
   * Why the user may not do more; empty for editors.
   */
  readonly roleReason: RoleReason;

  /**
   * A signal emitted when anything changed.
   */
  readonly changed: ISignal<unknown, void>;
}

/**
 * Properties of `DocumentStatusItem`.
 */
export interface IDocumentStatusItemProps {
  /**
   * The status of the current document; `null` without one.
   */
  model: IDocumentStatusModel | null;

  /**
   * Show more; nothing happens without it.
   */
  onMore?: () => void;

  /**
   * Translates what is shown.
   */
  translator: TranslationBundle;
}

/**
 * How many changes wait for the server, and where.
 */
function keptText(
  model: Pick<IDocumentStatusModel, 'isKeptInBrowser' | 'unacknowledged'>,
  trans: TranslationBundle
): string {
  return model.isKeptInBrowser
    ? trans._n(
        'Offline — %1 change kept in this browser',
        'Offline — %1 changes kept in this browser',
        model.unacknowledged
      )
    : trans._n(
        'Offline — %1 change kept in this tab only: leave it open',
        'Offline — %1 changes kept in this tab only: leave it open',
        model.unacknowledged
      );
}

/**
 * The status of a document in words.
 *
 * @param model The status.
 * @param trans Translates the words.
 */
export function documentStatusText(
  model: Omit<IDocumentStatusModel, 'changed'>,
  trans: TranslationBundle
): string {
  switch (model.status) {
    case 'connecting':
      return trans.__('Connecting…');
    case 'reconnecting':
      return model.reason
        ? trans.__('Reconnecting… %1', model.reason)
        : trans.__('Reconnecting…');
    case 'offline':
      if (model.unacknowledged === 0) {
        return model.reason
          ? trans.__('Offline: %1', model.reason)
          : trans.__('Offline');
      }
      return model.reason
        ? trans.__('%1. %2', keptText(model, trans), model.reason)
        : keptText(model, trans);
    case 'refused':
      return model.reason
        ? trans.__('Not connected: %1', model.reason)
        : trans.__('Not connected');
    case 'live':
      if (model.role === 'viewer') {
        return trans.__('Viewing');
      }
      if (model.roleReason === 'file' && model.isDirty) {
        return trans.__('Not saved: the file is read-only');
      }
      if (model.isFileDeleted) {
        return trans.__('Not saved: the file was deleted on the server');
      }
      if (model.saveError !== null) {
        return trans.__('Not saved: %1', model.saveError);
      }
      if (model.isSavedManually && model.isDirty) {
        return trans.__('Live · not saved, since autosave is off');
      }
      if (model.autosavedFor.length) {
        return trans.__(
          'Live · saved automatically for %1',
          model.autosavedFor.join(', ')
        );
      }
      return model.isDirty
        ? trans.__('Live · saving…')
        : trans.__('Live · saved');
  }
}

/**
 * The status of a document, for the status bar; nothing without a document.
 */
export function DocumentStatusItem(
  props: IDocumentStatusItemProps
): React.ReactElement | null {
  const { model, translator: trans } = props;
  const subscribe = React.useCallback(
    (onChanged: () => void) => {
      const listener = (): void => onChanged();
      model?.changed.connect(listener);
      return () => {
        model?.changed.disconnect(listener);
      };
    },
    [model]
  );
  const text = React.useSyncExternalStore(subscribe, () =>
    model ? documentStatusText(model, trans) : ''
  );
  const why = React.useSyncExternalStore(subscribe, () =>
    model?.role === 'viewer' ? roleMessage(model.roleReason, trans) : ''
  );
  // Only the words are read by the store: the state of the error and of the
  // connection never changes without them.
  if (!model || !text) {
    return null;
  }
  const isError =
    model.status === 'refused' ||
    (model.status === 'live' &&
      model.role === 'editor' &&
      model.saveError !== null);
  const classes = ['jp-DocumentStatusItem', `jp-mod-${model.status}`];
  if (isError) {
    classes.push('jp-mod-error');
  }
  return (
    <span
      className={classes.join(' ')}
      role="status"
      // What changes with every save is not read aloud.
      aria-live={model.status === 'live' && !isError ? 'off' : 'polite'}
    >
      <button
        className="jp-DocumentStatusItem-text"
        aria-haspopup={props.onMore ? 'dialog' : undefined}
        title={
          why && model.status === 'live'
            ? why
            : trans.__('Collaboration: %1', text)
        }
        onClick={() => props.onMore?.()}
      >
        {text}
      </button>
    </span>
  );
}
