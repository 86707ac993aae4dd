// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Opens a document where somebody is in it.
 */

import type { IPresences } from '@jupyter/collaboration';
import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { IDocumentWidget } from '@jupyterlab/docregistry';

/** Milliseconds for which it is waited until somebody is known. */
const MOST_TIME = 10_000;

/** Deeds of the user after which the view is theirs. */
const DEEDS = ['wheel', 'touchmove', 'pointerdown', 'keydown'];

/**
 * Open a document, and go to somebody in it once they are known there, unless
 * the user does something before.
 *
 * @param key What tells them apart.
 */
export async function openAt(
  app: Pick<JupyterFrontEnd, 'commands'>,
  presences: Pick<IPresences, 'of'>,
  path: string,
  key: string
): Promise<void> {
  const widget = (await app.commands.execute('docmanager:open', { path })) as
    IDocumentWidget | undefined;
  await widget?.context.ready;
  const presence = widget && presences.of(widget)?.presence;
  const go = () => {
    const found = presence?.find(key);
    const state = found && presence?.stateOf(found);
    return !!state && !!presence?.places.jump(state);
  };
  if (!presence || go()) {
    return;
  }
  const { node } = widget;
  const look = () => {
    if (go()) {
      end();
    }
  };
  const end = () => {
    clearTimeout(timer);
    presence.changed.disconnect(look);
    DEEDS.forEach(deed => node.removeEventListener(deed, end, true));
  };
  const timer = setTimeout(end, MOST_TIME);
  presence.changed.connect(look);
  DEEDS.forEach(deed => node.addEventListener(deed, end, true));
}
