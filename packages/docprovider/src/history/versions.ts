// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The REST client of the routes of versions.
 *
 * Knows HTTP; knows nothing of documents that are open. [V3] [V4] [V5]
 */

import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import { fromBase64 } from 'lib0/buffer';

import type { IAuthors } from './authorship';
import { roomPart } from '../connection/sessionApi';

const VERSIONS_ROUTE = 'api/collaboration/versions';
const AUTHORS_ROUTE = 'api/collaboration/authors';
const RESTORE_ROUTE = 'api/collaboration/restore';

/**
 * What a version changed. Numbers of cells count from 1.
 */
export interface IVersionChanges {
  /** The cells of notebooks; of removed ones, their numbers before. */
  cells?: Partial<
    Record<
      'added' | 'removed' | 'moved' | 'changed' | 'run' | 'other',
      number[]
    >
  >;
  /** How many lines came and went. */
  lines?: { added: number; removed: number };
  /** Whether the metadata of the notebook changed. */
  metadata?: boolean;
}

/**
 * A piece of a document's history.
 */
export interface IVersion {
  /** Its id; the newest version gets another one when it grows. */
  id: number;
  /** Its first piece; it stays the same while the newest version grows. */
  first: number;
  /** The usernames of its authors, who did more first. */
  authors: string[];
  /** What it was: `edit`, `run`, `disk`, `load`, `restore`, or another. */
  kind: string;
  /** When it began, in seconds since the epoch. */
  start: number;
  /** When it ended, in seconds since the epoch. */
  end: number;
  /** What it changed; empty where that is not known. */
  changes: IVersionChanges;
  /** What somebody called it; empty for most. */
  name: string;
}

/**
 * Which versions are wanted.
 */
export interface IVersionQuery {
  /** Only those below this id. */
  before?: number;
  /** At most so many. */
  limit?: number;
  /** Only those in which this user had a part. */
  author?: string;
  /** Only those with a name. */
  named?: boolean;
}

/**
 * A page of versions, newest first.
 */
export interface IVersionPage {
  /** The versions. */
  versions: IVersion[];
  /** Whether all were made; if not, ask again soon. */
  complete: boolean;
  /** The names of authors, by username, as far as they are known. */
  people: Record<string, string>;
  /** How much of the history is kept; `null` if none is, on disk. */
  kept: IKept | null;
  /** Whether the user may clear it. */
  may_clear: boolean;
}

/**
 * How much of a document's history is kept.
 */
export interface IKept {
  /** Days for which everything is kept; after them, one version a day. */
  detail_days: number;
  /** Bytes from which on the oldest part is dropped. */
  document_bytes: number;
  /**
   * Seconds after which the history of a closed document becomes one version;
   * `null` if it does not.
   */
  squash_after: number | null;
}

/**
 * The versions of one document.
 */
export class VersionClient {
  /**
   * @param _roomId The id of the document's room.
   * @param _settings How to reach the server.
   */
  constructor(
    private _roomId: string,
    private _settings: ServerConnection.ISettings
  ) {}

  /**
   * A page of versions.
   *
   * @throws Error with the server's words if it does not answer with one.
   */
  async page(query: IVersionQuery): Promise<IVersionPage> {
    const parts = Object.entries(query)
      .filter(([, value]) => value !== undefined && value !== '')
      .map(([key, value]) => [key, String(value)] as const);
    return (await this._ask(
      'GET',
      VERSIONS_ROUTE,
      URLExt.objectToQueryString(Object.fromEntries(parts))
    )) as IVersionPage;
  }

  /**
   * What the document held at the end of a version, as a file would.
   *
   * @throws Error with the server's words if the version is not kept.
   */
  async content(id: number): Promise<unknown> {
    const answer = await this._ask('GET', VERSIONS_ROUTE, `/${id}`);
    return (answer as { content: unknown }).content;
  }

  /**
   * What the document held before a version, as a file would.
   *
   * @param first The version's first piece.
   * @throws Error with the server's words if that is not kept.
   */
  async contentBefore(first: number): Promise<unknown> {
    const rest = `/${first}?before=true`;
    const answer = await this._ask('GET', VERSIONS_ROUTE, rest);
    return (answer as { content: unknown }).content;
  }

  /**
   * Name a version; an empty name takes it away.
   *
   * @throws Error with the server's words if that is not possible.
   */
  async name(id: number, name: string): Promise<void> {
    await this._ask('PUT', VERSIONS_ROUTE, `/${id}`, { name });
  }

  /**
   * Clear what is older than a version.
   *
   * @throws Error with the server's words if that is not possible.
   */
  async clearBefore(id: number): Promise<void> {
    await this._ask('DELETE', VERSIONS_ROUTE, `?before=${id}`);
  }

  /**
   * The edit that makes the document, or one cell of it, what it was.
   *
   * @returns The edit as a Yjs update; `null` if the document is like this.
   * @throws Error with the server's words if that is not possible.
   */
  async restore(id: number, cell?: string): Promise<Uint8Array | null> {
    const body = { version: id, cell, apply: false };
    const answer = await this._ask('PUT', RESTORE_ROUTE, '', body);
    const { update } = answer as { update: string | null };
    return update === null ? null : fromBase64(update);
  }

  /**
   * Who wrote what is in the document.
   *
   * @throws Error with the server's words if it does not know.
   */
  async authors(): Promise<IAuthors> {
    return (await this._ask('GET', AUTHORS_ROUTE, '')) as IAuthors;
  }

  private async _ask(
    method: string,
    route: string,
    rest: string,
    body?: unknown
  ): Promise<unknown> {
    const { _settings: settings } = this;
    const response = await ServerConnection.makeRequest(
      URLExt.join(settings.baseUrl, route, roomPart(this._roomId)) + rest,
      { method, ...(body ? { body: JSON.stringify(body) } : {}) },
      settings
    );
    if (!response.ok) {
      throw await ServerConnection.ResponseError.create(response);
    }
    return response.status === 204 ? null : response.json();
  }
}
