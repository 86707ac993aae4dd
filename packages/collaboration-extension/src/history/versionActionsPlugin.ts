// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The plugin of the actions that other extensions add to versions. [V1]
 */

import type { IAddedVersionAction } from '@jupyter/collaboration';
import { IVersionActions } from '@jupyter/collaboration';
import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import type { IDisposable } from '@lumino/disposable';
import { DisposableDelegate } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

/**
 * Provides the list of these actions.
 */
export const versionActionsOfOthers: JupyterFrontEndPlugin<IVersionActions> = {
  id: '@jupyter/collaboration-extension:versionActions',
  description:
    'Lets other extensions add actions to the versions of documents.',
  autoStart: true,
  provides: IVersionActions,
  activate: (): IVersionActions => new AddedVersionActions()
};

/**
 * The actions that were added.
 */
class AddedVersionActions implements IVersionActions {
  get added(): readonly IAddedVersionAction[] {
    return this._added;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  add(action: IAddedVersionAction): IDisposable {
    this._set([...this._added, action]);
    return new DisposableDelegate(() => {
      this._set(this._added.filter(each => each !== action));
    });
  }

  private _set(added: readonly IAddedVersionAction[]): void {
    this._added = added;
    this._changed.emit();
  }

  private _added: readonly IAddedVersionAction[] = [];
  private _changed = new Signal<this, void>(this);
}
