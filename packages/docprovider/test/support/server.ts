// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * A tiny server for tests: sockets, a session route and one Yjs room.
 *
 * Everything happens in microtasks, so that tests wait for `settled()` and
 * never for time.
 */

import { ServerConnection } from '@jupyterlab/services';
import type { User } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';
import { fromBase64 } from 'lib0/buffer';
import { vi } from 'vitest';
import * as Y from 'yjs';

import type { Connection } from '../../src/connection/connection';
import type { IReply, Message } from '../../src/protocol';
import { mirror } from '../../src/rebase/patchDoc';
import type { IConflict, IDocumentConnection } from '../../src/tokens';
import {
  decodeMessage,
  encodeReply,
  encodeSyncStep1,
  encodeSyncStep2,
  encodeUpdate
} from '../../src/protocol';

/**
 * A socket whose other end is in the test.
 */
export class FakeSocket implements Connection.ISocket {
  constructor(readonly url: string) {}

  binaryType: BinaryType = 'blob';
  bufferedAmount = 0;
  onclose: WebSocket['onclose'] = null;
  onmessage: WebSocket['onmessage'] = null;
  onopen: WebSocket['onopen'] = null;
  isClosed = false;

  /** What the client has sent. */
  readonly sent: Uint8Array[] = [];
  /** Called with what the client sends. */
  onSent: ((data: Uint8Array) => void) | null = null;

  send(data: Uint8Array): void {
    const copy = data.slice();
    this.sent.push(copy);
    queueMicrotask(() => this.onSent?.(copy));
  }

  close(): void {
    this.isClosed = true;
  }

  /** The messages that the client has sent. */
  get messages(): Message[] {
    return this.sent.map(decodeMessage);
  }

  open(): void {
    this.onopen?.call(null as never, new Event('open'));
  }

  deliver(data: Uint8Array): void {
    const { buffer } = data.slice();
    this.onmessage?.call(
      null as never,
      new MessageEvent('message', { data: buffer })
    );
  }

  end(code = 1006, reason = ''): void {
    this.isClosed = true;
    const event = { code, reason } as CloseEvent;
    this.onclose?.call(null as never, event);
  }
}

/**
 * A server with one document.
 */
export class FakeServer {
  doc = new Y.Doc();
  readonly sockets: FakeSocket[] = [];
  readonly requests: { method: string; path: string; body: string }[] = [];

  /** What the session route answers. */
  session: { status: number; sessionId: string } = {
    status: 200,
    sessionId: 'session-1'
  };
  /** What it answers if it is asked who its user is; by default the user of the settings. */
  me: { status: number; body: string } | null = null;
  /** Called when its page is visited, as somebody does who signs in. */
  onVisit: () => void = () => undefined;
  /** The largest message it takes, also in parts; `null` if it takes no parts. */
  maxMessageBytes: number | null = null;
  /** Whether another server keeps the shared history. */
  privateHistory = false;
  /** What everybody may do; `null` if the server does not tell. */
  role: { role: string; reason: string } | null = null;
  /** Whether the document can hold an edit. */
  canHold: (doc: Y.Doc) => boolean = () => true;
  /** Whether those who come are told who is there. */
  tellsPresence = false;
  /** What the rebase route answers; it places edits if that is 200. */
  rebase: { status: number; conflicts: IConflict[] } = {
    status: 200,
    conflicts: []
  };
  /** Awaited before the rebase route does anything. */
  beforeRebase: (() => Promise<void>) | null = null;
  /** Whether new sockets open, close at once, or wait. */
  mode: 'open' | 'turn away' | 'hang' = 'open';
  /** Whether `ack` requests are answered; older servers do not. */
  acknowledges = true;
  /** The answer to `save` and `revert`; none for no answer at all. */
  answer: Partial<IReply> | null = { status: 'success', hash: 'hash-1' };

  constructor() {
    this._relay();
  }

  get last(): FakeSocket {
    return this.sockets[this.sockets.length - 1];
  }

  readonly settings = ServerConnection.makeSettings({
    baseUrl: 'http://server.test/base/',
    wsUrl: 'ws://server.test/base/',
    token: 'secret',
    appendToken: true,
    fetch: async (input: RequestInfo | URL, init?: RequestInit) => {
      const request = new Request(input, init);
      this.requests.push({
        method: request.method,
        path: new URL(request.url).pathname,
        body: await request.text()
      });
      const { body, path } = this.requests[this.requests.length - 1];
      if (path.includes('/rebase/')) {
        return this._rebase(body);
      }
      if (path.endsWith('/api/me')) {
        const username = request.headers.get('X-User') ?? 'ada';
        const known = JSON.stringify({ identity: { username } });
        const { body, status } = this.me ?? { status: 200, body: known };
        return new Response(body, { status });
      }
      if (path === '/base/') {
        this.onVisit();
        return new Response('<html></html>');
      }
      const { status, sessionId } = this.session;
      return new Response(
        JSON.stringify({
          format: 'text',
          type: 'file',
          fileId: 'id-1',
          sessionId,
          maxMessageBytes: this.maxMessageBytes ?? undefined,
          privateHistory: this.privateHistory || undefined
        }),
        { status }
      );
    }
  });

  /** The settings of a user. */
  settingsOf(username: string): ServerConnection.ISettings {
    return { ...this.settings, init: { headers: { 'X-User': username } } };
  }

  readonly createSocket = (url: string): FakeSocket => {
    const socket = new FakeSocket(url);
    this.sockets.push(socket);
    queueMicrotask(() => {
      if (this.mode === 'open') {
        this._serve(socket);
      } else if (this.mode === 'turn away') {
        socket.end();
      }
    });
    return socket;
  };

  /** End all connections as if the network were gone. */
  cut(code = 1006, reason = ''): void {
    const members = [...this._members];
    this._members.clear();
    members.forEach(socket => socket.end(code, reason));
  }

  /** Lose all history, and begin a new one with what is in the file. */
  loseHistory(sessionId: string, fill: (doc: Y.Doc) => void): void {
    this.session.sessionId = sessionId;
    this.doc = new Y.Doc();
    fill(this.doc);
    this._placed.clear();
    this._relay();
    this.cut();
  }

  /** The bodies of the requests to place edits. */
  get rebases(): { sessionId: string; state: string; base: string | null }[] {
    return this.requests
      .filter(({ path }) => path.includes('/rebase/'))
      .map(({ body }) => JSON.parse(body));
  }

  /** Let everybody do something else than before, and tell them. */
  setRole(role: 'editor' | 'viewer', reason = ''): void {
    this.role = { role, reason };
    this.tell({ type: 'role', ...this.role });
  }

  /** Send a message to all members. */
  tell(reply: IReply): void {
    this._members.forEach(member => member.deliver(encodeReply(reply)));
  }

  private _relay(): void {
    const { doc } = this;
    doc.getText('source');
    doc.getMap('state');
    doc.on('update', (update: Uint8Array, origin: unknown) => {
      this._members.forEach(member => {
        if (member !== origin && doc === this.doc) {
          queueMicrotask(() => member.deliver(encodeUpdate(update)));
        }
      });
    });
  }

  /**
   * Place what the replicas of an old history have: each edit once.
   */
  private async _rebase(body: string): Promise<Response> {
    await this.beforeRebase?.();
    const { status, conflicts } = this.rebase;
    const { sessionId, state } = JSON.parse(body);
    if (status === 200 && sessionId !== this.session.sessionId) {
      const union = this._placed.get(sessionId) ?? new Y.Doc();
      this._placed.set(sessionId, union);
      union.getText('source');
      Y.applyUpdate(union, fromBase64(state));
      mirror(this.doc, union, this);
    }
    return new Response(
      JSON.stringify({ sessionId: this.session.sessionId, conflicts }),
      { status }
    );
  }

  private _serve(socket: FakeSocket): void {
    const { searchParams } = new URL(socket.url);
    const sessionId = searchParams.get('sessionId');
    if (sessionId !== null && sessionId !== this.session.sessionId) {
      socket.open();
      const reason = {
        reason: 'unknown_session',
        sessionId: this.session.sessionId
      };
      socket.end(1003, JSON.stringify(reason));
      return;
    }
    this._members.add(socket);
    socket.onSent = data => this._receive(socket, data);
    socket.open();
    if (this.role) {
      socket.deliver(encodeReply({ type: 'role', ...this.role }));
    }
    socket.deliver(encodeSyncStep1(Y.encodeStateVector(this.doc)));
    this._members.forEach(member => {
      const sent = member.sent.filter(each => each[0] === 1);
      if (member !== socket && sent.length && this.tellsPresence) {
        socket.deliver(sent[sent.length - 1]);
      }
    });
  }

  private _receive(socket: FakeSocket, data: Uint8Array): void {
    if (!this._members.has(socket)) {
      return;
    }
    const message = decodeMessage(data);
    switch (message.kind) {
      case 'part':
        if (message.offset === 0) {
          this._parts.set(socket, new Uint8Array(message.size));
        }
        this._parts.get(socket)?.set(message.data, message.offset);
        if (message.offset + message.data.length === message.size) {
          this._receive(socket, this._parts.get(socket) as Uint8Array);
        }
        break;
      case 'sync1':
        socket.deliver(
          encodeSyncStep2(Y.encodeStateAsUpdate(this.doc, message.stateVector))
        );
        break;
      case 'sync2':
      case 'update':
        this._edit(socket, message.update);
        break;
      case 'awareness':
        this._members.forEach(member => {
          if (member !== socket) {
            member.deliver(data);
          }
        });
        break;
      case 'ack':
        if (this.acknowledges) {
          socket.deliver(encodeReply({ type: 'ack', responseTo: message.id }));
        }
        break;
      case 'save':
      case 'revert':
      case 'recreate':
        if (this.answer) {
          const { id, kind } = message;
          socket.deliver(
            encodeReply({ type: kind, responseTo: id, ...this.answer })
          );
        }
        break;
    }
  }

  private _edit(socket: FakeSocket, update: Uint8Array): void {
    const after = new Y.Doc();
    after.getText('source');
    Y.applyUpdate(after, Y.mergeUpdates([stateOf(this.doc), update]));
    const isNew = !isSame(stateOf(after), stateOf(this.doc));
    const answer = { type: 'error', action: 'edit' };
    if (isNew && this.role?.role === 'viewer') {
      const reason = 'not_allowed';
      socket.deliver(encodeReply({ ...answer, reason, role: 'viewer' }));
    } else if (isNew && !this.canHold(after)) {
      socket.deliver(encodeReply({ ...answer, reason: 'invalid_edit' }));
    } else {
      Y.applyUpdate(this.doc, update, socket);
    }
  }

  private _members = new Set<FakeSocket>();
  private _parts = new Map<FakeSocket, Uint8Array>();
  private _placed = new Map<string, Y.Doc>();
}

function stateOf(doc: Y.Doc): Uint8Array {
  return Y.encodeStateAsUpdate(doc);
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((b, at) => b === other[at]);
}

/**
 * Somebody who is signed in.
 */
export function fakeUser(username: string): User.IManager {
  const identity: User.IIdentity = {
    username,
    name: username,
    display_name: username,
    initials: username[0],
    color: 'var(--jp-collaborator-color1)'
  };
  const user = { identity, ready: Promise.resolve() };
  return Object.assign(user, {
    userChanged: new Signal<object, User.IUser>(user)
  }) as unknown as User.IManager;
}

/**
 * Replace the timers that the sources use, and leave those of Node and Lumino.
 */
export function useFakeClock(): void {
  vi.useFakeTimers({
    toFake: [
      'setTimeout',
      'clearTimeout',
      'setInterval',
      'clearInterval',
      'Date'
    ]
  });
}

/**
 * The number of timers that are left.
 *
 * Those that come with the next frame do not count: Lumino tidies its signals
 * then.
 */
export async function timersLeft(): Promise<number> {
  await drawn();
  return vi.getTimerCount();
}

/**
 * The statuses of a connection from now on, each time it is another one.
 */
export function statusesOf(connection: IDocumentConnection): string[] {
  const statuses: string[] = [];
  let known: string = connection.status;
  connection.changed.connect(() => {
    if (connection.status !== known) {
      known = connection.status;
      statuses.push(known);
    }
  });
  return statuses;
}

/**
 * Let everything happen until the page is drawn the next time.
 *
 * Needs the fake clock: jsdom makes frames of a timer.
 */
export async function drawn(): Promise<void> {
  await settled();
  await vi.advanceTimersByTimeAsync(20);
}

/**
 * Let everything happen that needs no time.
 */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) {
    await new Promise<void>(resolve => setImmediate(resolve));
  }
}
