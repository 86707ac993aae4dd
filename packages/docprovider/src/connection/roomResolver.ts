// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Finds out in which room a document is, and with which session. [S1] [S3]
 *
 * Knows the session route; knows nothing of sockets and messages.
 */

import type { ServerConnection, User } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { DocumentHistory } from '../history/documentHistory';
import type { DocumentSession } from '../session/documentSession';
import type { OfflineQueue } from '../offline/offlineQueue';
import { isGenerated } from '../offline/pendingStore';
import type { IRefusal } from './closeReasons';
import {
  forkIsGone,
  otherUser,
  refusalOfClose,
  RefusedError,
  sessionOfClose,
  signedOut,
  TroubleError,
  troubleOfClose
} from './closeReasons';
import type { Connection } from './connection';
import type { ISession } from './sessionApi';
import { requestSession, requestUser, roomOf, roomUrl } from './sessionApi';
import type { Sync } from '../session/sync';
import type { IDocumentProvider } from '../tokens';

/**
 * The room that was found last, by the path of the file or by its id.
 *
 * It is stale if its history is another one by now, perhaps with a known name.
 */
type FoundRoom = { session: ISession; by: 'path' | 'id' } & (
  { state: 'current' } | { state: 'stale'; current: string | null }
);

/**
 * The way to the room of a document.
 */
export class RoomResolver {
  /**
   * @param _options See the interface.
   */
  constructor(private _options: RoomResolver.IOptions) {}

  /**
   * The session of the last attempt; `null` before the first one.
   */
  get session(): ISession | null {
    return this._found?.session ?? null;
  }

  /**
   * The id of the room that was found last; empty before.
   */
  get room(): string {
    return this._fork?.room ?? (this.session ? roomOf(this.session) : '');
  }

  /**
   * The largest message that the server accepts, also in parts; `null` if it
   * takes no parts, or is not known yet.
   */
  get maxMessageBytes(): number | null {
    return this._maxMessageBytes;
  }

  /**
   * The fork to go to; `null` for the room of the file.
   */
  get fork(): RoomResolver.IFork | null {
    return this._fork;
  }
  set fork(fork: RoomResolver.IFork | null) {
    this._fork = fork;
    this._found = null;
  }

  /**
   * Where to connect to, when all is prepared for it.
   *
   * The first attempt asks for the session. Later ones go back to the same
   * room, unless it has another history now; if the last one was turned away
   * before it opened, the session route tells why in words that a WebSocket
   * cannot say.
   *
   * @param afterFailure Whether the last attempt was turned away.
   * @throws RefusedError if there is no way.
   * @throws TroubleError if the user has to do something.
   * @throws Error if the server could not be asked.
   */
  async url(afterFailure: boolean): Promise<string> {
    const { kept, provider, serverSettings, sync, user } = this._options;
    const { attempt } = this._options.session;
    this._detail = '';
    const fork = this._fork;
    const isKnown = this._found?.state === 'current' && !afterFailure;
    let session = this.session;
    if (fork) {
      const { contentType: type, format } = provider;
      session = { format, type, fileId: '', sessionId: fork.sessionId };
    } else if (!session || !isKnown) {
      session = await this._ask(afterFailure);
    }
    const room = fork?.room ?? roomOf(session);
    if (kept) {
      await user.ready;
      const { username } = user.identity ?? {};
      const server = serverSettings.baseUrl;
      if (username) {
        await kept.open({ server, username, room }, session);
      }
    }
    this._username ??= user.identity?.username ?? null;
    if (!this._options.session.isResolving(attempt)) {
      throw new Error('The document went elsewhere meanwhile.');
    }
    // Never exchange updates with another history. [S3]
    session = await sync.prepare(session);
    const by = this._found?.by ?? 'path';
    this._found = { state: 'current', by, session };
    const { sessionId } = session;
    return roomUrl(serverSettings, this._options.url, room, sessionId);
  }

  /**
   * Record the server's explanation of the close that follows.
   */
  explain(detail: string): void {
    this._detail = detail;
  }

  /**
   * Tell what a close means; it is not final if the history is another one.
   */
  judge(code: number, reason: string): Connection.ICloseMeaning {
    const trouble = troubleOfClose(code, reason, this._options.trans);
    return { refusal: this._refusal(code, reason), trouble };
  }

  private _refusal(code: number, reason: string): IRefusal | null {
    const { trans } = this._options;
    const refusal = refusalOfClose(code, reason, trans, this._detail);
    if (this._fork) {
      return code === 4404 ? forkIsGone(code, trans) : refusal;
    }
    if (refusal?.reason === 'unknown_session') {
      // Ask for the session that there is now. [S4]
      if (this._found) {
        const current = sessionOfClose(reason);
        const { by, session } = this._found;
        this._found = { state: 'stale', by, current, session };
      }
      return null;
    }
    return refusal;
  }

  /**
   * Ask the server for the session of the document.
   *
   * A file that was renamed while this page was away is not found by its path,
   * but its document still has the same room. [F8]
   *
   * @throws RefusedError if the document is not found there either, or another
   * user has signed in.
   * @throws TroubleError if the user was signed out since it was found.
   */
  private async _ask(afterFailure: boolean): Promise<ISession> {
    const { provider, serverSettings, trans } = this._options;
    const known = this._found;
    this._found = known && { ...known, by: 'path' };
    try {
      const session = await requestSession(
        provider.path,
        provider.format,
        provider.contentType,
        serverSettings,
        trans
      );
      if (known && afterFailure) {
        await this._checkUser();
      }
      this._maxMessageBytes = session.maxMessageBytes ?? null;
      this._options.history.isPrivate = session.privateHistory === true;
      return session;
    } catch (error) {
      const reason =
        error instanceof RefusedError ? error.refusal.reason : null;
      if (known && reason === 'unauthenticated') {
        throw new TroubleError(signedOut(this._options.trans));
      }
      const isNotFound = reason === 'not_found';
      if (!isNotFound || !known || (known.by === 'id' && afterFailure)) {
        throw error;
      }
      this._found = { ...known, by: 'id' };
      const current = known.state === 'stale' ? known.current : null;
      return { ...known.session, ...(current ? { sessionId: current } : {}) };
    }
  }

  /**
   * Somebody else may have signed in since the connection was lost.
   *
   * Whoever has no name of their own may be given another one each time. [S6]
   *
   * @throws RefusedError if so.
   */
  private async _checkUser(): Promise<void> {
    const { serverSettings, trans } = this._options;
    const { username } = await requestUser(serverSettings);
    const before = this._username;
    if (!username || !before || username === before) {
      return;
    }
    if (!isGenerated(username) || !isGenerated(before)) {
      throw new RefusedError(otherUser(trans));
    }
  }

  private _detail = '';
  private _fork: RoomResolver.IFork | null = null;
  private _found: FoundRoom | null = null;
  private _maxMessageBytes: number | null = null;
  private _username: string | null = null;
}

/**
 * Types of the way to a room.
 */
export namespace RoomResolver {
  /**
   * Where a fork is.
   */
  export interface IFork {
    /** The id of its room. */
    room: string;
    /** The name of its history. */
    sessionId: string;
  }

  /**
   * What is needed to find a room.
   */
  export interface IOptions {
    /** Learns whose history it is. */
    history: DocumentHistory;
    /** What an earlier page has kept; `null` if nothing is kept. */
    kept: OfflineQueue | null;
    /** Whose document it is. */
    provider: Pick<IDocumentProvider, 'contentType' | 'format' | 'path'>;
    /** How to reach the server. */
    serverSettings: ServerConnection.ISettings;
    /** Where the document is on its way. */
    session: DocumentSession;
    /** The exchange to get ready. */
    sync: Sync;
    /** Translates the reason of a refusal. */
    trans: TranslationBundle;
    /** The address of the room route; by default from the settings. */
    url: string | undefined;
    /** The person. */
    user: User.IManager;
  }
}
