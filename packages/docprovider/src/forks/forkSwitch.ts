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
import type { DocumentSession } from '../session/documentSession';
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
    _options.session.changed.connect(this._look, this);
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
    const { connection, rooms, session, sync, trans } = this._options;
    if (this._isDisposed) {
      throw new Error(trans.__('The document was closed.'));
    }
    this._fail(new Error(trans.__('The document went elsewhere.')));
    if (fork?.room !== rooms.fork?.room) {
      await this._sent();
      sync.leave();
      rooms.fork = fork;
    }
    const { promise } = (this._awaited = new PromiseDelegate<void>());
    session.tell({ type: 'left' });
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
    this._options.session.changed.disconnect(this._look, this);
    this._options.sync.unacknowledged.changed.disconnect(this._onCounted, this);
    this._fail(new Error(this._options.trans.__('The document was closed.')));
  }

  /**
   * Wait until the server has what was changed here; one that has refused the
   * document does not get it.
   */
  private async _sent(): Promise<void> {
    const { session, sync, trans } = this._options;
    if (sync.unacknowledged.count === 0 || session.refusal) {
      return;
    }
    const sending = new PromiseDelegate<void>();
    const timer = setTimeout(
      () =>
        this._fail(
          new Error(trans.__('The server did not take your changes in time.'))
        ),
      TIMEOUT
    );
    this._awaited = sending;
    session.tell({ type: 'leaving' });
    try {
      await sending.promise;
    } finally {
      clearTimeout(timer);
    }
  }

  private _onCounted({ count }: Acknowledgements): void {
    if (count === 0 && this._options.session.isLeaving) {
      this._awaited?.resolve();
    }
  }

  private _look({ name, refusal }: DocumentSession): void {
    if (name === 'live') {
      this._awaited?.resolve();
      this._awaited = null;
    } else if (refusal) {
      this._fail(new RefusedError(refusal));
    }
  }

  /**
   * Give up what is under way; without it, the document stays where it is.
   */
  private _fail(error: Error): void {
    const { session } = this._options;
    this._awaited?.reject(error);
    this._awaited = null;
    if (session.isLeaving) {
      session.tell({ type: 'staying' });
    }
  }

  /** What is waited for: that all is sent, or the arrival. */
  private _awaited: PromiseDelegate<void> | null = null;
  private _isDisposed = false;
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
    /** Where the document is on its way. */
    session: DocumentSession;
    /** The exchange of the document. */
    sync: Sync;
    /** Translates why a visit failed. */
    trans: TranslationBundle;
  }
}
