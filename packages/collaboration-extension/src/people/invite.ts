// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * A link to a document, for somebody else.
 */

import { Invitation, linkTo, SharingView } from '@jupyter/collaboration';
import type { JupyterFrontEnd } from '@jupyterlab/application';
import {
  Clipboard,
  Dialog,
  Notification,
  showDialog
} from '@jupyterlab/apputils';
import { PageConfig, URLExt } from '@jupyterlab/coreutils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Panel } from '@lumino/widgets';

import { HubSharing } from './hubSharing';

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
  const link = new Invitation(
    given => linkTo(location.href, base, path, given),
    hub ? '' : token,
    trans,
    mayShare
  );
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
