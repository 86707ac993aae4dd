// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Takes an open document into a fork, and back to its file. [K4]
 *
 * Knows what has to be done before and when it is over; leaves it to others to
 * connect and to exchange.
 */

import type { TranslationBundle } from '@jupyterlab/translation';
import { PromiseDelegate } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';

import type { Connection } from '../connection/connection';
import { RefusedError } from '../connection/closeReasons';
import type { RoomResolver } from '../connection/roomResolver';
import type { Acknowledgements } from '../session/acknowledgements';
import type { Sync } from '../session/sync';

/** How long the server may take to acknowledge what was changed here (ms). */
const TIMEOUT = 10000;

/**
 * The visits of one document in forks.
 */
export class ForkSwitch implements IDisposable {
  /**
   * @param _options See the interface.
   */
  constructor(private _options: ForkSwitch.IOptions) {
    _options.connection.changed.connect(this._look, this);
    _options.sync.unacknowledged.changed.connect(this._onCounted, this);
  }

  /**
   * Whether there are no more visits.
   */
  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /**
   * Go into a fork, or with `null` to the file; or connect anew to where the
   * document is.
   *
   * What the server has not acknowledged goes there first: nothing of one
   * document gets into the other.
   *
   * @throws RefusedError if the server refuses it.
   * @throws Error if what was changed here cannot be sent, the document goes
   * elsewhere meanwhile, or it is closed.
   */
  async go(fork: RoomResolver.IFork | null): Promise<void> {
    const { connection, rooms, sync, trans } = this._options;
    if (this._isDisposed) {
      throw new Error(trans.__('The document was closed.'));
    }
    this._fail(trans.__('The document went elsewhere.'));
    if (fork?.room !== rooms.fork?.room) {
      await this._sent();
      sync.leave();
      rooms.fork = fork;
    }
    this._arrival = new PromiseDelegate<void>();
    const { promise } = this._arrival;
    connection.restart();
    return promise;
  }

  /**
   * Reject what is under way.
   */
  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._options.connection.changed.disconnect(this._look, this);
    this._options.sync.unacknowledged.changed.disconnect(this._onCounted, this);
    this._fail(this._options.trans.__('The document was closed.'));
  }

  /**
   * Wait until the server has what was changed here; one that has refused the
   * document does not get it.
   */
  private async _sent(): Promise<void> {
    const { connection, sync, trans } = this._options;
    if (sync.unacknowledged.count === 0 || connection.refusal) {
      return;
    }
    const sending = new PromiseDelegate<void>();
    const timer = setTimeout(
      () =>
        sending.reject(
          new Error(trans.__('The server did not take your changes in time.'))
        ),
      TIMEOUT
    );
    this._sending = sending;
    try {
      await sending.promise;
    } finally {
      clearTimeout(timer);
      this._sending = null;
    }
  }

  private _onCounted({ count }: Acknowledgements): void {
    if (count === 0) {
      this._sending?.resolve();
    }
  }

  private _look({ refusal, status }: Connection): void {
    if (status === 'live') {
      this._arrival?.resolve();
      this._arrival = null;
    } else if (refusal) {
      this._arrival?.reject(new RefusedError(refusal));
      this._arrival = null;
      this._sending?.reject(new RefusedError(refusal));
    }
  }

  private _fail(why: string): void {
    this._sending?.reject(new Error(why));
    this._arrival?.reject(new Error(why));
    this._arrival = null;
  }

  private _arrival: PromiseDelegate<void> | null = null;
  private _isDisposed = false;
  private _sending: PromiseDelegate<void> | null = null;
}

/**
 * Types of the visits.
 */
export namespace ForkSwitch {
  /**
   * What visits need.
   */
  export interface IOptions {
    /** The connection of the document. */
    connection: Connection;
    /** Finds where to connect to. */
    rooms: RoomResolver;
    /** The exchange of the document. */
    sync: Sync;
    /** Translates why a visit failed. */
    trans: TranslationBundle;
  }
}
