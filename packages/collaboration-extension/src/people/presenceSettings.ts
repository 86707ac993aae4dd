// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * What the user has set about presence.
 */

import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

/**
 * The settings; the schema of the same names describes them.
 */
export interface IPresenceSettings {
  /** When names are shown at carets. */
  labels: 'always' | 'moving' | 'never';
  /** Whether cells are marked. */
  cellMarkers: boolean;
  /** Whether the edges say who is out of view. */
  edgeMarkers: boolean;
  /** Whether it is told who comes and goes. */
  notices: boolean;
  /** Whether following opens other documents. */
  followFiles: boolean;
}

/**
 * The settings, as they are now.
 */
export class PresenceSettings {
  /**
   * @param id The plugin whose schema has them.
   * @param registry Where they are; without it, all are as by default.
   */
  constructor(id: string, registry: ISettingRegistry | null) {
    // Without a schema, as in some other application, the defaults hold.
    registry?.load(id).then(
      settings => {
        const read = () => {
          this._value = {
            ...this._value,
            ...(settings.composite as Partial<IPresenceSettings>)
          };
          this._changed.emit();
        };
        settings.changed.connect(read);
        read();
      },
      () => undefined
    );
  }

  /**
   * The settings.
   */
  get value(): IPresenceSettings {
    return this._value;
  }

  /**
   * A signal emitted when they changed.
   */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  private _changed = new Signal<this, void>(this);
  private _value: IPresenceSettings = {
    labels: 'moving',
    cellMarkers: true,
    edgeMarkers: true,
    notices: false,
    followFiles: true
  };
}
