// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Tells the others where this person is.
 *
 * Knows the own selection and the own presence; nothing of other people.
 */

import type { EditorView, PluginValue, ViewUpdate } from '@codemirror/view';
import { ViewPlugin } from '@codemirror/view';

import { PresenceIndex } from '../presence/presenceIndex';
import { editorAwarenessFacet } from './facet';
import type { EditorAwareness } from './facet';
import type { IPublishedCursor } from './positions';
import { publishedCursors, sameJSON } from './positions';

/**
 * Publishes the selections of an editor while it has the focus.
 *
 * At most once a frame, and only what changed. An editor that loses the focus
 * leaves its cursor where it was: the next one that gets it overwrites it.
 */
class CursorPublisher implements PluginValue {
  constructor(private _view: EditorView) {
    this._bind(_view.state.facet(editorAwarenessFacet));
    this._schedule();
  }

  update(update: ViewUpdate): void {
    const config = update.state.facet(editorAwarenessFacet);
    const rebound =
      config?.awareness !== this._config?.awareness ||
      config?.ytext !== this._config?.ytext;
    if (rebound) {
      this._withdraw();
      this._bind(config);
    }
    if (
      rebound ||
      update.selectionSet ||
      update.docChanged ||
      update.focusChanged
    ) {
      this._schedule();
    }
  }

  destroy(): void {
    cancelAnimationFrame(this._frame);
    this._withdraw();
    this._bind(null);
  }

  private _bind(config: EditorAwareness | null): void {
    this._stop?.();
    this._config = config;
    this._stop =
      config &&
      PresenceIndex.of(config.awareness).observeRejoin(this._onRejoin);
  }

  /**
   * The document goes on in another history, under a new client id: positions
   * in the old one are void. [S4]
   */
  private _onRejoin = (): void => {
    this._published = null;
    queueMicrotask(() => {
      if (this._config) {
        // Undo keeps positions as well, and renews them with the selection.
        this._view.dispatch({ selection: this._view.state.selection });
      }
    });
  };

  private _schedule(): void {
    cancelAnimationFrame(this._frame);
    this._frame = requestAnimationFrame(() => {
      if (this._view.hasFocus) {
        this._publish();
      }
    });
  }

  private _publish(): void {
    const state = this._config?.awareness.getLocalState();
    if (!this._config || !state) {
      return;
    }
    const { ranges, mainIndex } = this._view.state.selection;
    const cursors = publishedCursors(this._config.ytext, ranges, mainIndex);
    if (sameJSON(state.cursors, cursors)) {
      this._published = state.cursors;
      return;
    }
    this._published = cursors;
    this._config.awareness.setLocalStateField('cursors', cursors);
  }

  /**
   * Publish that there is no cursor, if the published one is of this editor.
   */
  private _withdraw(): void {
    const awareness = this._config?.awareness;
    const current: unknown = awareness?.getLocalState()?.cursors;
    if (this._published && current === this._published) {
      awareness?.setLocalStateField('cursors', []);
    }
    this._published = null;
  }

  private _config: EditorAwareness | null = null;
  private _frame = 0;
  private _published: IPublishedCursor[] | null = null;
  private _stop: (() => void) | null = null;
}

/**
 * The extension that publishes the own selections.
 */
export const cursorPublisher = ViewPlugin.fromClass(CursorPublisher);
