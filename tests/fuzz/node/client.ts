// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * A page without a browser: the real provider and shared models, in Node.
 *
 * Reads one request per line from the standard input, and writes one answer or
 * event per line to the standard output, all as JSON. An edit is applied only
 * if the document is still as the other side last saw it.
 */

import 'fake-indexeddb/auto';

import { createInterface } from 'node:readline';

import { YFile, YNotebook } from '@jupyter/ydoc';
import type { User } from '@jupyterlab/services';
import { ServerConnection } from '@jupyterlab/services';
import { nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import { toBase64 } from 'lib0/buffer';
import WebSocket from 'ws';
import * as Y from 'yjs';

import type { Connection } from '../../../packages/docprovider/src/connection/connection';
import { PendingStore } from '../../../packages/docprovider/src/offline/pendingStore';
import { WebSocketProvider } from '../../../packages/docprovider/src/session/provider';
import { Timeline } from '../../../packages/docprovider/src/history/timeline';
import { VersionClient } from '../../../packages/docprovider/src/history/versions';

/**
 * Where the document is, and whose page this is.
 */
interface IPlace {
  base: string;
  token: string;
  path: string;
  format: string;
  type: string;
  username: string;
  /** A text that is written as one character in requests and answers. */
  block: string;
  /** That character. */
  packed: string;
}

/**
 * One edit by the user.
 */
type Change =
  | { do: 'text'; cell: number; start: number; end: number; text: string }
  | { do: 'insert'; at: number; cell: object }
  | { do: 'delete'; at: number }
  | { do: 'move'; from: number; to: number }
  | { do: 'outputs'; cell: number; outputs: object[]; count: number | null };

/**
 * A request.
 */
type Request = { id: number } & (
  | ({ do: 'open' } & IPlace)
  | { do: 'look' | 'save' | 'on' | 'off' | 'nudge' }
  | { do: 'reload'; path: string }
  | { do: 'restore'; room: string; version: number; cell?: string }
  | { do: 'edit'; version: number; changes: Change[] }
);

/**
 * The document of the page, from the time it is opened until it is reloaded.
 */
class Page {
  constructor(
    private _place: IPlace,
    store: PendingStore,
    /** Whether there is a network. */
    public isOnline = true
  ) {
    const { base, format, path, token, type } = _place;
    const trans = nullTranslator.load('jupyter_collaboration');
    this._settings = ServerConnection.makeSettings({
      baseUrl: base,
      wsUrl: base.replace(/^http/, 'ws'),
      token,
      appendToken: true,
      fetch: this._fetch
    });
    this.model = type === 'notebook' ? new YNotebook() : new YFile();
    this.provider = new WebSocketProvider({
      path,
      format,
      contentType: type,
      model: this.model,
      store,
      user: userNamed(_place.username),
      translator: trans,
      serverSettings: this._settings,
      environment: {
        createSocket: this._createSocket,
        events: this._events,
        isOnline: () => this.isOnline,
        random: () => 0.02
      }
    });
    this.model.ydoc.on('update', this._onUpdate);
    this.model.changed.connect(this._followPath);
    const { conflicts, connection, edits, saves } = this.provider;
    conflicts.changed.connect(this._onConflicts);
    edits.unsent.changed.connect(this._tellSoon);
    connection.changed.connect(this._tellSoon);
    saves.dirtyChanged.connect(this._tellSoon);
  }

  readonly model: YNotebook | YFile;
  readonly provider: WebSocketProvider;

  /** The number of updates of the document so far. */
  version = 0;

  /** What the page shows, and what it knows of the server. */
  look(): object {
    const { connection, edits, saves } = this.provider;
    const { model } = this;
    return {
      version: this.version,
      clientId: model.ydoc.clientID,
      cells: this._cells(),
      isOpened: model.getState('path') !== undefined,
      isDirty: saves.isDirty,
      path: model.getState('path') ?? '',
      status: connection.status,
      refusal: connection.refusal?.message ?? null,
      refused: edits.refused.list.map(({ reason }) => reason),
      unacknowledged: edits.unsent.count,
      stateVector: toBase64(Y.encodeStateVector(model.ydoc))
    };
  }

  /** Make edits, as one transaction; nothing if the document has changed. */
  edit(version: number, changes: Change[]): boolean {
    if (version !== this.version) {
      return false;
    }
    this.model.transact(() => changes.forEach(each => this._apply(each)));
    return true;
  }

  /** Restore a version, or one cell of it, as the history panel does. */
  async restore(room: string, version: number, cell?: string): Promise<void> {
    const client = new VersionClient(room, this._settings);
    await new Timeline(client, this.model).restore(version, cell);
  }

  /** Connect again at once, as when the network is back. */
  nudge(): void {
    this._events.dispatchEvent(new Event('online'));
  }

  /** Lose the network. */
  cut(): void {
    this.isOnline = false;
    this._sockets.forEach(socket => socket.terminate());
    this._events.dispatchEvent(new Event('offline'));
  }

  /** Close the page. */
  dispose(): void {
    this._isDisposed = true;
    this.model.ydoc.off('update', this._onUpdate);
    this.provider.dispose();
    this.model.dispose();
    this._sockets.forEach(socket => socket.terminate());
  }

  private _cells(): object[] {
    const { model } = this;
    if (model instanceof YFile) {
      return [{ source: this._pack(model.getSource()) }];
    }
    return model.cells.map(cell => JSON.parse(this._packJson(cell.toJSON())));
  }

  private _apply(change: Change): void {
    const { model } = this;
    if (model instanceof YFile) {
      if (change.do === 'text') {
        const { end, start, text } = change;
        model.updateSource(start, end, text);
      }
      return;
    }
    switch (change.do) {
      case 'text': {
        const { end, start, text } = change;
        model.getCell(change.cell).updateSource(start, end, text);
        break;
      }
      case 'insert':
        model.insertCell(change.at, this._unpack(change.cell));
        break;
      case 'delete':
        model.deleteCell(change.at);
        break;
      case 'move':
        model.moveCell(change.from, change.to);
        break;
      case 'outputs': {
        const cell = model.getCell(change.cell);
        if (cell.cell_type === 'code') {
          cell.setOutputs(this._unpack(change.outputs));
          cell.execution_count = change.count;
        }
        break;
      }
    }
  }

  private _pack(text: string): string {
    return text.split(this._place.block).join(this._place.packed);
  }

  private _packJson(value: object): string {
    return JSON.stringify(value, (_, each: unknown) =>
      typeof each === 'string' ? this._pack(each) : each
    );
  }

  private _unpack<T>(value: object): T {
    return JSON.parse(JSON.stringify(value), (_, each: unknown) =>
      typeof each === 'string'
        ? each.split(this._place.packed).join(this._place.block)
        : each
    ) as T;
  }

  private _createSocket = (url: string): Connection.ISocket => {
    const socket = new WebSocket(url, { perMessageDeflate: false });
    // A failed handshake is reported as an error, and then as a close.
    socket.on('error', () => undefined);
    socket.on('close', () => this._sockets.delete(socket));
    this._sockets.add(socket);
    if (!this.isOnline) {
      setImmediate(() => socket.terminate());
    }
    return socket as unknown as Connection.ISocket;
  };

  /**
   * The network, which tells of replicas that are handed over.
   */
  private _fetch = async (
    input: RequestInfo | URL,
    init?: RequestInit
  ): Promise<Response> => {
    if (!this.isOnline) {
      throw new TypeError('There is no network.');
    }
    const request = new Request(input, init);
    if (!request.url.includes('/rebase/')) {
      return fetch(request);
    }
    const { sessionId, state } = await request.clone().json();
    tell({ event: 'replica', sessionId, state });
    const response = await fetch(request);
    if (response.ok) {
      const { conflicts } = await response.clone().json();
      tell({ event: 'placed', conflicts });
    }
    return response;
  };

  private _onUpdate = (): void => {
    this.version++;
    this._tellSoon();
  };

  /**
   * Follow a rename of the file, as the content provider does. [F8]
   */
  private _followPath = (): void => {
    const path = this.model.getState('path');
    if (typeof path === 'string' && path) {
      this.provider.path = path;
    }
  };

  private _onConflicts = (): void => {
    // "Yours" is the other side of a conflict that the server shows to all.
    const conflicts = this.provider.conflicts.list
      .filter(({ id }) => id)
      .map(({ id, origin, theirs, yours, merged }) => ({
        id,
        origin: origin ?? '',
        ours: theirs,
        theirs: yours,
        merged
      }));
    tell({ event: 'conflicts', conflicts });
  };

  private _tellSoon = (): void => {
    if (!this._isTelling) {
      this._isTelling = true;
      setImmediate(() => {
        this._isTelling = false;
        if (!this._isDisposed) {
          tell({ event: 'changed', ...this.look() });
        }
      });
    }
  };

  private _events = new EventTarget();
  private _isDisposed = false;
  private _isTelling = false;
  private _settings: ServerConnection.ISettings;
  private _sockets = new Set<WebSocket>();
}

let store = new PendingStore(undefined);
let place: IPlace | null = null;
let page: Page | null = null;

function userNamed(username: string): User.IManager {
  // The server makes up a name for a page that signs in with a token, each time another one.
  const generated = Buffer.from(username).toString('hex').padStart(32, '0');
  const identity: User.IIdentity = {
    username: generated.slice(-32),
    name: username,
    display_name: username,
    initials: username[0],
    color: 'var(--jp-collaborator-color1)'
  };
  const user = { identity, ready: Promise.resolve() };
  return Object.assign(user, {
    userChanged: new Signal<object, User.IUser>(user as unknown as User.IUser)
  }) as unknown as User.IManager;
}

function tell(message: object): void {
  process.stdout.write(JSON.stringify(message) + '\n');
}

/**
 * Close the page, and open it again with what its database has kept.
 */
async function reload(before: Page, where: IPlace): Promise<void> {
  before.dispose();
  await store.close();
  store = new PendingStore(undefined);
  page = new Page(where, store, before.isOnline);
}

async function answer(request: Request): Promise<object> {
  if (request.do === 'open') {
    place = request;
    page?.dispose();
    page = new Page(place, store);
    return {};
  }
  if (!page || !place) {
    throw new Error('Nothing is open.');
  }
  switch (request.do) {
    case 'look':
      return page.look();
    case 'edit': {
      const isDone = page.edit(request.version, request.changes);
      return { isDone, ...page.look() };
    }
    case 'save':
      try {
        return { status: 'success', ...(await page.provider.save()) };
      } catch (error) {
        return { status: 'failed', reason: (error as Error).message };
      }
    case 'reload':
      // A file that was renamed is opened by its new name.
      await reload(page, { ...place, path: request.path });
      return {};
    case 'restore':
      await page.restore(request.room, request.version, request.cell);
      return page.look();
    case 'off':
      page.cut();
      return {};
    case 'on':
      page.isOnline = true;
      page.nudge();
      return {};
    case 'nudge':
      page.nudge();
      return {};
  }
}

// Yjs warns whenever JupyterLab's models read a cell before it is inserted.
Object.assign(console, { warn: () => undefined });

process.on('unhandledRejection', error => {
  tell({ event: 'broken', error: String((error as Error)?.stack ?? error) });
});

createInterface({ input: process.stdin })
  .on('line', line => {
    const request = JSON.parse(line) as Request;
    answer(request).then(
      result => tell({ id: request.id, ...result }),
      (error: Error) => tell({ id: request.id, error: error.stack ?? '' })
    );
  })
  .on('close', () => process.exit(0));
