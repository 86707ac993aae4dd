// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Carries an awareness over a connection.
 *
 * Knows y-protocols' awareness and the user; knows nothing of sockets.
 */

import type { IAwareness } from '@jupyter/ydoc';
import type { User } from '@jupyterlab/services';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import type { Awareness } from 'y-protocols/awareness';
import {
  applyAwarenessUpdate,
  encodeAwarenessUpdate,
  removeAwarenessStates
} from 'y-protocols/awareness';

import type { DisplayName } from './displayName';
import { encodeAwareness } from '../protocol';

/** The least time between two messages about the own state (ms). */
const INTERVAL = 50;

/** The age at which the own state is published again (ms). */
const RENEWAL = 15000;

/**
 * Sends the own state, and keeps the states of others.
 */
export class AwarenessChannel implements IDisposable {
  /**
   * @param options.awareness What to share.
   * @param options.user Published as the field `user`, now and when it changes.
   * @param options.displayName What the user wants to be called, if they may.
   * @param options.send Sends bytes; tells whether that was possible.
   */
  constructor(options: AwarenessChannel.IOptions) {
    // The interface of @jupyter/ydoc is implemented by this class alone.
    this._awareness = options.awareness as Awareness;
    this._send = options.send;
    this._user = options.user;
    this._displayName = options.displayName ?? null;
    this._events = options.events ?? globalThis.window ?? null;

    // The server, which knows who is connected, removes members. y-protocols
    // would remove those whose page is hidden, since its timers hardly run.
    clearInterval(this._awareness._checkInterval);
    this._renewal = setInterval(() => this._renew(), RENEWAL / 3);
    this._awareness.on('update', this._onUpdate);
    this._events?.addEventListener('pagehide', this._onPageHide);
    this._events?.addEventListener('pageshow', this._onPageShow);
    this._user.userChanged.connect(this._publishUser, this);
    this._displayName?.changed.connect(this._publishUser, this);
    void this._user.ready.then(() => this._publishUser());
  }

  /**
   * A signal emitted when the user is somebody else than at first, or has
   * another name or color: the server has to look who it is again.
   */
  get identityChanged(): ISignal<this, void> {
    return this._identityChanged;
  }

  /**
   * Whether the channel is disposed.
   */
  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /**
   * The connection is open: present ourselves.
   */
  opened(): void {
    this._isOpen = true;
    const state = this._awareness.getLocalState();
    if (state) {
      // A new clock value: the server may remember that we have left.
      this._awareness.setLocalState(state);
      this._flush();
    }
  }

  /**
   * The connection is lost: nobody else is known to be here.
   */
  lost(): void {
    this._isOpen = false;
    clearTimeout(this._timer);
    this._timer = undefined;
    const awareness = this._awareness;
    const others = [...awareness.getStates().keys()].filter(
      id => id !== awareness.clientID
    );
    removeAwarenessStates(awareness, others, this);
    for (const id of others) {
      // Their clocks must not hide them when we are back.
      awareness.meta.delete(id);
    }
  }

  /**
   * Go on under another client id, which the document has got.
   *
   * The own cursors are left out: they are positions of the old history, and
   * published again by whoever knows them.
   */
  rejoin(clientId: number): void {
    const awareness = this._awareness;
    const oldId = awareness.clientID;
    const state = awareness.getLocalState();
    awareness.setLocalState(null);
    awareness.meta.delete(oldId);
    awareness.clientID = clientId;
    if (state) {
      const { cursors, ...rest } = state;
      awareness.setLocalState(rest);
    }
  }

  /**
   * Apply what the server sent.
   *
   * @throws Error if it is no awareness update.
   */
  receive(update: Uint8Array): void {
    applyAwarenessUpdate(this._awareness, update, this);
    this._renew(); // In a hidden page, messages arrive in time; timers do not.
  }

  /**
   * Tell the others that we leave, and stop listening.
   */
  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    clearInterval(this._renewal);
    this._events?.removeEventListener('pagehide', this._onPageHide);
    this._events?.removeEventListener('pageshow', this._onPageShow);
    this._user.userChanged.disconnect(this._publishUser, this);
    this._displayName?.changed.disconnect(this._publishUser, this);
    this._awareness.setLocalState(null);
    this.lost();
    this._awareness.off('update', this._onUpdate);
    Signal.clearData(this);
  }

  /**
   * Publish the own state again if it is old: other clients remove old ones.
   */
  private _renew(): void {
    const state = this._awareness.getLocalState();
    if (state && Date.now() - this._updatedAt >= RENEWAL) {
      this._awareness.setLocalState(state);
    }
  }

  private _publishUser(): void {
    const { identity } = this._user;
    if (!this._isDisposed && identity) {
      const name = this._displayName?.value;
      this._awareness.setLocalStateField('user', {
        ...identity,
        ...(name ? { display_name: name } : {})
      });
      const before = this._identity;
      this._identity = JSON.stringify(identity);
      if (before !== null && before !== this._identity) {
        this._identityChanged.emit();
      }
    }
  }

  private _onUpdate = (changes: AwarenessChannel.IChanges): void => {
    const id = this._awareness.clientID;
    if (changes.removed.includes(id)) {
      this._flush();
    } else if (changes.added.includes(id) || changes.updated.includes(id)) {
      this._updatedAt = Date.now();
      this._sendSoon();
    }
  };

  /**
   * Send now or, if something was sent just before, as soon as is polite.
   */
  private _sendSoon(): void {
    if (this._timer !== undefined) {
      return;
    }
    const wait = this._sentAt + INTERVAL - Date.now();
    if (wait <= 0) {
      this._flush();
    } else {
      this._timer = setTimeout(() => this._flush(), Math.min(wait, INTERVAL));
    }
  }

  private _flush(): void {
    clearTimeout(this._timer);
    this._timer = undefined;
    const { clientID, meta } = this._awareness;
    if (this._isOpen && meta.has(clientID)) {
      const update = encodeAwarenessUpdate(this._awareness, [clientID]);
      if (this._send(encodeAwareness(update))) {
        this._sentAt = Date.now();
      }
    }
  }

  private _onPageHide = (): void => {
    this._hidden = this._awareness.getLocalState();
    this._awareness.setLocalState(null);
  };

  private _onPageShow = (): void => {
    if (this._hidden) {
      this._awareness.setLocalState(this._hidden);
      this._hidden = null;
    }
  };

  private _awareness: Awareness;
  private _displayName: DisplayName | null;
  private _events: EventTarget | null;
  private _hidden: Record<string, unknown> | null = null;
  private _identity: string | null = null;
  private _identityChanged = new Signal<this, void>(this);
  private _isDisposed = false;
  private _isOpen = false;
  private _renewal: ReturnType<typeof setInterval>;
  private _send: (data: Uint8Array) => boolean;
  private _sentAt = 0;
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _updatedAt = Date.now();
  private _user: User.IManager;
}

/**
 * Types of the awareness channel.
 */
export namespace AwarenessChannel {
  /**
   * What a channel needs.
   */
  export interface IOptions {
    awareness: IAwareness;
    user: User.IManager;
    displayName?: DisplayName;
    send: (data: Uint8Array) => boolean;
    /** Where `pagehide` is announced; by default the window. */
    events?: EventTarget;
  }

  /**
   * What y-protocols says about changed clients.
   */
  export interface IChanges {
    added: number[];
    updated: number[];
    removed: number[];
  }
}
