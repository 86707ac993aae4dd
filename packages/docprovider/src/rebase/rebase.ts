// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The way of a document from one history into another. [S4]
 *
 * Knows sessions and what was placed so far; knows nothing of messages.
 */

import * as Y from 'yjs';

import type { IPlacement, IReplicaState } from './rebaseRoute';
import type { ISession } from '../connection/sessionApi';
import type { IConflict } from '../tokens';

/**
 * Follows the server's history with a shadow, until the document can take over.
 */
export class Rebase {
  /**
   * @param _options See the interface.
   */
  constructor(private _options: Rebase.IOptions) {}

  /**
   * The server's document; `null` while it has the history of the own one.
   */
  get shadow(): Y.Doc | null {
    return this._shadow;
  }

  /**
   * The session at the server; `null` before the first one.
   */
  get session(): ISession | null {
    return this._session;
  }

  /**
   * Whether the user may edit the server's document; else nothing is placed.
   */
  get mayEdit(): boolean {
    return this._mayEdit;
  }

  /**
   * Whether no edit was made since the last ones were placed.
   */
  get isPlaced(): boolean {
    return !this._mayEdit || this._placed === this._options.made();
  }

  /**
   * Get ready for a session.
   *
   * @param session What the session route says.
   * @param history The name of the document's history, if it has one.
   * @returns The session to use.
   * @throws Error if edits of another history could not be placed.
   */
  async prepare(session: ISession, history: string | null): Promise<ISession> {
    this._shadow = null;
    this._session = session;
    if (this._isGivenUp) {
      this._mayEdit = false;
      this._shadow = new Y.Doc();
    } else if (history !== null && history !== session.sessionId) {
      const sessionId = await this.place();
      this._session = { ...session, sessionId };
      this._shadow = sessionId === history ? null : new Y.Doc();
    }
    return this._session;
  }

  /**
   * Have the server place what is in the document.
   *
   * @returns The name of the history that holds it now.
   * @throws Error if that was not possible.
   */
  async place(): Promise<string> {
    const made = this._options.made();
    const session = this._session as ISession;
    const placement = await this._options.place(session, this._options.state());
    this._placed = made;
    this._mayEdit = placement.mayEdit;
    this._options.found(placement.conflicts);
    return placement.sessionId || session.sessionId;
  }

  /**
   * Place nothing the next time: the server does not take what is here.
   */
  giveUp(): void {
    this._isGivenUp = true;
  }

  /**
   * The document has taken over from the shadow.
   */
  finish(): void {
    this._shadow = null;
    this._isGivenUp = false;
  }

  private _isGivenUp = false;
  private _mayEdit = true;
  private _placed = 0;
  private _session: ISession | null = null;
  private _shadow: Y.Doc | null = null;
}

/**
 * Types of the rebase.
 */
export namespace Rebase {
  /**
   * What a rebase needs.
   */
  export interface IOptions {
    /** Takes the conflicts that were found. */
    found: (conflicts: readonly IConflict[]) => void;
    /** The number of local changes so far. */
    made: () => number;
    /** Has the server place the edits of another history. */
    place: (session: ISession, replica: IReplicaState) => Promise<IPlacement>;
    /** The document as it is to be placed. */
    state: () => IReplicaState;
  }
}
