// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * What the server lets this user do with a document. [M2]
 *
 * Knows the server's message about it, which comes before anything of the
 * document; knows nothing of sockets. Without it, the user may edit. [C1]
 */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { IReply } from '../protocol';
import type { IDocumentAccess, Role, RoleReason } from '../tokens';

/**
 * The role of this user in one document.
 */
export class Membership implements IDocumentAccess, IDisposable {
  /**
   * What the user may do.
   */
  get role(): Role {
    return this._role;
  }

  /**
   * Why it is not more; empty for editors.
   */
  get reason(): RoleReason {
    return this._reason;
  }

  /**
   * A signal emitted when any of them changed.
   */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /**
   * Whether the role is followed no more.
   */
  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /**
   * A connection is open: the role is what is told on it.
   */
  opened(): void {
    this._isTold = false;
  }

  /**
   * Take the server's message about the role; roles not known here only read.
   */
  receive(reply: IReply): void {
    this._isTold = true;
    if (reply.role === 'editor') {
      this._set('editor', reply.reason === 'file' ? 'file' : '');
    } else {
      this._set('viewer', 'permission');
    }
  }

  /**
   * The server speaks of the document.
   */
  answered(): void {
    if (!this._isTold) {
      this._set('editor', '');
    }
  }

  /**
   * Stop telling of changes.
   */
  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      Signal.clearData(this);
    }
  }

  private _set(role: Role, reason: RoleReason): void {
    if (role !== this._role || reason !== this._reason) {
      this._role = role;
      this._reason = reason;
      this._changed.emit();
    }
  }

  private _changed = new Signal<this, void>(this);
  private _isDisposed = false;
  private _isTold = false;
  private _reason: RoleReason = '';
  private _role: Role = 'editor';
}

/**
 * What the user cannot do with the document, in words.
 *
 * @param reason Why.
 * @param trans Translates the words.
 */
export function roleMessage(
  reason: RoleReason,
  trans: TranslationBundle
): string {
  return reason === 'file'
    ? trans.__('The file is read-only: you can edit and run it, but not save.')
    : trans.__('You have view-only access to this document.');
}
