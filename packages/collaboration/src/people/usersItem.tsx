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
import { language } from '../status/language';

/**
 * The most badges that are shown beside each other.
 */
const MOST_BADGES = 5;

/**
 * How many badges a toolbar has room for, beside its other items.
 *
 * @param width The width of the toolbar, in pixels.
 */
export function badgesFor(width: number): number {
  return Math.min(MOST_BADGES, Math.max(1, Math.floor(width / 140) - 1));
}

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
   * Where somebody is, in words; `null` if that is not known.
   */
  placeOf?: (user: IDocumentUser) => string | null;

  /**
   * Show where somebody is; badges cannot be clicked without it.
   */
  goTo?: (user: IDocumentUser) => void;

  /**
   * Offer what can be done with people, in a menu at an element.
   */
  offer?: (users: readonly IDocumentUser[], anchor: HTMLElement) => void;

  /**
   * The most badges that are shown beside each other; 5 if not given.
   */
  most?: number;

  /**
   * Shows one person; `DefaultIconRenderer` if not given.
   */
  iconRenderer?: (props: IIconRendererProps) => React.ReactElement | null;
}

/**
 * A round badge: the picture of a person, or the initials on their color.
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
 * The name of somebody, and whether the server has made it up.
 */
function nameInWords(user: IDocumentUser, trans: TranslationBundle): string {
  return user.isAnonymous ? trans.__('%1 (guest)', user.name) : user.name;
}

/**
 * Who somebody is, where, as what, and since when.
 */
export function userInWords(
  user: IDocumentUser,
  place: string | null,
  trans: TranslationBundle
): string {
  const since =
    user.since === null
      ? null
      : new Date(user.since * 1000).toLocaleTimeString(language(), {
          hour: '2-digit',
          minute: '2-digit'
        });
  const parts = [
    nameInWords(user, trans),
    user.role === 'viewer' && trans.__('viewing'),
    user.role === 'editor' && trans.__('editing'),
    place,
    since && trans.__('since %1', since),
    user.isIdle && trans.__('idle'),
    user.isFollower && trans.__('follows you')
  ];
  return parts.filter(Boolean).join(' · ');
}

/**
 * The badges of the other people in a document, each person once.
 *
 * Renders when people come, go or change, and not when cursors move.
 */
export function UsersItem(props: IUsersItemProps): React.ReactElement {
  const { awareness, ownUsername, translator: trans } = props;
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
  const { most = MOST_BADGES } = props;
  const rest = users.slice(most);
  return (
    <div
      className="jp-UsersItem jp-toolbar-users-item"
      role="list"
      aria-label={trans.__('People in this document')}
    >
      {users.slice(0, most).map(user => (
        <div className="jp-UsersItem-user" role="listitem" key={user.key}>
          <Badge {...props} user={user} />
        </div>
      ))}
      {rest.length > 0 && (
        <div className="jp-UsersItem-user" role="listitem">
          <Others {...props} users={rest} />
        </div>
      )}
    </div>
  );
}

/**
 * The number of people for whom there is no room; a menu offers more.
 */
function Others(
  props: IUsersItemProps & { users: readonly IDocumentUser[] }
): React.ReactElement {
  const { offer, translator: trans, users } = props;
  const common = {
    className: 'jp-UsersItem-more',
    title: users.map(user => nameInWords(user, trans)).join(', '),
    'aria-label': trans._n('%1 more person', '%1 more people', users.length)
  };
  if (!offer) {
    return (
      <span {...common} role="img" tabIndex={0}>
        +{users.length}
      </span>
    );
  }
  return (
    <button
      {...common}
      aria-haspopup="menu"
      onClick={event => {
        // A toolbar gives the keyboard to its document after a click,
        // and takes it from the menu.
        event.stopPropagation();
        offer(users, event.currentTarget);
      }}
    >
      +{users.length}
    </button>
  );
}

/**
 * One person: a click goes there, a menu offers more.
 */
function Badge(
  props: IUsersItemProps & { user: IDocumentUser }
): React.ReactElement {
  const { goTo, offer, placeOf, translator: trans, user } = props;
  const Icon = props.iconRenderer ?? DefaultIconRenderer;
  const describe = () => userInWords(user, placeOf?.(user) ?? null, trans);
  const name = nameInWords(user, trans);
  const className = user.isIdle ? 'jp-mod-idle' : undefined;
  if (!goTo) {
    return (
      <Icon user={user} className={className} title={name} aria-label={name} />
    );
  }
  return (
    <button
      className="jp-UsersItem-button"
      aria-label={describe()}
      aria-haspopup={offer ? 'menu' : undefined}
      // Where somebody is changes all the time: it is said when it is asked.
      onMouseEnter={({ currentTarget }) => tell(currentTarget, describe())}
      onFocus={({ currentTarget }) => tell(currentTarget, describe())}
      onClick={() => goTo(user)}
      onContextMenu={event => {
        event.preventDefault();
        event.stopPropagation();
        offer?.([user], event.currentTarget);
      }}
      onKeyDown={event => {
        if (event.key === 'ArrowDown') {
          event.preventDefault();
          offer?.([user], event.currentTarget);
        }
      }}
    >
      <Icon
        user={user}
        className={className}
        role="presentation"
        tabIndex={-1}
        title=""
        aria-hidden="true"
      />
      {user.isFollower && <span className="jp-UsersItem-follower">👁</span>}
    </button>
  );
}

function tell(element: HTMLElement, words: string): void {
  element.title = words;
  element.setAttribute('aria-label', words);
}
