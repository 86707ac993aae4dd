// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The badges of the other people, as an item of a toolbar.
 */

import { ReactWidget } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import * as React from 'react';

import { showAtEnd } from '../status/documentButton';
import type { IUsersItemProps } from './usersItem';
import { badgesFor, UsersItem } from './usersItem';

/**
 * A widget with the badges of the other people in a document: as many as its
 * toolbar has room for, and the number of the others. [P2]
 */
export class UsersToolbarItem extends ReactWidget {
  /**
   * @param _options Whose presence to show, and how.
   */
  constructor(private _options: IUsersItemProps) {
    super();
    this.addClass('jp-UsersToolbarItem');
    showAtEnd(this);
  }

  /**
   * Show nobody any more.
   */
  override dispose(): void {
    this._observer?.disconnect();
    super.dispose();
  }

  protected override onAfterAttach(msg: Message): void {
    super.onAfterAttach(msg);
    const toolbar = this.node.closest('.jp-Toolbar');
    if (toolbar && typeof ResizeObserver !== 'undefined') {
      this._observer = new ResizeObserver(([{ contentRect }]) => {
        const most = badgesFor(contentRect.width);
        // A toolbar that is not shown has no width.
        if (contentRect.width > 0 && most !== this._most) {
          this._most = most;
          this.update();
        }
      });
      this._observer.observe(toolbar);
    }
  }

  protected override onBeforeDetach(msg: Message): void {
    this._observer?.disconnect();
    this._observer = null;
    super.onBeforeDetach(msg);
  }

  protected override render(): React.ReactElement {
    return (
      <UsersItem {...this._options} {...(this._most && { most: this._most })} />
    );
  }

  private _most: number | null = null;
  private _observer: ResizeObserver | null = null;
}
