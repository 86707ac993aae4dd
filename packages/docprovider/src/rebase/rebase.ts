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
import type { DocumentSession, IFollowed } from '../session/documentSession';
import type { IConflict } from '../tokens';

/**
 * Has edits placed into the server's history, until the document can take over
 * from the shadow that follows it.
 */
export class Rebase {
  /**
   * @param _options See the interface.
   */
  constructor(private _options: Rebase.IOptions) {}

  /**
   * The session at the server; `null` before the first one.
   */
  get session(): ISession | null {
    return this._session;
  }

  /**
   * Whether no edit was made since the last ones were placed.
   */
  get isPlaced(): boolean {
    const { followed } = this._options.session;
    return !followed?.mayEdit || this._placed === this._options.made();
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
    const { abandoned, attempt } = this._options.session;
    this._options.session.tell({ type: 'prepared', followed: null });
    let found = session;
    let followed: IFollowed | null = null;
    this._session = session;
    if (abandoned !== null) {
      followed = { shadow: new Y.Doc(), mayEdit: false };
    } else if (history !== null && history !== session.sessionId) {
      const { mayEdit, sessionId } = await this.place();
      found = { ...session, sessionId };
      followed =
        sessionId === history ? null : { shadow: new Y.Doc(), mayEdit };
    }
    if (!this._options.session.isResolving(attempt)) {
      throw new Error('Another attempt has begun meanwhile.');
    }
    this._session = found;
    this._options.session.tell({ type: 'prepared', followed });
    return found;
  }

  /**
   * Have the server place what is in the document.
   *
   * @returns The name of the history that holds it now, and whether the user may
   * edit it.
   * @throws Error if that was not possible.
   */
  async place(): Promise<Pick<IPlacement, 'mayEdit' | 'sessionId'>> {
    const made = this._options.made();
    const session = this._session as ISession;
    const placement = await this._options.place(session, this._options.state());
    this._placed = made;
    this._options.found(placement.conflicts);
    const { mayEdit, sessionId } = placement;
    return { mayEdit, sessionId: sessionId || session.sessionId };
  }

  private _placed = 0;
  private _session: ISession | null = null;
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
    /** Where the document is on its way. */
    session: DocumentSession;
    /** The document as it is to be placed. */
    state: () => IReplicaState;
  }
}
