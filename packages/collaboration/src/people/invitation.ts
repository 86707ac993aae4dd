// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Links for other people, and the dialog under the name that other packages
 * import. [C1]
 */

import { Dialog, showDialog } from '@jupyterlab/apputils';
import { PageConfig, URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import { nullTranslator } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

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
  return withToken(address, token);
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
 * The address of a page, for somebody else.
 *
 * @param page The address as it is, whose query and workspace are the user's.
 * @param baseUrl The path of the server.
 * @param token The server's token; empty to leave it out.
 */
export function linkToPage(
  page: string,
  baseUrl: string,
  token: string
): string {
  const { origin, pathname } = new URL(page);
  const route = pathname
    .slice(baseUrl.length)
    .replace(/^(\/?(?:lab|doc))\/workspaces\/[^/]+/, '$1');
  return withToken(URLExt.join(origin, baseUrl, route), token);
}

function withToken(address: string, token: string): string {
  return token ? `${address}?token=${encodeURIComponent(token)}` : address;
}

/**
 * What the dialog needs.
 */
export interface ISharedLinkDialogOptions {
  /** Translates what users see. */
  translator?: ITranslator | null;
}

/**
 * Offer a link to the page as it is, with the document that is looked at.
 *
 * @returns The answer: its value is the link, which is for the caller to copy
 *   if the button was accepted.
 */
export async function showSharedLinkDialog(
  options: ISharedLinkDialogOptions
): Promise<Dialog.IResult<string>> {
  const translator = options.translator ?? nullTranslator;
  const trans = translator.load('jupyter_collaboration');
  const { baseUrl, token } = ServerConnection.makeSettings();
  const base = new URL(baseUrl).pathname;
  // The token in a page of a hub is the user's own.
  const isHub = PageConfig.getOption('hubPrefix') !== '';
  return showDialog({
    title: trans.__('Share This Page'),
    body: new Invitation(
      given => linkToPage(location.href, base, given),
      isHub ? '' : token,
      trans,
      false
    ),
    buttons: [
      Dialog.cancelButton({ label: trans.__('Close') }),
      Dialog.okButton({ label: trans.__('Copy Link') })
    ]
  });
}

/**
 * A link, and whether the token is in it.
 */
export class Invitation extends Widget {
  /**
   * @param _linkWith The link with a token, or without if it is empty.
   * @param _token The token; empty if it is not to be offered.
   * @param trans Translates what users see.
   * @param mayShare Whether the user can give others access to this server.
   */
  constructor(
    private _linkWith: (token: string) => string,
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
    this._link.value = this._linkWith(
      this._withToken.checked ? this._token : ''
    );
  }

  private _link = document.createElement('input');
  private _withToken = document.createElement('input');
}
