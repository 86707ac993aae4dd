// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { YFile } from '@jupyter/ydoc';
import { nullTranslator } from '@jupyterlab/translation';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Awareness, encodeAwarenessUpdate } from 'y-protocols/awareness';
import * as Y from 'yjs';

import { WebSocketAwarenessProvider } from '../src/presence/awarenessProvider';
import { encodeAwareness } from '../src/protocol';
import { WebSocketProvider } from '../src/session/provider';
import {
  FakeServer,
  fakeUser,
  settled,
  timersLeft,
  useFakeClock
} from './support/server';

const trans = nullTranslator.load('jupyter_collaboration');

let server: FakeServer;
let events: EventTarget;
let made: { provider: WebSocketProvider; model: YFile }[];

beforeEach(() => {
  useFakeClock();
  server = new FakeServer();
  events = new EventTarget();
  made = [];
});

afterEach(async () => {
  made.forEach(({ provider, model }) => {
    provider.dispose();
    model.dispose();
  });
  expect(await timersLeft()).toBe(0);
  vi.useRealTimers();
});

const environment = () => ({
  createSocket: server.createSocket,
  events,
  isOnline: () => true,
  random: () => 1
});

async function enter(name: string) {
  const model = new YFile();
  const provider = new WebSocketProvider({
    path: 'a.txt',
    contentType: 'file',
    format: 'text',
    model,
    user: fakeUser(name),
    translator: trans,
    serverSettings: server.settings,
    environment: environment()
  });
  const one = { provider, model };
  made.push(one);
  await provider.ready;
  const socket = server.last;
  await vi.advanceTimersByTimeAsync(100);
  return { ...one, awareness: model.awareness, socket };
}

const presence = (socket: { messages: { kind: string }[] }) =>
  socket.messages.filter(each => each.kind === 'awareness').length;

describe('Presence in a document', () => {
  it('tells the others who is here', async () => {
    const ada = await enter('ada');
    const grace = await enter('grace');
    const seen = ada.awareness.getStates().get(grace.awareness.clientID);
    expect(seen?.user).toMatchObject({ username: 'grace' });
  });

  it('is sent at most once in fifty milliseconds, and ends with the last', async () => {
    const ada = await enter('ada');
    const grace = await enter('grace');
    const before = presence(ada.socket);
    for (let step = 0; step < 100; step++) {
      ada.awareness.setLocalStateField('cursors', [step]);
      await vi.advanceTimersByTimeAsync(10);
    }
    await vi.advanceTimersByTimeAsync(50);
    expect(presence(ada.socket) - before).toBeLessThanOrEqual(21);
    expect(presence(ada.socket) - before).toBeGreaterThanOrEqual(15);
    const seen = grace.awareness.getStates().get(ada.awareness.clientID);
    expect(seen?.cursors).toEqual([99]);
  });

  // [M3]
  it('is only sent about oneself', async () => {
    const ada = await enter('ada');
    const before = presence(ada.socket);
    await enter('grace');
    await vi.advanceTimersByTimeAsync(1000);
    expect(presence(ada.socket)).toBe(before);
  });

  // [M6]
  it('of the others is unknown without a connection, and back with it', async () => {
    const ada = await enter('ada');
    const grace = await enter('grace');
    const { clientID } = grace.awareness;
    server.mode = 'turn away';
    server.cut();
    expect([...ada.awareness.getStates().keys()]).toEqual([
      ada.awareness.clientID
    ]);
    server.mode = 'open';
    await vi.advanceTimersByTimeAsync(3000);
    expect(ada.awareness.getStates().get(clientID)?.user).toMatchObject({
      username: 'grace'
    });
  });

  // F8 [M6]
  it('of a hidden page, whose timers do not run, stays until it leaves', async () => {
    const ada = await enter('ada');
    const hidden = new Awareness(new Y.Doc());
    clearInterval(hidden._checkInterval);
    hidden.setLocalState({ user: { username: 'hidden' } });
    const socket = server.createSocket(ada.socket.url);
    await settled();
    const publish = () =>
      socket.send(
        encodeAwareness(encodeAwarenessUpdate(hidden, [hidden.clientID]))
      );
    publish();
    await settled();
    let changes = 0;
    const states = ada.awareness.getStates();
    ada.awareness.on('change', () => (changes += 1));
    for (let minute = 0; minute < 3; minute++) {
      await vi.advanceTimersByTimeAsync(60_000);
      expect(states.get(hidden.clientID)?.user.username).toBe('hidden');
    }
    expect(changes).toBe(0);
    hidden.setLocalState(null);
    publish();
    await settled();
    expect(states.has(hidden.clientID)).toBe(false);
    hidden.destroy();
  });

  it('is renewed by itself, and in a hidden page whenever the server sends some', async () => {
    const ada = await enter('ada');
    const before = presence(ada.socket);
    await vi.advanceTimersByTimeAsync(40_000);
    expect(presence(ada.socket) - before).toBe(2);
    vi.setSystemTime(Date.now() + 60_000);
    const other = await enter('grace');
    expect(presence(ada.socket) - before).toBe(3);
    other.provider.dispose();
  });

  // [M6]
  it('ends when the document is closed', async () => {
    const ada = await enter('ada');
    const grace = await enter('grace');
    grace.provider.dispose();
    await settled();
    expect(ada.awareness.getStates().has(grace.awareness.clientID)).toBe(false);
  });

  it('ends when the model is disposed first', async () => {
    const ada = await enter('ada');
    const grace = await enter('grace');
    const { clientID } = grace.awareness;
    grace.model.dispose();
    grace.provider.dispose();
    await settled();
    expect(ada.awareness.getStates().has(clientID)).toBe(false);
  });

  it('ends when the page is left, and begins anew when it is back', async () => {
    const ada = await enter('ada');
    events.dispatchEvent(new Event('pagehide'));
    expect(ada.awareness.getLocalState()).toBeNull();
    events.dispatchEvent(new Event('pageshow'));
    expect(ada.awareness.getLocalState()?.user).toMatchObject({
      username: 'ada'
    });
  });

  it('follows a change of the name', async () => {
    const model = new YFile();
    const user = fakeUser('ada');
    const provider = new WebSocketProvider({
      path: 'a.txt',
      contentType: 'file',
      format: 'text',
      model,
      user,
      translator: trans,
      serverSettings: server.settings,
      environment: environment()
    });
    made.push({ provider, model });
    await provider.ready;
    Object.assign(user.identity ?? {}, { display_name: 'Countess' });
    (user.userChanged as unknown as { emit(value: unknown): void }).emit(null);
    expect(model.awareness.getLocalState()?.user).toMatchObject({
      display_name: 'Countess'
    });
    // The server looks again who it is: it believes no client. [M3]
    await vi.advanceTimersByTimeAsync(100);
    await settled();
    expect(server.sockets).toHaveLength(2);
    expect(provider.connection.status).toBe('live');
    (user.userChanged as unknown as { emit(value: unknown): void }).emit(null);
    await vi.advanceTimersByTimeAsync(100);
    expect(server.sockets).toHaveLength(2);
  });
});

describe('Presence in a transient room', () => {
  const enterRoom = (name: string) => {
    const awareness = new Awareness(new Y.Doc());
    const provider = new WebSocketAwarenessProvider({
      roomID: 'JupyterLab:globalAwareness',
      awareness,
      user: fakeUser(name),
      serverSettings: server.settings,
      environment: environment()
    });
    return { awareness, provider };
  };

  // [C1]
  it('is shared without session and without document', async () => {
    const ada = enterRoom('ada');
    const grace = enterRoom('grace');
    await settled();
    await vi.advanceTimersByTimeAsync(100);
    expect(server.requests).toHaveLength(0);
    expect(server.last.url).toBe(
      'ws://server.test/base/api/collaboration/room/JupyterLab:globalAwareness?token=secret'
    );
    expect(
      ada.awareness.getStates().get(grace.awareness.clientID)?.user
    ).toMatchObject({ username: 'grace' });

    ada.provider.dispose();
    ada.provider.dispose();
    expect(ada.provider.isDisposed).toBe(true);
    await settled();
    expect(grace.awareness.getStates().has(ada.awareness.clientID)).toBe(false);
    grace.provider.dispose();
    ada.awareness.destroy();
    grace.awareness.destroy();
  });

  it('comes back after the connection was lost', async () => {
    const ada = enterRoom('ada');
    await settled();
    server.cut();
    await vi.advanceTimersByTimeAsync(1000);
    expect(server.sockets).toHaveLength(2);
    ada.provider.dispose();
    ada.awareness.destroy();
  });
});
