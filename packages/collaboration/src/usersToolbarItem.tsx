// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The badges of the other people, as an item of a toolbar.
 */

import { ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { IUsersItemProps } from './usersItem';
import { UsersItem } from './usersItem';

/**
 * A widget with the badges of the other people in a document.
 */
export class UsersToolbarItem extends ReactWidget {
  /**
   * @param _options Whose presence to show, and how.
   */
  constructor(private _options: IUsersItemProps) {
    super();
    this.addClass('jp-UsersToolbarItem');
  }

  protected override render(): React.ReactElement {
    return <UsersItem {...this._options} />;
  }
}
