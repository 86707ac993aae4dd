// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * What the parts of the cursor extension share.
 */

import { Facet } from '@codemirror/state';
import type { Awareness } from 'y-protocols/awareness';
import type * as Y from 'yjs';

/**
 * The presence and the text of an editor.
 */
export type EditorAwareness = {
  /**
   * The presence of the document.
   */
  awareness: Awareness;

  /**
   * The text that the editor shows.
   */
  ytext: Y.Text;

  /**
   * What to call people without a name; 'Anonymous' if not given.
   */
  anonymous?: string;
};

/**
 * The presence and the text of an editor; the one given first counts.
 */
export const editorAwarenessFacet = Facet.define<
  EditorAwareness,
  EditorAwareness | null
>({
  combine: configs => configs[0] ?? null
});
