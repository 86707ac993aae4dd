// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Badges of the people in a document, under the names and in the shapes that
 * other packages import. [C1]
 *
 * Our own toolbar item is `UsersToolbarItem`.
 */

import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { User } from '@jupyterlab/services';
import { ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';
import type { Awareness } from 'y-protocols/awareness';

import { identityOf } from './identity';
import {
  avatarUrl,
  displayName,
  pageColor,
  textColorOn,
  userColor,
  userInitials
} from './userColor';
import { UsersStore } from './users';

/**
 * Types of `UsersItem`.
 */
export namespace UsersItem {
  /**
   * Somebody in the document.
   */
  export interface IUserData {
    /** The client id in the document's presence. */
    userId: number;
    /** The person. */
    userData: User.IIdentity;
  }

  /**
   * Properties of what shows one person.
   */
  export interface IIconRendererProps extends React.HTMLAttributes<HTMLElement> {
    /** The person. */
    user: IUserData;
    /** The model of the document. */
    model?: DocumentRegistry.IModel;
  }

  /**
   * Properties of the component.
   */
  export interface IProps {
    /** The model of the document; nobody is shown without one. */
    model: DocumentRegistry.IModel | null;
    /** Shows one person; `DefaultIconRenderer` if not given. */
    iconRenderer?: (props: IIconRendererProps) => React.ReactElement;
  }

  /**
   * The state of the component.
   */
  export interface IState {
    /** The other people in the document, each once. */
    usersList: IUserData[];
  }
}

/**
 * The other people in a document, each once.
 */
export class UsersItem extends React.Component<
  UsersItem.IProps,
  UsersItem.IState
> {
  /**
   * Create a widget with the people in a document.
   */
  static createWidget(options: UsersItem.IProps): ReactWidget {
    return ReactWidget.create(<UsersItem {...options} />);
  }

  constructor(props: UsersItem.IProps) {
    super(props);
    const awareness = awarenessOf(props.model);
    this._store = new UsersStore(awareness, { base: document.baseURI });
    this.state = { usersList: this._usersIn(awareness) };
  }

  override componentDidMount(): void {
    const update = () =>
      this.setState({
        usersList: this._usersIn(awarenessOf(this.props.model))
      });
    this._unsubscribe = this._store.subscribe(update);
    update();
  }

  override componentWillUnmount(): void {
    this._unsubscribe();
  }

  override render(): React.ReactNode {
    const { iconRenderer: Icon = DefaultIconRenderer, model } = this.props;
    return (
      <div className="jp-toolbar-users-item">
        {this.state.usersList.map(user => (
          <Icon user={user} model={model ?? undefined} key={user.userId} />
        ))}
      </div>
    );
  }

  private _usersIn(awareness: Awareness | null): UsersItem.IUserData[] {
    return this._store.read().map(user => ({
      userId: user.clientId,
      userData: identityOf(user, awareness?.getStates().get(user.clientId))
    }));
  }

  private _store: UsersStore;
  private _unsubscribe = () => {};
}

/**
 * The badge of a person: their picture, or their initials on their color.
 */
export function DefaultIconRenderer(
  props: UsersItem.IIconRendererProps
): React.ReactElement {
  const { user, model, ...others } = props;
  return (
    <div {...others}>
      <Picture identity={user.userData} />
    </div>
  );
}

/**
 * The picture of a person, or their initials on their color.
 */
export function Picture(props: {
  identity: User.IIdentity;
  onClick?: () => void;
}): React.ReactElement {
  const { identity, onClick } = props;
  const name = displayName(identity);
  const [failed, setFailed] = React.useState<string | null>(null);
  const picture = avatarUrl(identity, document.baseURI);
  if (picture && picture !== failed) {
    return (
      <img
        className="jp-MenuBar-imageIcon jp-UserInfo-Icon"
        src={picture}
        alt={name}
        title={name}
        onClick={onClick}
        onError={() => setFailed(picture)}
        referrerPolicy="no-referrer"
      />
    );
  }
  const color = userColor(identity, 0);
  return (
    <div
      className="jp-MenuBar-anonymousIcon jp-UserInfo-Icon"
      title={name}
      onClick={onClick}
      style={{
        backgroundColor: color,
        color: textColorOn(color, pageColor)
      }}
    >
      <span>{userInitials(identity, name)}</span>
    </div>
  );
}

/**
 * An element with the badge of a person and their name.
 *
 * @param user The person.
 */
export function collaboratorPill(
  user: User.IIdentity | undefined
): HTMLDivElement {
  const pill = document.createElement('div');
  pill.className = 'jp-CollaboratorPill';
  const badge = document.createElement('span');
  badge.className = 'jp-UsersItem-badge';
  const color = userColor(user, 0);
  badge.style.backgroundColor = color;
  badge.style.color = textColorOn(color, pageColor);
  badge.textContent = userInitials(user, displayName(user));
  badge.setAttribute('aria-hidden', 'true');
  const name = document.createElement('span');
  name.className = 'jp-CollaboratorPill-name';
  name.textContent = displayName(user);
  pill.append(badge, name);
  return pill;
}

function awarenessOf(model: DocumentRegistry.IModel | null): Awareness | null {
  const shared = model?.sharedModel as { awareness?: Awareness } | undefined;
  return shared?.awareness ?? null;
}
