// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Who else is in the text of an editor, and who of them moved just now.
 *
 * Follows presence and asks for a redraw when a cursor in this text changed;
 * draws nothing.
 */

import { StateEffect } from '@codemirror/state';
import type { EditorView, PluginValue, ViewUpdate } from '@codemirror/view';
import { ViewPlugin } from '@codemirror/view';

import { PresenceIndex } from '../presence/presenceIndex';
import { displayName, userColor } from '../userColor';
import type { EditorAwareness } from './facet';
import { editorAwarenessFacet } from './facet';
import type { ITextRange } from './positions';
import { resolvedCursors, sameJSON } from './positions';

/**
 * How long a name stays after its person moved, in milliseconds.
 */
export const NAME_STAYS = 2000;

/**
 * The effect that asks for a redraw of the cursors of others.
 */
export const peopleChanged = StateEffect.define<null>();

/**
 * Somebody else in the text.
 */
export interface IRemotePerson {
  readonly clientId: number;
  readonly name: string;
  readonly color: string;
  readonly moving: boolean;
  readonly ranges: readonly ITextRange[];
}

/**
 * What was last shown of a client.
 */
interface IShown {
  readonly cursors: unknown;
  readonly name: string;
  readonly color: string;
}

class RemotePeople implements PluginValue {
  constructor(private _view: EditorView) {
    this._bind(_view.state.facet(editorAwarenessFacet));
  }

  update(update: ViewUpdate): void {
    const config = update.state.facet(editorAwarenessFacet);
    if (config !== this._config) {
      this._unbind();
      this._bind(config);
    }
  }

  destroy(): void {
    this._isDestroyed = true;
    this._unbind();
  }

  /**
   * The others whose cursors are in this text now.
   */
  people(): IRemotePerson[] {
    const people: IRemotePerson[] = [];
    this._shown.clear();
    if (!this._config || !this._index) {
      return people;
    }
    const length = this._view.state.doc.length;
    for (const clientId of this._index.clientsIn(this._config.ytext)) {
      const shown = this._look(clientId);
      const ranges = shown ? this._ranges(shown) : [];
      if (shown && ranges.length) {
        this._shown.set(clientId, shown);
        people.push({
          clientId,
          name: shown.name,
          color: shown.color,
          moving: this._moving.has(clientId),
          ranges: ranges.map(({ anchor, head }) => ({
            anchor: Math.min(anchor, length),
            head: Math.min(head, length)
          }))
        });
      }
    }
    return people;
  }

  private _onChange = (clientIds: ReadonlySet<number>): void => {
    let concerned = false;
    for (const clientId of clientIds) {
      const before = this._shown.get(clientId);
      const now = this._look(clientId);
      const isHere = !!now && this._ranges(now).length > 0;
      if (isHere) {
        const moved = !before || !sameJSON(before.cursors, now.cursors);
        if (moved) {
          this._keepName(clientId);
        }
        concerned ||=
          moved || before.name !== now.name || before.color !== now.color;
      } else if (before) {
        this._dropName(clientId);
        concerned = true;
      }
    }
    if (concerned) {
      this._redraw();
    }
  };

  /**
   * What to show of a client; `null` for oneself and for somebody gone.
   */
  private _look(clientId: number): IShown | null {
    const config = this._config;
    if (!config || clientId === config.awareness.clientID) {
      return null;
    }
    const state = config.awareness.getStates().get(clientId);
    const user: unknown = state?.user;
    return state
      ? {
          cursors: state.cursors,
          name: displayName(user, config.anonymous),
          color: this._index?.colorOf(clientId) ?? userColor(user, clientId)
        }
      : null;
  }

  private _ranges(shown: IShown): ITextRange[] {
    return this._config
      ? resolvedCursors(shown.cursors, this._config.ytext)
      : [];
  }

  private _keepName(clientId: number): void {
    clearTimeout(this._moving.get(clientId));
    const timer = setTimeout(() => {
      this._moving.delete(clientId);
      this._redraw();
    }, NAME_STAYS);
    this._moving.set(clientId, timer);
  }

  private _dropName(clientId: number): void {
    clearTimeout(this._moving.get(clientId));
    this._moving.delete(clientId);
  }

  /**
   * Ask for a redraw, once for all that happens in this turn.
   *
   * Not at once, since presence may change while the editor updates.
   */
  private _redraw(): void {
    if (this._isAsked) {
      return;
    }
    this._isAsked = true;
    queueMicrotask(() => {
      this._isAsked = false;
      if (!this._isDestroyed) {
        this._view.dispatch({ effects: peopleChanged.of(null) });
      }
    });
  }

  private _bind(config: EditorAwareness | null): void {
    this._config = config;
    this._index = config && PresenceIndex.of(config.awareness);
    this._stop =
      config && this._index
        ? this._index.observeText(config.ytext, this._onChange)
        : null;
  }

  private _unbind(): void {
    this._stop?.();
    this._stop = this._index = this._config = null;
    for (const timer of this._moving.values()) {
      clearTimeout(timer);
    }
    this._moving.clear();
    this._shown.clear();
  }

  private _config: EditorAwareness | null = null;
  private _index: PresenceIndex | null = null;
  private _isAsked = false;
  private _isDestroyed = false;
  private _moving = new Map<number, ReturnType<typeof setTimeout>>();
  private _shown = new Map<number, IShown>();
  private _stop: (() => void) | null = null;
}

/**
 * The extension that follows the others in a text.
 */
export const remotePeople = ViewPlugin.fromClass(RemotePeople);
