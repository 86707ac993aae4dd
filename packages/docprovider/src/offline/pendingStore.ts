// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Keeps in the browser what the server has not acknowledged yet. [S6]
 *
 * Knows IndexedDB and Web Locks; knows nothing of documents and servers. Each
 * open document of each tab is an instance with records of its own, so that
 * tabs never overwrite each other. Where the browser has no room or no
 * database, nothing is kept, and nothing fails; the methods that keep something
 * return whether it is kept.
 */

import { Token } from '@lumino/coreutils';
import type { DBSchema, IDBPDatabase } from 'idb';
import { openDB } from 'idb';

import type { IConflict, IRefusedEdits } from '../tokens';

const NAME = 'jupyter-collaboration';
const VERSION = 2;

/** How long to wait for a database that another tab blocks, in milliseconds. */
const OPEN_WITHIN = 3000;

/** The names that Jupyter Server gives to users without an identity. */
const GENERATED = /^[0-9a-f]{32}$/;

/**
 * Whether the server has made up a user's name, because they have none.
 */
export function isGenerated(username: string): boolean {
  return GENERATED.test(username);
}

const TABLES = ['updates', 'snapshots', 'conflicts', 'refused'] as const;

/**
 * Whose document it is, and where.
 */
export interface IDocumentKey {
  /** The base URL of the server. */
  server: string;
  /** The name of the user there. */
  username: string;
  /** The id of the document's room. */
  room: string;
}

/**
 * What an instance has kept.
 */
export interface IKept {
  /** The instance. */
  instance: string;
  /** The name of the history that it belongs to. */
  sessionId: string;
  /** Edits, as Yjs updates in their order. */
  updates: Uint8Array[];
  /** The document as one Yjs update, not newer than the last of the edits. */
  state: Uint8Array | null;
  /** The document as last saved; `null` if unknown. */
  base: Uint8Array | null;
}

interface IRecord {
  document: string;
  instance: string;
  server: string;
  username: string;
  sessionId: string;
}

interface ISchema extends DBSchema {
  updates: {
    key: number;
    value: IRecord & { update: Uint8Array };
    indexes: { document: string; instance: string };
  };
  snapshots: {
    key: string;
    value: IRecord & { state: Uint8Array; base: Uint8Array | null };
    indexes: { document: string };
  };
  conflicts: {
    key: string;
    value: Omit<IRecord, 'instance' | 'sessionId'> & {
      conflicts: readonly IConflict[];
    };
    indexes: { document: string };
  };
  refused: {
    key: string;
    value: Omit<IRecord, 'instance' | 'sessionId'> & IRefusedEdits;
    indexes: { document: string };
  };
}

/**
 * The database of one page.
 */
export class PendingStore {
  /**
   * @param _locks Tells which instances are alive in other tabs.
   */
  constructor(
    private _locks: LockManager | undefined = globalThis.navigator?.locks
  ) {
    this._db = this._open();
  }

  /**
   * Keep an edit.
   *
   * @returns Whether it is kept.
   */
  keepUpdate(
    key: IDocumentKey,
    instance: string,
    sessionId: string,
    update: Uint8Array
  ): Promise<boolean> {
    const record = { ...recordOf(key), instance, sessionId, update };
    return this._try(async db => void (await db.add('updates', record)));
  }

  /**
   * Keep a whole document, in the place of the last one of this instance.
   *
   * @returns Whether it is kept.
   */
  keepSnapshot(
    key: IDocumentKey,
    instance: string,
    snapshot: Pick<IKept, 'base' | 'sessionId'> & { state: Uint8Array }
  ): Promise<boolean> {
    const record = { ...recordOf(key), instance, ...snapshot };
    return this._try(async db => void (await db.put('snapshots', record)));
  }

  /**
   * Forget what an instance has kept so far.
   */
  async forget(instance: string): Promise<void> {
    await this._try(async db => {
      const change = db.transaction(['updates', 'snapshots'], 'readwrite');
      const updates = change.objectStore('updates');
      const keys = await updates.index('instance').getAllKeys(instance);
      await Promise.all([
        ...keys.map(key => updates.delete(key)),
        change.objectStore('snapshots').delete(instance),
        change.done
      ]);
    });
  }

  /**
   * What all instances have kept of a document for other users, if the names of
   * both are generated: it may have been the same person, who is given another
   * name each time. [S6]
   */
  async loadOthers({ room, server, username }: IDocumentKey): Promise<IKept[]> {
    if (!isGenerated(username)) {
      return [];
    }
    const names = new Set<string>();
    await this._try(async db => {
      for (const table of ['snapshots', 'updates'] as const) {
        for (const each of await db.getAll(table)) {
          const key = recordOf({ ...each, room });
          if (each.server === server && each.document === key.document) {
            names.add(each.username);
          }
        }
      }
    });
    names.delete(username);
    const kept = [...names]
      .filter(isGenerated)
      .map(name => this.load({ room, server, username: name }));
    return (await Promise.all(kept)).flat();
  }

  /**
   * What all instances have kept of a document.
   */
  async load(key: IDocumentKey): Promise<IKept[]> {
    const { document } = recordOf(key);
    const kept = new Map<string, IKept>();
    await this._try(async db => {
      const snapshots = await db.getAllFromIndex(
        'snapshots',
        'document',
        document
      );
      for (const { base, instance, sessionId, state } of snapshots) {
        const updates: Uint8Array[] = [];
        kept.set(instance, { instance, sessionId, updates, state, base });
      }
      for (const { instance, sessionId, update } of await db.getAllFromIndex(
        'updates',
        'document',
        document
      )) {
        const one = kept.get(instance) ?? {
          instance,
          sessionId,
          updates: [],
          state: null,
          base: null
        };
        if (one.sessionId === sessionId) {
          one.updates.push(update);
        }
        kept.set(instance, one);
      }
    });
    return [...kept.values()];
  }

  /**
   * Keep the conflicts of a document, in the place of those kept before.
   */
  async keepConflicts(
    key: IDocumentKey,
    conflicts: readonly IConflict[]
  ): Promise<void> {
    const record = { ...recordOf(key), conflicts: [...conflicts] };
    await this._try(async db => {
      if (conflicts.length) {
        await db.put('conflicts', record);
      } else {
        await db.delete('conflicts', record.document);
      }
    });
  }

  /**
   * The conflicts of a document.
   */
  async loadConflicts(key: IDocumentKey): Promise<readonly IConflict[]> {
    let conflicts: readonly IConflict[] = [];
    await this._try(async db => {
      const record = await db.get('conflicts', recordOf(key).document);
      conflicts = record?.conflicts ?? [];
    });
    return conflicts;
  }

  /**
   * Keep edits that the server did not take.
   */
  async keepRefused(key: IDocumentKey, edits: IRefusedEdits): Promise<void> {
    const record = { ...recordOf(key), ...edits };
    await this._try(async db => void (await db.put('refused', record)));
  }

  /**
   * Forget edits that the server did not take.
   */
  async forgetRefused({ id }: IRefusedEdits): Promise<void> {
    await this._try(db => db.delete('refused', id));
  }

  /**
   * The edits of a document that the server did not take.
   */
  async loadRefused(key: IDocumentKey): Promise<IRefusedEdits[]> {
    const { document } = recordOf(key);
    let records: IRefusedEdits[] = [];
    await this._try(async db => {
      records = await db.getAllFromIndex('refused', 'document', document);
    });
    return records.map(({ id, reason, state }) => ({ id, reason, state }));
  }

  /**
   * Forget everything, and keep nothing any more: the user has signed out.
   */
  async clear(): Promise<void> {
    const cleared = this._try(async db => {
      const change = db.transaction(TABLES, 'readwrite');
      await Promise.all([
        ...TABLES.map(table => change.objectStore(table).clear()),
        change.done
      ]);
    });
    this._isOff = true;
    await cleared;
  }

  /**
   * Let other tabs know that an instance is alive.
   *
   * @returns Ends that.
   */
  claim(instance: string): () => void {
    let release: () => void = () => undefined;
    const held = new Promise<void>(resolve => (release = resolve));
    this._locks?.request(`${NAME}:${instance}`, () => held).catch(() => held);
    return release;
  }

  /**
   * The instances that are alive, in this tab or in others.
   */
  async living(): Promise<Set<string>> {
    try {
      const { held } = (await this._locks?.query()) ?? {};
      const names = (held ?? []).map(({ name }) => name ?? '');
      return new Set(names.map(name => name.slice(NAME.length + 1)));
    } catch {
      return new Set();
    }
  }

  /**
   * Close the database.
   */
  async close(): Promise<void> {
    this._isOff = true;
    (await this._db)?.close();
  }

  /**
   * Do something with the database, if there is one.
   *
   * @returns Whether it was done. It is not where the browser has no room, in
   * some private windows, or while another tab blocks the database.
   */
  private async _try(
    action: (db: IDBPDatabase<ISchema>) => Promise<unknown>
  ): Promise<boolean> {
    if (this._isOff) {
      return false;
    }
    try {
      const db = await this._db;
      if (!db) {
        return false;
      }
      await action(db);
      return true;
    } catch {
      return false;
    }
  }

  /**
   * Open the database. One that takes too long is used once it is open.
   */
  private _open(): Promise<IDBPDatabase<ISchema> | null> {
    const opened = openDatabase();
    return new Promise(resolve => {
      const timer = setTimeout(() => resolve(null), OPEN_WITHIN);
      void opened.then(db => {
        clearTimeout(timer);
        resolve(db);
        this._db = opened;
      });
    });
  }

  private _db: Promise<IDBPDatabase<ISchema> | null>;
  private _isOff = false;
}

/**
 * The database of this page.
 */
export type IPendingStore = PendingStore;

/**
 * The token of the database.
 */
export const IPendingStore = new Token<IPendingStore>(
  '@jupyter/docprovider:IPendingStore',
  'Keeps in the browser what the server has not acknowledged yet.'
);

async function openDatabase(): Promise<IDBPDatabase<ISchema> | null> {
  try {
    return await openDB<ISchema>(NAME, VERSION, {
      upgrade: create,
      blocking: (_, __, event) => (event.target as IDBDatabase).close()
    });
  } catch {
    return null;
  }
}

function create(db: IDBPDatabase<ISchema>, oldVersion: number): void {
  const refused = db.createObjectStore('refused', { keyPath: 'id' });
  refused.createIndex('document', 'document');
  if (oldVersion > 0) {
    return;
  }
  const updates = db.createObjectStore('updates', { autoIncrement: true });
  updates.createIndex('document', 'document');
  updates.createIndex('instance', 'instance');
  const snapshots = db.createObjectStore('snapshots', { keyPath: 'instance' });
  snapshots.createIndex('document', 'document');
  const conflicts = db.createObjectStore('conflicts', { keyPath: 'document' });
  conflicts.createIndex('document', 'document');
}

function recordOf({ room, server, username }: IDocumentKey): {
  document: string;
  server: string;
  username: string;
} {
  const document = JSON.stringify([server, username, room]);
  return { document, server, username };
}
