// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The user's own menu and details, under the names that other packages import.
 * [C1]
 *
 * Our own are the menu of `IUserMenu`, and `PeoplePanel`.
 */

import type { Dialog } from '@jupyterlab/apputils';
import type { ServerConnection, User } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { VirtualElement } from '@lumino/virtualdom';
import { h } from '@lumino/virtualdom';
import { Menu, MenuBar, Panel } from '@lumino/widgets';
import * as React from 'react';

import { Picture } from './publishedUsers';
import { useSignal } from '../status/useSignal';
import {
  displayName,
  pageColor,
  textColorOn,
  userColor,
  userInitials
} from './userColor';

/**
 * A menu of the user.
 */
export class UserMenu extends Menu {
  constructor(options: UserMenu.IOptions) {
    super(options);
    const { user } = options;
    const update = () => {
      this.title.label = user.isReady ? displayName(user.identity) : '';
    };
    user.userChanged.connect(update, this);
    update();
    this.disposed.connect(() => user.userChanged.disconnect(update, this));
  }
}

/**
 * Types of `UserMenu`.
 */
export namespace UserMenu {
  /**
   * What the menu needs.
   */
  export interface IOptions extends Menu.IOptions {
    /** The user. */
    user: User.IManager;
  }
}

/**
 * Renders the item of a menu bar with the badge and the name of the user.
 */
export class RendererUserMenu extends MenuBar.Renderer {
  /**
   * @param _user The user.
   */
  constructor(private _user: User.IManager) {
    super();
  }

  override renderItem(data: MenuBar.IRenderData): VirtualElement {
    const { tabbable, onfocus } = data;
    return h.li(
      {
        className: this.createItemClass(data),
        dataset: this.createItemDataset(data),
        ...(tabbable ? { tabindex: '0' } : {}),
        onfocus,
        ...this.createItemARIA(data)
      },
      this._renderBadge(),
      this.renderLabel(data)
    );
  }

  override renderLabel(data: MenuBar.IRenderData): VirtualElement {
    const { isReady, identity } = this._user;
    const label = isReady ? displayName(identity) : this.formatLabel(data);
    return h.div({ className: 'lm-MenuBar-itemLabel' }, label);
  }

  private _renderBadge(): VirtualElement {
    const { identity } = this._user;
    const color = userColor(identity, 0);
    return h.div(
      {
        className: 'lm-MenuBar-itemIcon jp-MenuBar-anonymousIcon',
        style: { backgroundColor: color, color: textColorOn(color, pageColor) }
      },
      h.span(identity ? userInitials(identity, displayName(identity)) : '')
    );
  }
}

/**
 * The badge of the user.
 */
export function UserIconComponent(props: {
  /** The user. */
  userManager: User.IManager;
  /** Called when the badge is clicked. */
  onClick?: () => void;
}): React.ReactElement {
  const { onClick, userManager } = props;
  useSignal(userManager.userChanged);
  const { identity } = userManager;
  return identity ? (
    <Picture identity={identity} onClick={onClick} />
  ) : (
    <div className="jp-UserInfo-Icon" onClick={onClick} />
  );
}

/**
 * What the views of the user need.
 */
export interface IUserInfoOptions {
  /** The user. */
  userManager: User.IManager;
  /** How to reach the server. */
  serverSettings?: ServerConnection.ISettings;
  /** Translates what users see. */
  trans: TranslationBundle;
}

/**
 * A panel with the badge and the name of the user.
 */
export class UserInfoPanel extends Panel {
  constructor(options: IUserInfoOptions) {
    super();
    this.addClass('jp-UserInfoPanel');
    const { userManager } = options;
    const show = () => {
      if (!this.isDisposed && this.widgets.length === 0) {
        this.addWidget(new UserInfoBody(options));
        this.update();
      }
    };
    if (userManager.isReady) {
      show();
    } else {
      void userManager.ready.then(show);
    }
  }
}

/**
 * The badge and the name of the user.
 */
export class UserInfoBody
  extends ReactWidget
  implements Dialog.IBodyWidget<User.IManager>
{
  constructor(private _options: IUserInfoOptions) {
    super();
    this.user.userChanged.connect(this.update, this);
  }

  /**
   * The user.
   */
  get user(): User.IManager {
    return this._options.userManager;
  }
  set user(user: User.IManager) {
    this.user.userChanged.disconnect(this.update, this);
    this._options = { ...this._options, userManager: user };
    user.userChanged.connect(this.update, this);
    this.update();
  }

  /**
   * Show nothing any more.
   */
  override dispose(): void {
    this.user.userChanged.disconnect(this.update, this);
    super.dispose();
  }

  protected override render(): React.ReactElement {
    const { identity } = this.user;
    if (!identity) {
      return <></>;
    }
    return (
      <div className="jp-UserInfo-Container">
        <Picture identity={identity} />
        <span className="jp-UserInfo-Name">{displayName(identity)}</span>
      </div>
    );
  }
}

/**
 * The fields of an identity that were changed.
 */
export type UserUpdate = {
  [field in keyof Omit<User.IIdentity, 'username'>]: string;
};

/**
 * The fields of an identity, in order.
 */
const FIELDS = ['name', 'display_name', 'initials', 'color'] as const;

/**
 * The details of the user, as fields: those that the server lets users change
 * can be edited.
 */
export class UserDetailsBody extends ReactWidget {
  constructor(private _options: { userManager: User.IManager }) {
    super();
  }

  /**
   * The fields that were changed.
   */
  getValue(): UserUpdate {
    return this._changed as UserUpdate;
  }

  protected override render(): React.ReactElement {
    const { identity, permissions } = this._options.userManager;
    const updatable = permissions?.updatable_fields;
    const canUpdate = Array.isArray(updatable)
      ? (updatable as unknown[])
      : ([] as unknown[]);
    return (
      <div className="jp-UserInfo-Details">
        {FIELDS.map(field => (
          <label key={field}>
            {field}
            <input
              name={field}
              defaultValue={identity?.[field] ?? ''}
              disabled={!canUpdate.includes(field)}
              onChange={event => {
                this._changed[field] = event.currentTarget.value;
              }}
            />
          </label>
        ))}
      </div>
    );
  }

  private _changed: Partial<UserUpdate> = {};
}
