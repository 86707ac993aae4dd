// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The mark of a document that is only read, as an item of a toolbar.
 */

import { ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';

import { showAtEnd } from './documentButton';
import type { IViewingItemProps } from './viewingItem';
import { ViewingItem } from './viewingItem';

/**
 * A widget with the mark; empty for editors.
 */
export class ViewingToolbarItem extends ReactWidget {
  /**
   * @param _options Whose role to show, and how.
   */
  constructor(private _options: IViewingItemProps) {
    super();
    this.addClass('jp-ViewingToolbarItem');
    showAtEnd(this);
  }

  protected override render(): React.ReactElement {
    return <ViewingItem {...this._options} />;
  }
}
