// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Requests to the server whose answers are awaited.
 *
 * Knows request ids and timeouts; knows nothing of sockets.
 */

import type { TranslationBundle } from '@jupyterlab/translation';
import { PromiseDelegate } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';

import type { IReply, RequestName } from '../protocol';
import { encodeRequest } from '../protocol';

/** How long an answer may take (ms). */
const TIMEOUT = 60000;

/**
 * Why a document could not be saved or reverted.
 *
 * The message is for users.
 */
export class SaveError extends Error {
  /**
   * @param message Why, in words.
   * @param isConnectionLost Whether nothing but the connection was missing.
   * @param code Why, for programs: `deleted` if the file is gone.
   */
  constructor(
    message: string,
    readonly isConnectionLost = false,
    readonly code = ''
  ) {
    super(message);
    this.name = 'SaveError';
  }
}

/**
 * The requests that are under way.
 */
export class Requests implements IDisposable {
  /**
   * @param _send Sends bytes; tells whether that was possible.
   * @param _trans Translates the reasons of failures.
   */
  constructor(
    private _send: (data: Uint8Array) => boolean,
    private _trans: TranslationBundle
  ) {}

  /**
   * Whether no more requests are possible.
   */
  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /**
   * Send a request.
   *
   * @returns The answer, if it says `success` or `skipped`.
   * @throws SaveError if it says anything else or does not come.
   */
  async ask(name: RequestName): Promise<IReply> {
    if (this._isDisposed) {
      throw new SaveError(this._trans.__('The document was closed.'));
    }
    const id = this.nextId();
    if (!this._send(encodeRequest(name, id))) {
      throw this.connectionLost();
    }
    const delegate = new PromiseDelegate<IReply>();
    const timer = setTimeout(() => {
      delegate.reject(
        new SaveError(this._trans.__('The server did not answer in time.'))
      );
    }, TIMEOUT);
    this._pending.set(id, delegate);
    try {
      return await delegate.promise;
    } finally {
      clearTimeout(timer);
      this._pending.delete(id);
    }
  }

  /**
   * A number that no request has used yet.
   */
  nextId(): number {
    return this._id++;
  }

  /**
   * Settle the request that a reply answers; other replies are ignored.
   */
  settle(reply: IReply): void {
    const delegate = this._pending.get(reply.responseTo ?? -1);
    if (reply.status === 'success' || reply.status === 'skipped') {
      delegate?.resolve(reply);
    } else {
      delegate?.reject(
        new SaveError(failure(reply, this._trans), false, reply.code)
      );
    }
  }

  /**
   * The connection is lost: nothing will be answered.
   */
  lost(): void {
    for (const delegate of this._pending.values()) {
      delegate.reject(this.connectionLost());
    }
  }

  /**
   * Reject what is under way.
   */
  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    for (const delegate of this._pending.values()) {
      delegate.reject(
        new SaveError(this._trans.__('The document was closed.'))
      );
    }
  }

  /**
   * Why nothing can be asked without a connection.
   */
  connectionLost(): SaveError {
    return new SaveError(
      this._trans.__(
        'There is no connection to the server. Your changes are kept here and sent when it is back.'
      ),
      true
    );
  }

  private _id = 0;
  private _isDisposed = false;
  private _pending = new Map<number, PromiseDelegate<IReply>>();
}

/**
 * Why a request failed, in words. [F2]
 */
export function failure(reply: IReply, trans: TranslationBundle): string {
  return reply.reason || trans.__('The server could not write the file.');
}
