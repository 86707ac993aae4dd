// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The people on a server, as a panel of a side bar.
 */

import { ReactWidget, usersIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { ICollaboratorsViewProps } from './collaboratorsView';
import { CollaboratorsView } from './collaboratorsView';

/**
 * A panel with oneself, and with the other people on a server.
 */
export class PeoplePanel extends ReactWidget {
  /**
   * @param _options Who is shown, and what can be done.
   */
  constructor(
    private _options: Omit<ICollaboratorsViewProps, 'invite'> & {
      invite: () => (() => void) | null;
    }
  ) {
    super();
    const { translator: trans } = _options;
    this.id = 'jp-collaboration-panel';
    this.addClass('jp-RTCPanel');
    this.title.icon = usersIcon;
    this.title.caption = trans.__('Collaboration');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', this.title.caption);
  }

  protected override render(): React.ReactElement {
    const { invite, ...options } = this._options;
    return <CollaboratorsView {...options} invite={invite()} />;
  }
}
