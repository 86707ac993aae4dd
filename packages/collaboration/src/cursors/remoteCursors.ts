// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The cursors of a text that several people edit: the own one is told to the
 * others, and those of the others are shown.
 */

import type { Extension } from '@codemirror/state';

import type { EditorAwareness } from './facet';
import { editorAwarenessFacet } from './facet';
import { remoteLayers } from './layers';
import { cursorPublisher } from './publisher';

export { editorAwarenessFacet } from './facet';
export type { EditorAwareness } from './facet';
export type { IPublishedCursor } from './positions';

/**
 * The extension of an editor that shares cursors.
 *
 * @param config The presence of the document, and the text of the editor.
 */
export function remoteUserCursors(config: EditorAwareness): Extension {
  return [editorAwarenessFacet.of(config), cursorPublisher, remoteLayers];
}
