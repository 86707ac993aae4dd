// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The name that somebody without a name of their own wants to be shown. [M3]
 *
 * Knows the user and the browser's storage; knows nothing of dialogs. The
 * server takes it from those only whose name it has made up.
 */

import type { User } from '@jupyterlab/services';
import { Token } from '@lumino/coreutils';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

/** The key in the storage of the browser. */
const KEY = '@jupyter/collaboration:display-name';

/** How the server calls those whose names it has made up. */
const MADE_UP = /^Anonymous \S/;

/**
 * The longest name, in characters.
 */
export const LONGEST_DISPLAY_NAME = 50;

/**
 * The chosen name of this user.
 */
export class DisplayName {
  /**
   * @param _user Who it is.
   * @param _storage Where the name is kept; nowhere without one.
   */
  constructor(
    private _user: User.IManager,
    private _storage: DisplayName.IStorage | undefined = globalThis.localStorage
  ) {}

  /**
   * Whether this user may choose a name.
   */
  get isOpen(): boolean {
    return MADE_UP.test(this._user.identity?.display_name ?? '');
  }

  /**
   * The chosen name; `null` without one, or if it may not be chosen.
   */
  get value(): string | null {
    if (!this.isOpen) {
      return null;
    }
    try {
      return toName(this._storage?.getItem(KEY) ?? '') ?? this._value;
    } catch {
      return this._value;
    }
  }

  /**
   * A signal emitted when a name was chosen.
   */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /**
   * Choose a name.
   *
   * @returns Whether it is one: not empty, and not too long.
   */
  choose(text: string): boolean {
    const name = toName(text);
    if (name === null || !this.isOpen) {
      return false;
    }
    this._value = name;
    try {
      this._storage?.setItem(KEY, name);
    } catch {
      // No room, or a private window: it lasts as long as the page.
    }
    this._changed.emit();
    return true;
  }

  private _changed = new Signal<this, void>(this);
  private _value: string | null = null;
}

/**
 * Types of the chosen name.
 */
export namespace DisplayName {
  /**
   * The part of the browser's storage that is used.
   */
  export type IStorage = Pick<Storage, 'getItem' | 'setItem'>;
}

/**
 * The chosen name of this user.
 */
export type IDisplayName = DisplayName;

/**
 * The token of the chosen name.
 */
export const IDisplayName = new Token<IDisplayName>(
  '@jupyter/docprovider:IDisplayName',
  'The name that an anonymous user wants to be shown.'
);

/**
 * A text as a name, with single spaces; `null` if it is none.
 */
function toName(text: string): string | null {
  const name = text.trim().replace(/\s+/g, ' ');
  const { length } = Array.from(name);
  return length > 0 && length <= LONGEST_DISPLAY_NAME ? name : null;
}
