// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Plugins that administrators disabled by the ids of earlier versions. [C1]
 */

import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { PageConfig } from '@jupyterlab/coreutils';

/**
 * The front end of earlier versions that shared documents.
 */
export const DOCPROVIDER = '@jupyter/docprovider-extension';

const COLLABORATION = '@jupyter/collaboration-extension';

/**
 * Ids of earlier versions, and of the plugins that do the same now.
 */
const SUCCESSORS: Readonly<Record<string, readonly string[]>> = {
  [`${DOCPROVIDER}:content-provider`]: [`${COLLABORATION}:contentProvider`],
  [`${DOCPROVIDER}:websocket-provider`]: [
    `${DOCPROVIDER}:websocket-provider-document-factory`,
    `${DOCPROVIDER}:websocket-provider-awareness-factory`
  ],
  [`${DOCPROVIDER}:statusBarTimeline`]: [`${COLLABORATION}:timeline`],
  [`${COLLABORATION}:rtcGlobalAwareness`]: [`${COLLABORATION}:globalAwareness`],
  [`${COLLABORATION}:rtcPanel`]: [`${COLLABORATION}:collaborators`],
  [`${COLLABORATION}:shared-link`]: [`${COLLABORATION}:share`],
  [`${COLLABORATION}:user-menu-bar`]: [`${COLLABORATION}:userMenu`],
  [`${COLLABORATION}:userEditorCursors`]: [`${COLLABORATION}:cursors`]
};

/**
 * Ids of earlier versions whose plugins have no successor.
 */
const GONE: readonly string[] = [`${DOCPROVIDER}:logger`];

/**
 * Ids of the plugins that made a content type shared.
 */
const CONTENT_TYPES: Readonly<Record<string, string>> = {
  notebook: `${DOCPROVIDER}:ynotebook`,
  file: `${DOCPROVIDER}:yfile`
};

/**
 * Whether a content type is to be shared.
 *
 * @param type The content type, such as `notebook`.
 */
export function isShared(type: string): boolean {
  const id = CONTENT_TYPES[type];
  return id === undefined || !PageConfig.Extension.isDisabled(id);
}

/**
 * The plugins without those that are disabled by an earlier id, each of which
 * is named in a warning; in one warning, if they are disabled all together.
 *
 * @param plugins All plugins.
 * @param warn Shows a warning to administrators.
 */
export function withoutDisabled(
  plugins: readonly JupyterFrontEndPlugin<unknown>[],
  // eslint-disable-next-line no-console
  warn: (message: string) => void = message => console.warn(message)
): JupyterFrontEndPlugin<unknown>[] {
  if (PageConfig.Extension.isDisabled(DOCPROVIDER)) {
    warn(
      `${DOCPROVIDER} is disabled: documents are not shared, and other people are not shown. Its plugins are in ${COLLABORATION} in Jupyter Collaboration 5.90.`
    );
  }
  const isDisabled = (id: string) => PageConfig.Extension.disabled.includes(id);
  const off = new Set<string>();
  for (const [id, successors] of Object.entries(SUCCESSORS)) {
    if (isDisabled(id)) {
      successors.forEach(successor => off.add(successor));
      warn(
        `The disabled plugin ${id} is called ${successors.join(', ')} in Jupyter Collaboration 5.90, which is disabled, too.`
      );
    }
  }
  for (const id of GONE.filter(isDisabled)) {
    warn(
      `The disabled plugin ${id} does not exist in Jupyter Collaboration 5.90: the setting has no effect.`
    );
  }
  for (const [type, id] of Object.entries(CONTENT_TYPES)) {
    if (isDisabled(id)) {
      warn(
        `The plugin ${id} is disabled: documents of the type ${type} are not shared.`
      );
    }
  }
  return plugins.filter(({ id }) => !off.has(id));
}
