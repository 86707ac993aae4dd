// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The cursors of a text that several people edit: the own one is told to the
 * others, and those of the others are shown.
 */

import type { Extension } from '@codemirror/state';

import type { EditorAwareness } from './cursors/facet';
import { editorAwarenessFacet } from './cursors/facet';
import { remoteLayers } from './cursors/layers';
import { cursorPublisher } from './cursors/publisher';

export { editorAwarenessFacet } from './cursors/facet';
export type { EditorAwareness } from './cursors/facet';
export type { IPublishedCursor } from './cursors/positions';

/**
 * The extension of an editor that shares cursors.
 *
 * @param config The presence of the document, and the text of the editor.
 */
export function remoteUserCursors(config: EditorAwareness): Extension {
  return [editorAwarenessFacet.of(config), cursorPublisher, remoteLayers];
}
