// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Who else is in the text of an editor, and who of them moved just now.
 *
 * Follows presence and tells when a cursor in this text changed; draws nothing.
 */

import type { IDisposable } from '@lumino/disposable';

import { PresenceIndex } from '../people/presenceIndex';
import { displayName, userColor } from '../people/userColor';
import type { EditorAwareness } from './facet';
import type { ITextRange } from './positions';
import { resolvedCursors, sameJSON } from './positions';

/**
 * How long a name stays after its person moved, in milliseconds.
 */
export const NAME_STAYS = 2000;

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

/**
 * The others in one text.
 */
export class RemotePeople implements IDisposable {
  /**
   * @param _changed Called when others should be drawn again.
   */
  constructor(private _changed: () => void) {}

  /**
   * Whether it is disposed.
   */
  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /**
   * Whether anybody else may be in the text.
   */
  get isAnybodyHere(): boolean {
    return (
      !!this._config && !!this._index?.clientsIn(this._config.ytext).length
    );
  }

  /**
   * Follow nobody any more.
   */
  dispose(): void {
    this._isDisposed = true;
    this._unbind();
  }

  /**
   * Follow the presence of another text; `null` if it has none.
   */
  follow(config: EditorAwareness | null): void {
    this._unbind();
    this._config = config;
    this._index = config && PresenceIndex.of(config.awareness);
    this._stop =
      config && this._index
        ? this._index.observeText(config.ytext, this._onChange)
        : null;
  }

  /**
   * The others whose cursors are in the text now.
   *
   * @param length The length of the text as it is shown.
   */
  at(length: number): IRemotePerson[] {
    const people: IRemotePerson[] = [];
    this._shown.clear();
    if (!this._config || !this._index) {
      return people;
    }
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
      this._changed();
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
      this._changed();
    }, NAME_STAYS);
    this._moving.set(clientId, timer);
  }

  private _dropName(clientId: number): void {
    clearTimeout(this._moving.get(clientId));
    this._moving.delete(clientId);
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
  private _isDisposed = false;
  private _moving = new Map<number, ReturnType<typeof setTimeout>>();
  private _shown = new Map<number, IShown>();
  private _stop: (() => void) | null = null;
}
