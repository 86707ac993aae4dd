// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The people on a server: oneself, and the others with what they have open.
 *
 * Knows what is to be shown; what is done is done by its owner.
 */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { ISignal } from '@lumino/signaling';
import * as React from 'react';

import type { IOnlinePerson } from './peopleOnline';
import { PersonRow } from './personRow';
import { initialsOf, pageColor, textColorOn, USER_COLORS } from './userColor';
import { DefaultIconRenderer, userInWords } from './usersItem';
import { useSignal } from '../status/useSignal';

/**
 * Oneself, as others see it.
 */
export interface IOwnIdentity {
  /** The name. */
  name: string;
  /** The color. */
  color: string;
  /** Whether another name may be chosen. */
  mayRename: boolean;
  /** Whether another color may be chosen. */
  mayRecolor: boolean;
}

/**
 * Who is on the server, as far as it is shown here.
 */
export interface ICollaboratorsModel {
  /** Oneself; `null` until it is known. */
  readonly own: IOwnIdentity | null;
  /** The others. */
  readonly people: readonly IOnlinePerson[];
  /** A signal emitted when any of them changed. */
  readonly changed: ISignal<unknown, void>;
}

/**
 * Properties of `CollaboratorsView`.
 */
export interface ICollaboratorsViewProps {
  /** Who is shown. */
  model: ICollaboratorsModel;
  /** Choose another name for oneself. */
  rename: () => void;
  /** Choose another color for oneself. */
  recolor: (color: string) => void;
  /** Open a document, and go to somebody in it. */
  open: (path: string, person: IOnlinePerson) => void;
  /** Invite others to the document that is looked at; `null` without one. */
  invite: (() => void) | null;
  /** Offer the menu of the user, at an element. */
  offer?: (anchor: HTMLElement) => void;
  /** Translates what is shown. */
  translator: TranslationBundle;
}

/**
 * The people on a server.
 */
export function CollaboratorsView(
  props: ICollaboratorsViewProps
): React.ReactElement {
  useSignal(props.model.changed);
  return (
    <>
      <Own {...props} />
      <Others {...props} />
    </>
  );
}

function Own(props: ICollaboratorsViewProps): React.ReactElement | null {
  const { invite, model, offer, recolor, rename, translator: trans } = props;
  const { own } = model;
  if (!own) {
    return null;
  }
  return (
    <section className="jp-UserInfoPanel" aria-label={trans.__('You')}>
      <div className="jp-UserInfo-Container">
        <button
          className="jp-UserInfo-Icon"
          style={{
            backgroundColor: own.color,
            color: textColorOn(own.color, pageColor)
          }}
          aria-label={trans.__('You: %1', own.name)}
          aria-haspopup="menu"
          onClick={({ currentTarget }) => offer?.(currentTarget)}
        >
          {initialsOf(own.name)}
        </button>
        <span className="jp-UserInfo-Name">{own.name}</span>
        {own.mayRename && (
          <button className="jp-Timeline-action" onClick={rename}>
            {trans.__('Rename…')}
          </button>
        )}
      </div>
      {own.mayRecolor && (
        <div
          className="jp-UserInfo-Colors"
          role="radiogroup"
          aria-label={trans.__('Your color')}
        >
          {USER_COLORS.map((color, at) => (
            <button
              key={color}
              className="jp-UserInfo-Color"
              role="radio"
              aria-checked={color === own.color}
              aria-label={trans.__('Color %1', at + 1)}
              style={{ backgroundColor: color }}
              onClick={() => recolor(color)}
            />
          ))}
        </div>
      )}
      {invite && (
        <button
          className="jp-UserInfo-Invite jp-Timeline-action"
          onClick={invite}
        >
          {trans.__('Share This Document…')}
        </button>
      )}
    </section>
  );
}

function Others(props: ICollaboratorsViewProps): React.ReactElement {
  const { model, translator: trans } = props;
  return (
    <section aria-label={trans.__('People online')}>
      <h3 className="jp-CollaboratorsList-title">{trans.__('Online')}</h3>
      {model.people.length === 0 && (
        <p className="jp-Timeline-note">{trans.__('Nobody else is here.')}</p>
      )}
      <ul className="jp-CollaboratorsList">
        {model.people.map(person => (
          <Person key={person.user.key} {...props} person={person} />
        ))}
      </ul>
    </section>
  );
}

function Person(
  props: ICollaboratorsViewProps & { person: IOnlinePerson }
): React.ReactElement {
  const { open, person, translator: trans } = props;
  const { documents, user } = person;
  return (
    <li className="jp-Collaborator">
      <PersonRow
        badge={
          <DefaultIconRenderer
            user={user}
            className={user.isIdle ? 'jp-mod-idle' : undefined}
            role="presentation"
            tabIndex={-1}
            title=""
            aria-hidden="true"
          />
        }
        name={user.name}
        title={userInWords({ ...user, role: null }, null, trans)}
        note={user.isIdle ? trans.__('idle') : undefined}
        documents={documents}
        describe={({ isCurrent, path }) =>
          isCurrent
            ? trans.__('%1 looks at %2', user.name, path)
            : trans.__('%1 has %2 open', user.name, path)
        }
        open={path => open(path, person)}
      />
    </li>
  );
}
