// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Badges of the other people in a document.
 */

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { pageColor, textColorOn } from './userColor';
import type { IDocumentUser, UsersAwareness } from './users';
import { UsersStore } from './users';

/**
 * Properties of what shows one person.
 */
export interface IIconRendererProps extends React.HTMLAttributes<HTMLElement> {
  /**
   * The person.
   */
  user: IDocumentUser;
}

/**
 * Properties of `UsersItem`.
 */
export interface IUsersItemProps {
  /**
   * The presence of the document; nobody is shown without one.
   */
  awareness: UsersAwareness | null;

  /**
   * The username of oneself; the one in the own presence if not given.
   */
  ownUsername?: string;

  /**
   * Translates what is shown.
   */
  translator: TranslationBundle;

  /**
   * Shows one person; `DefaultIconRenderer` if not given.
   */
  iconRenderer?: (props: IIconRendererProps) => React.ReactElement | null;
}

/**
 * A round badge: the picture of a person, or the initials on their colour.
 */
export function DefaultIconRenderer(
  props: IIconRendererProps
): React.ReactElement {
  const { user, className, style, ...others } = props;
  const [failed, setFailed] = React.useState<string | null>(null);
  const picture = user.avatarUrl === failed ? null : user.avatarUrl;
  return (
    <span
      role="img"
      tabIndex={0}
      title={user.name}
      aria-label={user.name}
      {...others}
      className={['jp-UsersItem-badge', className].filter(Boolean).join(' ')}
      style={{
        backgroundColor: user.color,
        color: textColorOn(user.color, pageColor),
        ...style
      }}
    >
      {picture ? (
        <img
          className="jp-UsersItem-picture"
          src={picture}
          alt=""
          draggable={false}
          referrerPolicy="no-referrer"
          onError={() => setFailed(picture)}
        />
      ) : (
        <span className="jp-UsersItem-initials" aria-hidden="true">
          {user.initials}
        </span>
      )}
    </span>
  );
}

/**
 * How a badge is labelled, where that is more than the name.
 */
function labelled(
  user: IDocumentUser,
  trans: TranslationBundle
): Pick<IIconRendererProps, 'aria-label' | 'title'> {
  if (!user.isAnonymous) {
    return {};
  }
  const title = trans.__('%1 (guest)', user.name);
  return { title, 'aria-label': title };
}

/**
 * A badge and the name beside it.
 *
 * @param user The person.
 */
export function collaboratorPill(user: IDocumentUser): React.ReactElement {
  return (
    <span className="jp-CollaboratorPill" title={user.name}>
      <DefaultIconRenderer
        user={user}
        role="presentation"
        tabIndex={-1}
        aria-hidden="true"
      />
      <span className="jp-CollaboratorPill-name">{user.name}</span>
    </span>
  );
}

/**
 * The badges of the other people in a document, each person once.
 *
 * Renders when people come, go or change, and not when cursors move.
 */
export function UsersItem(props: IUsersItemProps): React.ReactElement {
  const { awareness, ownUsername, translator: trans } = props;
  const Icon = props.iconRenderer ?? DefaultIconRenderer;
  const store = React.useMemo(
    () =>
      new UsersStore(awareness, {
        ownUsername,
        anonymous: trans.__('Anonymous'),
        base: document.baseURI
      }),
    [awareness, ownUsername, trans]
  );
  const users = React.useSyncExternalStore(store.subscribe, store.read);
  return (
    <div
      className="jp-UsersItem jp-toolbar-users-item"
      role="list"
      aria-label={trans.__('People in this document')}
    >
      {users.map(user => (
        <div className="jp-UsersItem-user" role="listitem" key={user.key}>
          <Icon user={user} {...labelled(user, trans)} />
        </div>
      ))}
    </div>
  );
}
