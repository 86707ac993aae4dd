// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Shows the people with access to a server of a hub, and gives access to others. [P13]
 */

import type { TranslationBundle } from '@jupyterlab/translation';
import { HTMLSelect, ReactWidget } from '@jupyterlab/ui-components';
import type { ISignal } from '@lumino/signaling';
import * as React from 'react';

import { language } from '../status/language';
import { useSignal } from '../status/useSignal';

/**
 * A user or a group of a hub.
 */
export interface IRecipient {
  /** Which of both. */
  kind: 'user' | 'group';
  /** The name. */
  name: string;
}

/**
 * The access of a user or a group.
 */
export interface IShare extends IRecipient {
  /** Since when, as the hub writes it. */
  since: string;
}

/**
 * An invitation that is valid.
 */
export interface IShareCode {
  /** Its id. */
  id: string;
  /** When it ends, as the hub writes it. */
  expires: string;
  /** How many have accepted it. */
  uses: number;
}

/**
 * The sharing of a server.
 */
export interface ISharingModel {
  /** Emitted when any of the following has changed. */
  readonly changed: ISignal<unknown, unknown>;
  /** Which kinds can be searched. */
  readonly searchable: readonly IRecipient['kind'][];
  /** The users and groups with access. */
  readonly shares: readonly IShare[];
  /** The invitations that are valid. */
  readonly codes: readonly IShareCode[];
  /** What the last search has found, without those who have access. */
  readonly found: readonly IRecipient[];
  /** The link of the invitation that was created last; the hub does not keep it. */
  readonly link: string;
  /** What the hub or the server said when it refused the last request. */
  readonly problem: string;
  /** Search users and groups. */
  search(text: string): Promise<void>;
  /** Give access. */
  share(recipient: IRecipient): Promise<void>;
  /** Take access away. */
  revoke(recipient: IRecipient): Promise<void>;
  /** Create an invitation that is valid for so many seconds. */
  invite(seconds: number): Promise<void>;
  /** Make an invitation invalid. */
  withdraw(code: IShareCode): Promise<void>;
}

const HOUR = 3600;

/**
 * A view of the sharing of a server.
 */
export class SharingView extends ReactWidget {
  /**
   * @param _model The sharing.
   * @param _trans Translates what is shown.
   */
  constructor(
    private _model: ISharingModel,
    private _trans: TranslationBundle
  ) {
    super();
    this.addClass('jp-Sharing');
  }

  protected override render(): React.ReactElement {
    return <Sharing model={this._model} trans={this._trans} />;
  }
}

interface IProps {
  model: ISharingModel;
  trans: TranslationBundle;
}

function Sharing(props: IProps): React.ReactElement {
  const { model, trans } = props;
  useSignal(model.changed);
  return (
    <>
      <p className="jp-Sharing-warning">
        {trans.__(
          'Whoever has access to this server can open and change all of its files, and run code on it.'
        )}
      </p>
      {model.searchable.length > 0 && <Search {...props} />}
      <Shares {...props} />
      <Invitations {...props} />
      <p className="jp-Sharing-problem" role="alert">
        {model.problem}
      </p>
    </>
  );
}

function nameOf(recipient: IRecipient, trans: TranslationBundle): string {
  const { kind, name } = recipient;
  return kind === 'group' ? trans.__('Group %1', name) : name;
}

function Search({ model, trans }: IProps): React.ReactElement {
  const [text, setText] = React.useState('');
  const label = !model.searchable.includes('group')
    ? trans.__('Search for users of the hub')
    : !model.searchable.includes('user')
      ? trans.__('Search for groups of the hub')
      : trans.__('Search for users and groups of the hub');
  return (
    <>
      <input
        className="jp-Sharing-search jp-mod-styled"
        type="search"
        aria-label={label}
        placeholder={label}
        value={text}
        onChange={({ target }) => {
          setText(target.value);
          void model.search(target.value);
        }}
        // Enter would close the dialog.
        onKeyDown={event => event.key === 'Enter' && event.stopPropagation()}
      />
      <ul className="jp-Sharing-found" aria-label={trans.__('Found')}>
        {(text ? model.found : []).map(each => (
          <li key={`${each.kind} ${each.name}`}>
            <span>{nameOf(each, trans)}</span>
            <button
              className="jp-mod-styled jp-mod-minimal"
              aria-label={trans.__('Give access to %1', nameOf(each, trans))}
              onClick={() => void model.share(each)}
            >
              {trans.__('Give Access')}
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

function Shares({ model, trans }: IProps): React.ReactElement {
  return (
    <section aria-label={trans.__('People with access')}>
      <h3>{trans.__('People with access')}</h3>
      {model.shares.length === 0 && (
        <p className="jp-Sharing-note">{trans.__('Only you.')}</p>
      )}
      <ul className="jp-Sharing-list">
        {model.shares.map(each => (
          <li key={`${each.kind} ${each.name}`}>
            <span>{nameOf(each, trans)}</span>
            <span className="jp-Sharing-note">
              {trans.__(
                'since %1',
                new Date(each.since).toLocaleDateString(language())
              )}
            </span>
            <button
              className="jp-mod-styled jp-mod-minimal"
              aria-label={trans.__('Revoke access of %1', nameOf(each, trans))}
              onClick={() => void model.revoke(each)}
            >
              {trans.__('Revoke')}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Invitations({ model, trans }: IProps): React.ReactElement {
  const [seconds, setSeconds] = React.useState(24 * HOUR);
  return (
    <section aria-label={trans.__('Invitations')}>
      <h3>{trans.__('Invitations')}</h3>
      <p className="jp-Sharing-note">
        {trans.__(
          'Every user of the hub who opens an invitation in time gets access, and keeps it until you revoke it.'
        )}
      </p>
      <div className="jp-Sharing-invite">
        <HTMLSelect
          aria-label={trans.__('Valid for')}
          value={seconds}
          onChange={({ target }) => setSeconds(Number(target.value))}
        >
          <option value={HOUR}>{trans.__('1 hour')}</option>
          <option value={24 * HOUR}>{trans.__('1 day')}</option>
          <option value={7 * 24 * HOUR}>{trans.__('7 days')}</option>
        </HTMLSelect>
        <button
          className="jp-mod-styled"
          onClick={() => void model.invite(seconds)}
        >
          {trans.__('Create Invitation')}
        </button>
      </div>
      {model.link && (
        <input
          className="jp-Sharing-link jp-mod-styled"
          aria-label={trans.__('Invitation link')}
          readOnly
          value={model.link}
          onFocus={({ target }) => target.select()}
        />
      )}
      <ul className="jp-Sharing-list">
        {model.codes.map(each => (
          <li key={each.id}>
            <span>
              {trans.__(
                'until %1',
                new Date(each.expires).toLocaleString(language())
              )}
            </span>
            <span className="jp-Sharing-note">
              {trans._n(
                'accepted by %1 person',
                'accepted by %1 people',
                each.uses
              )}
            </span>
            <button
              className="jp-mod-styled jp-mod-minimal"
              aria-label={trans.__('Revoke invitation %1', each.id)}
              onClick={() => void model.withdraw(each)}
            >
              {trans.__('Revoke')}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
