// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * A link to a document, for somebody else.
 */

import { SharingView } from '@jupyter/collaboration';
import type { JupyterFrontEnd } from '@jupyterlab/application';
import {
  Clipboard,
  Dialog,
  Notification,
  showDialog
} from '@jupyterlab/apputils';
import { PageConfig, URLExt } from '@jupyterlab/coreutils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Panel, Widget } from '@lumino/widgets';

import { HubSharing } from './hubSharing';

/**
 * The address of a document on this server.
 *
 * @param page The address of the page, whose application opens it.
 * @param baseUrl The path of the server.
 * @param path The path of the document.
 * @param token The server's token; empty to leave it out.
 */
export function linkTo(
  page: string,
  baseUrl: string,
  path: string,
  token: string
): string {
  const { origin, pathname } = new URL(page);
  // JupyterLab has a page for one document as well; Notebook 7 has others.
  const parts = pathname.slice(baseUrl.length).split('/');
  const application = parts.find(part => part !== '') ?? '';
  const route = ['lab', 'doc'].includes(application)
    ? `${application}/tree`
    : path.endsWith('.ipynb')
      ? 'notebooks'
      : 'edit';
  const address = URLExt.join(origin, baseUrl, route, URLExt.encodeParts(path));
  return token ? `${address}?token=${encodeURIComponent(token)}` : address;
}

/**
 * Whether a host name refers to the local computer.
 *
 * @param host The host as browsers write it, with IPv6 addresses in brackets.
 */
export function isLoopback(host: string): boolean {
  return (
    /(^|\.)localhost$/.test(host) || host.startsWith('127.') || host === '[::1]'
  );
}

/**
 * Offer a link to a document.
 */
export async function inviteTo(
  { serviceManager }: JupyterFrontEnd,
  path: string,
  trans: TranslationBundle
): Promise<void> {
  const { serverSettings } = serviceManager;
  const { baseUrl, token } = serverSettings;
  const hub = PageConfig.getOption('hubPrefix');
  const base = new URL(baseUrl).pathname;
  const sharing = new HubSharing(
    serverSettings,
    linkTo(location.href, base, path, '')
  );
  const mayShare = hub !== '' && (await sharing.load());
  // The token in a page of a hub is the user's own.
  const link = new Invitation(path, base, hub ? '' : token, trans, mayShare);
  const body = new InvitationBody(link, mayShare ? sharing : null, trans);
  const { button } = await showDialog({
    title: trans.__('Share %1', path),
    body,
    buttons: [
      Dialog.cancelButton({ label: trans.__('Close') }),
      ...(hub && !mayShare
        ? [Dialog.createButton({ label: trans.__('Share This Server…') })]
        : []),
      Dialog.okButton({ label: trans.__('Copy Link') })
    ]
  });
  if (button.accept && hub && button.label !== trans.__('Copy Link')) {
    window.open(
      URLExt.join(location.origin, hub, 'home'),
      '_blank',
      'noopener'
    );
  } else if (button.accept) {
    Clipboard.copyToSystem(body.getValue());
    Notification.emit(trans.__('The link was copied.'), 'success', {
      autoClose: 4000
    });
  }
}

/**
 * The link, and below it the sharing of the server, if the user may share it.
 */
class InvitationBody extends Panel {
  constructor(
    private _link: Invitation,
    sharing: HubSharing | null,
    trans: TranslationBundle
  ) {
    super();
    this.addWidget(_link);
    if (sharing) {
      this.addWidget(new SharingView(sharing, trans));
    }
  }

  /**
   * The link.
   */
  getValue(): string {
    return this._link.getValue();
  }
}

/**
 * The link, and whether the token is in it.
 */
class Invitation extends Widget {
  constructor(
    private _path: string,
    private _base: string,
    private _token: string,
    trans: TranslationBundle,
    mayShare: boolean
  ) {
    super();
    this.addClass('jp-Invitation');
    this._link.readOnly = true;
    this._link.setAttribute('aria-label', trans.__('Link'));
    this._link.onfocus = () => this._link.select();
    this.node.append(this._link);
    const note = document.createElement('p');
    note.textContent = mayShare
      ? trans.__('The link is for those who have access to this server.')
      : PageConfig.getOption('hubPrefix')
        ? trans.__(
            'Others need access to this server: share it on the page of the hub.'
          )
        : trans.__('Others need a way to log in to this server, or its token.');
    this.node.append(note);
    if (isLoopback(location.hostname)) {
      const warning = document.createElement('p');
      warning.textContent = trans.__(
        'The address “%1” works only on this computer. Send other people an address at which they can reach it.',
        location.hostname
      );
      this.node.append(warning);
    }
    if (_token) {
      const label = document.createElement('label');
      this._withToken.type = 'checkbox';
      this._withToken.onchange = () => this._update();
      const warning = trans.__(
        'Include the token. Anyone who has it can run code on this server as ' +
          'you, so send it as you would send a password.'
      );
      label.append(this._withToken, ` ${warning}`);
      this.node.append(label);
    }
    this._update();
  }

  /**
   * The link.
   */
  getValue(): string {
    return this._link.value;
  }

  private _update(): void {
    const token = this._withToken.checked ? this._token : '';
    this._link.value = linkTo(location.href, this._base, this._path, token);
  }

  private _link = document.createElement('input');
  private _withToken = document.createElement('input');
}
