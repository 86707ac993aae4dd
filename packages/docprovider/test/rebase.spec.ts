// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { YFile } from '@jupyter/ydoc';
import { nullTranslator } from '@jupyterlab/translation';
import { PromiseDelegate } from '@lumino/coreutils';
import { fromBase64 } from 'lib0/buffer';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as Y from 'yjs';

import { WebSocketProvider } from '../src/session/provider';
import type { IConflict } from '../src/tokens';
import {
  FakeServer,
  fakeUser,
  settled,
  statusesOf,
  timersLeft,
  useFakeClock
} from './support/server';

const trans = nullTranslator.load('jupyter_collaboration');
const CONFLICT: IConflict = {
  cell: null,
  kind: 'text',
  key: 'source',
  yours: 'mine',
  theirs: 'theirs',
  merged: 'theirsmine'
};

let server: FakeServer;
let made: { provider: WebSocketProvider; model: YFile }[];

beforeEach(() => {
  useFakeClock();
  server = new FakeServer();
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

async function open(name = 'ada') {
  const model = new YFile();
  const provider = new WebSocketProvider({
    path: 'a.txt',
    contentType: 'file',
    format: 'text',
    model,
    user: fakeUser(name),
    translator: trans,
    serverSettings: server.settings,
    environment: {
      createSocket: server.createSocket,
      events: new EventTarget(),
      isOnline: () => true,
      random: () => 1
    }
  });
  const statuses = statusesOf(provider.connection);
  const one = { provider, model, statuses };
  made.push(one);
  await provider.ready;
  await vi.advanceTimersByTimeAsync(200);
  return one;
}

const serverText = () => server.doc.getText('source').toString();
const write = (text: string) => (doc: Y.Doc) =>
  doc.getText('source').insert(0, text);
const textOf = (update: string | null) => {
  const doc = new Y.Doc();
  if (update) {
    Y.applyUpdate(doc, fromBase64(update));
  }
  return doc.getText('source').toString();
};

/** Let the connection come back. */
async function comeBack(): Promise<void> {
  await vi.advanceTimersByTimeAsync(30000);
  await settled();
}

// [S3] [S4]
describe('When the server has lost its history', () => {
  it('all go on with all they typed, once, and without a reload', async () => {
    write('begin')(server.doc);
    const ada = await open('ada');
    const grace = await open('grace');
    const { ydoc, ysource } = ada.model;
    server.mode = 'turn away';
    server.cut();
    ada.model.updateSource(5, 5, ' by Ada');
    grace.model.updateSource(0, 0, 'Grace: ');
    server.loseHistory('session-2', write('begin'));
    server.mode = 'open';
    await comeBack();

    const text = 'Grace: begin by Ada';
    expect(serverText()).toBe(text);
    for (const { provider, model, statuses } of [ada, grace]) {
      expect(model.source).toBe(text);
      expect(provider.connection.status).toBe('live');
      expect(provider.edits.unsent.count).toBe(0);
      expect(provider.connection.refusal).toBeNull();
      expect(statuses).not.toContain('refused');
    }
    expect(ada.model.ydoc).toBe(ydoc);
    expect(ada.model.ysource).toBe(ysource);
    expect(Y.encodeStateAsUpdate(ydoc)).toEqual(
      Y.encodeStateAsUpdate(server.doc)
    );

    ada.model.updateSource(0, 0, '> ');
    await settled();
    grace.model.updateSource(0, 0, '>');
    await comeBack();
    expect(serverText()).toBe(`>> ${text}`);
    expect(ada.model.source).toBe(serverText());
    expect(ada.provider.edits.unsent.count).toBe(0);
  });

  it('once more, all go on', async () => {
    write('0')(server.doc);
    const { model, provider } = await open();
    for (let round = 2; round < 5; round++) {
      server.loseHistory(`session-${round}`, write(model.source));
      model.updateSource(0, 0, `${round} `);
      await comeBack();
      expect(provider.connection.status).toBe('live');
    }
    expect(serverText()).toBe('4 3 2 0');
    expect(model.source).toBe(serverText());
  });

  it('tells the server what was in the file when all was saved', async () => {
    write('saved')(server.doc);
    const { model } = await open();
    model.updateSource(0, 0, 'typed and ');
    await vi.advanceTimersByTimeAsync(200);
    server.loseHistory('session-2', write('saved'));
    await comeBack();
    const [{ base, sessionId, state }] = server.rebases;
    expect(sessionId).toBe('session-1');
    expect(textOf(base)).toBe('saved');
    expect(textOf(state)).toBe('typed and saved');
  });

  it('nothing is lost that is typed while edits are placed', async () => {
    const { model, provider } = await open();
    const delegates: PromiseDelegate<void>[] = [];
    server.beforeRebase = () => {
      delegates.push(new PromiseDelegate());
      return delegates[delegates.length - 1].promise;
    };
    model.updateSource(0, 0, 'a');
    server.loseHistory('session-2', () => undefined);
    await comeBack();
    for (const letter of 'bcd') {
      model.updateSource(0, 0, letter);
      delegates[delegates.length - 1].resolve();
      await settled();
      expect(provider.connection.status).not.toBe('live');
    }
    delegates[delegates.length - 1].resolve();
    await settled();
    expect(provider.connection.status).toBe('live');
    expect(server.rebases).toHaveLength(4);
    expect(model.source).toBe('dcba');
    expect(serverText()).toBe('dcba');
  });

  it('nothing is lost when the connection is, in between', async () => {
    const { model, provider } = await open();
    const delegates: PromiseDelegate<void>[] = [];
    server.beforeRebase = () => {
      delegates.push(new PromiseDelegate());
      return delegates[delegates.length - 1].promise;
    };
    server.loseHistory('session-2', () => undefined);
    await comeBack();
    model.updateSource(0, 0, 'a');
    delegates[0].resolve();
    await settled();
    // The second request is under way.
    server.cut();
    model.updateSource(0, 0, 'b');
    await comeBack();
    expect(delegates).toHaveLength(3);
    delegates[2].resolve();
    await settled();
    delegates[1].resolve();
    await comeBack();
    expect(provider.connection.status).toBe('live');
    expect(serverText()).toBe('ba');
    expect(model.source).toBe('ba');
  });

  it.each([500, 502])(
    'it is asked again while it answers %i, and all is kept',
    async status => {
      const { model, provider } = await open();
      server.rebase.status = status;
      model.updateSource(0, 0, 'kept');
      server.loseHistory('session-2', () => undefined);
      await comeBack();
      expect(provider.connection.status).toBe('offline');
      expect(provider.edits.unsent.count).toBeGreaterThan(0);
      expect(server.rebases.length).toBeGreaterThan(2);
      expect(model.source).toBe('kept');
      server.rebase.status = 200;
      await comeBack();
      expect(provider.connection.status).toBe('live');
      expect(serverText()).toBe('kept');
    }
  );

  it.each([400, 404])(
    'and cannot place edits (%i), all is kept',
    async status => {
      const { model, provider } = await open();
      server.rebase.status = status;
      model.updateSource(0, 0, 'kept');
      server.loseHistory('session-2', write('new'));
      await comeBack();
      expect(provider.connection.refusal).toMatchObject({
        reason: 'unknown_session',
        reloadable: true
      });
      expect(model.source).toBe('kept');
      expect(serverText()).toBe('new');
    }
  );

  it('somebody who may only look gets the new document', async () => {
    write('old')(server.doc);
    const { model, provider } = await open();
    server.rebase.status = 403;
    server.loseHistory('session-2', write('new'));
    await comeBack();
    expect(provider.connection.status).toBe('live');
    expect(model.source).toBe('new');
    expect(provider.conflicts.list).toEqual([]);
  });

  it('what somebody typed who may only look any more is kept beside it', async () => {
    write('old')(server.doc);
    const { model, provider } = await open();
    server.mode = 'turn away';
    server.cut();
    model.updateSource(0, 0, 'my ');
    server.rebase.status = 403;
    server.loseHistory('session-2', write('new'));
    server.mode = 'open';
    await comeBack();
    expect(model.source).toBe('new');
    expect(provider.conflicts.list).toEqual([]);
    expect(provider.edits.refused.list).toHaveLength(1);
    const kept = new Y.Doc();
    Y.applyUpdate(kept, provider.edits.refused.list[0].state);
    expect(kept.getText('source').toString()).toBe('my old');
  });

  it('conflicts are told, each once', async () => {
    const { model, provider } = await open();
    let signals = 0;
    provider.conflicts.changed.connect(() => signals++);
    server.rebase.conflicts = [CONFLICT];
    model.updateSource(0, 0, 'x');
    server.loseHistory('session-2', () => undefined);
    await comeBack();
    server.loseHistory('session-3', () => undefined);
    await comeBack();
    expect(provider.conflicts.list).toEqual([CONFLICT]);
    expect(signals).toBe(1);
  });

  it('nobody is told that a save has worked before all is placed', async () => {
    const { model, provider } = await open();
    const delegate = new PromiseDelegate<void>();
    server.loseHistory('session-2', () => undefined);
    server.beforeRebase = async () => {
      if (server.rebases.length > 1) {
        await delegate.promise;
      } else {
        model.updateSource(0, 0, 'x');
      }
    };
    await comeBack();
    await expect(provider.save()).rejects.toMatchObject({
      isConnectionLost: true
    });
    delegate.resolve();
    await settled();
    await provider.save();
  });

  it('people are there once, under a new id', async () => {
    server.tellsPresence = true;
    const ada = await open('ada');
    const grace = await open('grace');
    const before = ada.model.awareness.clientID;
    ada.model.awareness.setLocalStateField('cursors', [{ anchor: 1 }]);
    server.loseHistory('session-2', () => undefined);
    await comeBack();
    const { clientID } = ada.model.awareness;
    expect(clientID).toBe(ada.model.ydoc.clientID);
    expect(clientID).not.toBe(before);
    for (const { model } of [ada, grace]) {
      const states = model.awareness.getStates();
      expect(
        [...states.values()].map(each => each.user.username).sort()
      ).toEqual(['ada', 'grace']);
      expect(states.get(clientID)).toEqual({
        autosave: null,
        user: expect.objectContaining({ username: 'ada' })
      });
    }
  });
});

// [S3]
it('A history that is current after all is gone on with', async () => {
  const { model, provider } = await open();
  server.mode = 'turn away';
  server.cut();
  model.updateSource(0, 0, 'x');
  const { sessionId } = server.session;
  server.session.sessionId = 'another';
  server.beforeRebase = async () => {
    server.session.sessionId = sessionId;
    server.mode = 'open';
  };
  await comeBack();
  expect(provider.connection.status).toBe('live');
  expect(server.rebases).toHaveLength(1);
  expect(serverText()).toBe('x');
});
