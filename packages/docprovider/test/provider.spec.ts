// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { YFile } from '@jupyter/ydoc';
import { nullTranslator } from '@jupyterlab/translation';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Awareness, encodeAwarenessUpdate } from 'y-protocols/awareness';
import * as Y from 'yjs';

import { encodeAwareness, encodeUpdate } from '../src/protocol';
import { WebSocketProvider } from '../src/session/provider';
import {
  drawn,
  FakeServer,
  fakeUser,
  settled,
  timersLeft,
  useFakeClock
} from './support/server';

const TEXT = 'é 👩‍👩‍👧‍👦 e\u0301 שלום';

const trans = nullTranslator.load('jupyter_collaboration');

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

function open(name = 'ada', model = new YFile()) {
  const provider = new WebSocketProvider({
    path: 'folder/ä b.txt',
    contentType: 'file',
    format: 'text',
    model,
    user: fakeUser(name),
    translator: trans,
    serverSettings: server.settingsOf(name),
    environment: {
      createSocket: server.createSocket,
      events: new EventTarget(),
      isOnline: () => true,
      random: () => 1
    }
  });
  const one = { provider, model };
  made.push(one);
  return one;
}

const serverText = () => server.doc.getText('source').toString();

describe('A provider', () => {
  // [C1]
  it('asks for a session, and enters the room of its file with it', async () => {
    const { provider } = open();
    await settled();
    expect(server.requests).toEqual([
      {
        method: 'PUT',
        path: '/base/api/collaboration/session/folder/%C3%A4%20b.txt',
        body: '{"format":"text","type":"file"}'
      }
    ]);
    expect(server.last.url).toBe(
      'ws://server.test/base/api/collaboration/room/text:file:id-1?sessionId=session-1&token=secret'
    );
    await provider.ready;
    expect(provider.connection.status).toBe('live');
  });

  // [H7]
  it.each([true, false])(
    'reports whether the history is private: %s',
    async isPrivate => {
      server.privateHistory = isPrivate;
      const { provider } = open();
      await settled();
      expect(provider.history.isPrivate).toBe(isPrivate);
    }
  );

  it('gets what is in the document before it is ready', async () => {
    server.doc.getText('source').insert(0, TEXT);
    const { provider, model } = open();
    let isReady = false;
    void provider.ready.then(() => (isReady = true));
    expect(isReady).toBe(false);
    await settled();
    expect(isReady).toBe(true);
    expect(model.source).toBe(TEXT);
  });

  // [C1]
  it('writes the id of the room into a document that has none', async () => {
    open();
    await settled();
    expect(server.doc.getMap('state').get('document_id')).toBe(
      'text:file:id-1'
    );
  });

  it('leaves the id of a document that has one', async () => {
    server.doc.getMap('state').set('document_id', 'another');
    open();
    await settled();
    expect(server.doc.getMap('state').get('document_id')).toBe('another');
  });

  it('keeps two people the same, whatever they write', async () => {
    const ada = open('ada');
    const grace = open('grace');
    await settled();
    ada.model.updateSource(0, 0, TEXT);
    await drawn();
    grace.model.updateSource(0, 0, '👍🏽 ');
    ada.model.updateSource(TEXT.length, TEXT.length, ' عالم');
    await drawn();
    expect(ada.model.source).toBe(`👍🏽 ${TEXT} عالم`);
    expect(grace.model.source).toBe(ada.model.source);
    expect(serverText()).toBe(ada.model.source);
  });

  it('sends no change before it has heard from the server', async () => {
    server.mode = 'hang';
    const { model } = open();
    await settled();
    model.updateSource(0, 0, 'early');
    server.last.open();
    expect(server.last.messages.map(each => each.kind)).not.toContain('update');
  });

  it('leaves a server that sends nonsense, and comes back', async () => {
    open();
    await settled();
    server.last.deliver(Uint8Array.of(0, 0, 200));
    await vi.advanceTimersByTimeAsync(500);
    expect(server.sockets).toHaveLength(2);
  });

  it('ignores messages that it does not know', async () => {
    const { provider } = open();
    await settled();
    server.tell({ type: 'something-newer' });
    server.tell({ type: 'conflict' });
    server.last.deliver(Uint8Array.of(9, 9));
    expect(provider.connection.status).toBe('live');
  });
});

describe('What is typed without a connection', () => {
  it('is sent, once, when the connection is back', async () => {
    const ada = open('ada');
    const grace = open('grace');
    await settled();
    ada.model.updateSource(0, 0, 'begin');
    await settled();

    server.mode = 'turn away';
    server.cut();
    ada.model.updateSource(5, 5, ` ${TEXT}`);
    grace.model.updateSource(0, 0, 'we ');
    await vi.advanceTimersByTimeAsync(4000);
    expect(serverText()).toBe('begin');

    server.mode = 'open';
    await vi.advanceTimersByTimeAsync(30000);
    await settled();
    expect(serverText()).toBe(`we begin ${TEXT}`);
    expect(ada.model.source).toBe(serverText());
    expect(grace.model.source).toBe(serverText());
  });

  it('goes back to the same room and session without asking again', async () => {
    const { model } = open();
    await settled();
    server.cut(1012);
    model.updateSource(0, 0, 'x');
    await vi.advanceTimersByTimeAsync(500);
    expect(server.sockets.map(each => each.url)).toEqual([
      server.sockets[0].url,
      server.sockets[0].url
    ]);
    expect(server.requests).toHaveLength(1);
    expect(serverText()).toBe('x');
  });
});

// [F8]
describe('A document that is not found by its path when the page is back', () => {
  const away = async () => {
    const opened = open();
    await settled();
    server.mode = 'turn away';
    server.cut();
    opened.model.updateSource(0, 0, 'typed ');
    await vi.advanceTimersByTimeAsync(2000);
    server.session.status = 404;
    return opened;
  };

  it('is found by its id, as after a rename', async () => {
    const { provider } = await away();
    server.mode = 'open';
    await vi.advanceTimersByTimeAsync(30000);
    expect(provider.connection.status).toBe('live');
    expect(serverText()).toBe('typed ');
  });

  it('is found by its id if it has another history, too', async () => {
    const { provider } = await away();
    server.loseHistory('session-2', () => undefined);
    server.mode = 'open';
    await vi.advanceTimersByTimeAsync(30000);
    expect(provider.connection.status).toBe('live');
    expect(server.rebases.map(each => each.sessionId)).toEqual(['session-1']);
    expect(serverText()).toBe('typed ');
  });

  it('is reported as not found if its room is gone, too', async () => {
    const { provider } = await away();
    await vi.advanceTimersByTimeAsync(30000);
    expect(provider.connection.refusal?.reason).toBe('not_found');
  });

  it('is found by its id again after the next outage', async () => {
    const { model, provider } = await away();
    server.mode = 'open';
    await vi.advanceTimersByTimeAsync(30000);
    server.mode = 'turn away';
    server.cut();
    model.updateSource(0, 0, 'more ');
    await vi.advanceTimersByTimeAsync(20);
    server.mode = 'open';
    await vi.advanceTimersByTimeAsync(30000);
    expect(provider.connection.status).toBe('live');
    expect(serverText()).toBe('more typed ');
  });
});

describe('The number of changes without acknowledgement', () => {
  it('counts what is typed, and is nothing once the server has it', async () => {
    const { provider, model } = open();
    await settled();
    model.dirty = true; // The first edit would make another change of it.
    await vi.advanceTimersByTimeAsync(200);
    expect(provider.edits.unsent.count).toBe(0);
    const counts: number[] = [];
    provider.edits.unsent.changed.connect(({ count }) => counts.push(count));
    model.updateSource(0, 0, 'a');
    model.updateSource(1, 1, 'b');
    expect(provider.edits.unsent.count).toBe(2);
    await vi.advanceTimersByTimeAsync(200);
    expect(counts).toEqual([1, 2, 0]);
  });

  it('does not count what others typed', async () => {
    const { provider } = open();
    await settled();
    await vi.advanceTimersByTimeAsync(200);
    server.doc.getText('source').insert(0, 'theirs');
    await settled();
    expect(provider.edits.unsent.count).toBe(0);
  });

  it('is kept while there is no connection, and cleared after it', async () => {
    const { provider, model } = open();
    await settled();
    model.dirty = true; // The first edit would make another change of it.
    await vi.advanceTimersByTimeAsync(200);
    server.mode = 'turn away';
    server.cut();
    for (let index = 0; index < 5; index++) {
      model.updateSource(0, 0, 'x');
    }
    await vi.advanceTimersByTimeAsync(5000);
    expect(provider.edits.unsent.count).toBe(5);
    server.mode = 'open';
    await vi.advanceTimersByTimeAsync(30000);
    expect(provider.edits.unsent.count).toBe(0);
  });

  it('covers only what was sent before the question', async () => {
    const { provider, model } = open();
    await settled();
    model.dirty = true; // The first edit would make another change of it.
    await vi.advanceTimersByTimeAsync(200);
    server.acknowledges = false;
    model.updateSource(0, 0, 'a');
    await vi.advanceTimersByTimeAsync(200);
    model.updateSource(0, 0, 'b');
    const question = server.last.messages.filter(each => each.kind === 'ack');
    const id = (question[question.length - 1] as { id: number }).id;
    server.tell({ type: 'ack', responseTo: 1000000 });
    expect(provider.edits.unsent.count).toBe(2);
    server.tell({ type: 'ack', responseTo: id });
    expect(provider.edits.unsent.count).toBe(1);
  });

  // [C1]
  it('does no harm with a server that never answers', async () => {
    server.acknowledges = false;
    const { provider, model } = open();
    await settled();
    model.updateSource(0, 0, 'text');
    for (let minute = 0; minute < 10; minute++) {
      await vi.advanceTimersByTimeAsync(60000);
    }
    expect(provider.connection.status).toBe('live');
    expect(server.sockets).toHaveLength(1);
    expect(serverText()).toBe('text');
  });
});

// [F2]
describe('A save', () => {
  it('tells the hash that the server has written', async () => {
    const { provider } = open();
    await provider.ready;
    await expect(provider.save()).resolves.toEqual({ hash: 'hash-1' });
  });

  it('succeeds when there is nothing to do', async () => {
    const { provider } = open();
    await provider.ready;
    server.answer = { status: 'skipped' };
    await expect(provider.save()).resolves.toEqual({});
  });

  it('fails with the reason of the server, until the next succeeds', async () => {
    const { provider } = open();
    await provider.ready;
    const errors: (string | null)[] = [];
    provider.saves.errorChanged.connect(({ error }) => errors.push(error));
    server.answer = { status: 'failed', reason: 'No space left 💾' };
    await expect(provider.save()).rejects.toThrow('No space left 💾');
    server.answer = { status: 'success' };
    await provider.save();
    expect(errors).toEqual(['No space left 💾', null]);
  });

  it('fails in words even when the server gives no reason', async () => {
    const { provider } = open();
    await provider.ready;
    server.answer = { status: 'failed' };
    await expect(provider.save()).rejects.toThrow('could not write');
  });

  it('fails when nothing is heard for a minute', async () => {
    const { provider } = open();
    await provider.ready;
    server.answer = null;
    const save = expect(provider.save()).rejects.toThrow('in time');
    await vi.advanceTimersByTimeAsync(60000);
    await save;
  });

  it('fails when the connection is lost', async () => {
    const { provider } = open();
    await provider.ready;
    server.answer = null;
    const save = provider.save();
    server.cut();
    await expect(save).rejects.toMatchObject({ isConnectionLost: true });
  });

  it('fails at once without a connection', async () => {
    const { provider } = open();
    await provider.ready;
    server.cut();
    await expect(provider.save()).rejects.toThrow('no connection');
    expect(provider.saves.error).toBeNull();
  });

  it('fails in the words of a refusal', async () => {
    const { provider } = open();
    await provider.ready;
    server.cut(4403);
    await expect(provider.save()).rejects.toMatchObject({
      isConnectionLost: false,
      message: 'You may not read this document any more.'
    });
  });

  it('fails with the whole reason from the server, although a close reason is short', async () => {
    const { provider } = open();
    await provider.ready;
    const detail = `${'a long path/'.repeat(20)}b.ipynb cannot be read: it is empty`;
    server.tell({ type: 'error', reason: 'initialization_error', detail });
    server.cut(1003, '{"reason":"initialization_error","errorReason":"a lo"}');
    expect(provider.saves.error).toBeNull();
    await expect(provider.save()).rejects.toMatchObject({
      message: `The server cannot open this document: ${detail}`
    });
  });

  it('fails when the document is closed', async () => {
    const { provider } = open();
    await provider.ready;
    server.answer = null;
    const save = provider.save();
    provider.dispose();
    await expect(save).rejects.toThrow('closed');
    await expect(provider.save()).rejects.toThrow('closed');
  });

  it('is not settled by the answer to another request', async () => {
    const { provider } = open();
    await provider.ready;
    server.answer = null;
    let isSettled = false;
    const save = provider.save().finally(() => (isSettled = true));
    server.tell({ type: 'save', responseTo: 99, status: 'success' });
    await settled();
    expect(isSettled).toBe(false);
    provider.dispose();
    await expect(save).rejects.toThrow();
  });

  it('that the server made by itself and failed is told as well', async () => {
    const { provider } = open();
    await provider.ready;
    server.tell({ type: 'autosave', status: 'failed', reason: 'read-only' });
    expect(provider.saves.error).toBe('read-only');
    server.tell({ type: 'autosave', status: 'success' });
    expect(provider.saves.error).toBeNull();
    server.tell({ type: 'error', reason: 'not allowed' });
    expect(provider.saves.error).toBe('not allowed');
  });
});

// [F8]
describe('A file that was deleted', () => {
  const gone = { status: 'failed', reason: 'It is gone.', code: 'deleted' };

  it('is told of, and written again when the user wants it', async () => {
    const { provider } = open();
    await provider.ready;
    server.answer = gone;
    await expect(provider.save()).rejects.toMatchObject({ code: 'deleted' });
    expect(provider.saves.isFileDeleted).toBe(true);
    server.answer = { status: 'success', hash: 'hash-2' };
    await expect(provider.saves.recreate()).resolves.toEqual({
      hash: 'hash-2'
    });
    expect(server.last.messages.map(each => each.kind)).toContain('recreate');
    expect(provider.saves.isFileDeleted).toBe(false);
    expect(provider.saves.error).toBeNull();
  });

  it('is told of by the server as well', async () => {
    const { provider } = open();
    await provider.ready;
    const seen: boolean[] = [];
    provider.saves.errorChanged.connect(() =>
      seen.push(provider.saves.isFileDeleted)
    );
    server.tell({ type: 'autosave', ...gone });
    server.tell({ type: 'autosave', status: 'success' });
    expect(seen).toEqual([true, false]);
  });
});

// [P14]
describe('What others do before the page is drawn again', () => {
  const type = (text: string) => {
    const source = server.doc.getText('source');
    source.insert(source.length, text);
  };

  it('is one transaction, then their cursors', async () => {
    const { provider, model } = open();
    await provider.ready;
    const seen: string[] = [];
    model.ydoc.on('update', () => seen.push(model.source));
    model.awareness.on('update', () => seen.push('cursor'));
    const other = new Awareness(new Y.Doc());
    other.setLocalState({ cursors: [] });
    ['a', 'b', 'c'].forEach(type);
    await settled();
    server.last.deliver(
      encodeAwareness(encodeAwarenessUpdate(other, [other.clientID]))
    );
    expect(seen).toEqual(['a']);
    await drawn();
    expect(seen).toEqual(['a', 'abc', 'cursor']);
    other.destroy();
  });

  it('is known before an answer that came after it', async () => {
    const { provider, model } = open();
    await provider.ready;
    ['a', 'b'].forEach(type);
    await settled();
    expect(model.source).toBe('a');
    server.tell({ type: 'save_mode', manual: false });
    expect(model.source).toBe('ab');
  });

  it('is kept when the connection is lost', async () => {
    const { provider, model } = open();
    await provider.ready;
    ['a', 'b'].forEach(type);
    await settled();
    server.cut();
    expect(model.source).toBe('ab');
  });

  it('comes back with the next connection if one edit cannot be read', async () => {
    const { provider, model } = open();
    await provider.ready;
    type('a');
    await settled();
    const report = vi.spyOn(console, 'error').mockReturnValue();
    server.last.deliver(encodeUpdate(Uint8Array.of(1, 1, 200)));
    type('b');
    await drawn();
    expect(report).toHaveBeenCalledOnce();
    report.mockRestore();
    await vi.advanceTimersByTimeAsync(30000);
    expect(model.source).toBe('ab');
    expect(provider.connection.status).toBe('live');
  });
});

// [F13]
it('Whether the document is saved automatically is told, on each connection', async () => {
  const { provider } = open();
  await provider.ready;
  expect(provider.saves.mode.isManual).toBe(false);
  server.tell({ type: 'save_mode', manual: true });
  expect(provider.saves.mode.isManual).toBe(true);
  server.cut();
  await vi.advanceTimersByTimeAsync(30000);
  await settled();
  expect(provider.saves.mode.isManual).toBe(false);
});

it('Whether all is in the file is told', async () => {
  const { provider } = open();
  await provider.ready;
  const seen: boolean[] = [];
  provider.saves.dirtyChanged.connect(({ isDirty }) => seen.push(isDirty));
  server.doc.getMap('state').set('dirty', true);
  await settled();
  server.doc.getMap('state').set('dirty', false);
  await drawn();
  expect(seen).toEqual([true, false]);
});

describe('A revert', () => {
  it('is asked of the server', async () => {
    const { provider } = open();
    await provider.ready;
    await provider.saves.revert();
    expect(server.last.messages.map(each => each.kind)).toContain('revert');
  });

  it('fails with the reason of the server', async () => {
    const { provider } = open();
    await provider.ready;
    server.answer = { status: 'failed', reason: 'gone' };
    await expect(provider.saves.revert()).rejects.toThrow('gone');
  });
});

describe('A provider that is not let in', () => {
  it.each([401, 403, 404])('is never ready after HTTP %i', async status => {
    server.session.status = status;
    const { provider } = open();
    await expect(provider.ready).rejects.toMatchObject({
      name: 'RefusedError',
      refusal: { code: status }
    });
    expect(provider.connection.status).toBe('refused');
    expect(server.sockets).toHaveLength(0);
  });

  it('tries again after HTTP 503', async () => {
    server.session.status = 503;
    const { provider } = open();
    await settled();
    expect(provider.connection.status).toBe('connecting');
    server.session.status = 200;
    await vi.advanceTimersByTimeAsync(1000);
    await provider.ready;
  });

  it('is never ready after a close code that is final', async () => {
    server.mode = 'hang';
    const { provider } = open();
    await settled();
    server.last.open();
    server.last.end(4404, 'gone');
    await expect(provider.ready).rejects.toThrow('not found');
  });

  it('learns why from the session route when it lost its access', async () => {
    const { provider, model } = open();
    await provider.ready;
    model.updateSource(0, 0, 'kept');
    server.mode = 'turn away';
    server.session.status = 403;
    server.cut();
    await vi.advanceTimersByTimeAsync(5000);
    expect(provider.connection.refusal?.code).toBe(403);
    expect(model.source).toBe('kept');
  });
});

const LOGIN_PAGE = { status: 200, body: '<html>Sign in</html>' };
const SIGNED_OUT = { status: 403, body: '{"message": "Forbidden"}' };

// [M15]
describe('A provider whose user was signed out', () => {
  it.each([401, 403, 404])(
    'comes back after the next sign-in, HTTP %i',
    async status => {
      const { provider, model } = open();
      await provider.ready;
      server.mode = 'turn away';
      server.session.status = status;
      server.me = SIGNED_OUT;
      server.cut();
      model.updateSource(0, 0, 'kept');
      await vi.advanceTimersByTimeAsync(60000);
      expect(provider.connection.status).toBe('offline');
      expect(provider.connection.trouble).toMatch(/signed out/);
      server.mode = 'open';
      server.session.status = 200;
      server.me = null;
      await vi.advanceTimersByTimeAsync(60000);
      expect(provider.connection.status).toBe('live');
      expect(provider.connection.trouble).toBeNull();
      expect(server.doc.getText('source').toString()).toBe('kept');
    }
  );

  it.each([
    { status: 424, body: '{"message": "The server does not run"}' },
    { status: 404, body: '' },
    { status: 503, body: '' },
    LOGIN_PAGE
  ])(
    'goes on trying if others answer for the server: %o',
    async answerOfOthers => {
      const { provider } = open();
      await provider.ready;
      server.mode = 'turn away';
      server.session.status = 403;
      server.me = answerOfOthers;
      server.cut();
      await vi.advanceTimersByTimeAsync(60000);
      expect(provider.connection.status).toBe('offline');
      expect(provider.connection.trouble).toBeNull();
    }
  );

  it('signs in again by itself if that needs nothing of the user', async () => {
    const { provider, model } = open();
    await provider.ready;
    const signOut = () => {
      server.mode = 'turn away';
      server.session.status = 403;
      server.me = SIGNED_OUT;
    };
    server.onVisit = () => {
      server.mode = 'open';
      server.session.status = 200;
      server.me = null;
    };
    signOut();
    server.cut();
    model.updateSource(0, 0, 'kept');
    await vi.advanceTimersByTimeAsync(5000);
    expect(provider.connection.status).toBe('live');
    expect(server.doc.getText('source').toString()).toBe('kept');

    // No access any more, although the server knows who it is.
    signOut();
    server.onVisit = () => (server.me = null);
    server.cut();
    await vi.advanceTimersByTimeAsync(60000);
    expect(provider.connection.refusal).toMatchObject({ reason: 'forbidden' });
  });

  it('does not go on for somebody else who signed in', async () => {
    const { provider, model } = open();
    await provider.ready;
    server.mode = 'turn away';
    server.session.status = 403;
    server.me = SIGNED_OUT;
    server.cut();
    model.updateSource(0, 0, 'of Ada');
    await vi.advanceTimersByTimeAsync(60000);
    server.mode = 'open';
    server.session.status = 200;
    server.me = { status: 200, body: '{"identity": {"username": "eve"}}' };
    await vi.advanceTimersByTimeAsync(60000);
    expect(provider.connection.refusal).toMatchObject({
      reason: 'other_user',
      reloadable: true
    });
    expect(server.doc.getText('source').toString()).toBe('');
    expect(model.source).toBe('of Ada');
  });

  it('goes on for a guest whom the server calls by another name', async () => {
    // [S6]
    const { provider, model } = open('0'.repeat(32));
    await provider.ready;
    server.mode = 'turn away';
    server.session.status = 403;
    server.me = SIGNED_OUT;
    server.cut();
    model.updateSource(0, 0, 'of a guest');
    await vi.advanceTimersByTimeAsync(60000);
    server.mode = 'open';
    server.session.status = 200;
    const username = '1'.repeat(32);
    server.me = {
      status: 200,
      body: JSON.stringify({ identity: { username } })
    };
    await vi.advanceTimersByTimeAsync(60000);
    expect(provider.connection.status).toBe('live');
    expect(serverText()).toBe('of a guest');
  });

  it('is never ready if that was before it opened', async () => {
    server.session.status = 403;
    server.me = SIGNED_OUT;
    const { provider } = open();
    await expect(provider.ready).rejects.toMatchObject({
      refusal: { code: 403, reason: 'unauthenticated', reloadable: true }
    });
  });

  it('comes back after its connection was closed for it', async () => {
    const { provider } = open();
    await provider.ready;
    server.mode = 'hang';
    server.cut(4401);
    expect(provider.connection.status).toBe('reconnecting');
    expect(provider.connection.trouble).toMatch(/signed out/);
    server.mode = 'open';
    await vi.advanceTimersByTimeAsync(1000);
    expect(provider.connection.status).toBe('live');
  });
});

describe('A disposed provider', () => {
  it('leaves nothing behind', async () => {
    const { provider, model } = open();
    await provider.ready;
    model.updateSource(0, 0, 'x');
    provider.dispose();
    provider.dispose();
    expect(provider.isDisposed).toBe(true);
    expect(server.last.isClosed).toBe(true);
    const count = server.last.sent.length;
    model.updateSource(0, 0, 'y');
    await vi.advanceTimersByTimeAsync(60000);
    expect(server.last.sent).toHaveLength(count);
    expect(server.sockets).toHaveLength(1);
  });

  it('is never ready if it was not', async () => {
    server.mode = 'hang';
    const { provider } = open();
    provider.dispose();
    await expect(provider.ready).rejects.toThrow('closed');
  });
});

// S18 [M4]
describe('A large edit', () => {
  const LIMIT = 5000;
  const LARGE = 'x'.repeat(10_000);

  it('is sent in parts to a server that takes them', async () => {
    server.maxMessageBytes = 2 ** 22;
    const { model, provider } = open();
    await settled();
    model.updateSource(0, 0, 'x'.repeat(3e6));
    model.updateSource(0, 0, 'y');
    await settled();
    expect(serverText()).toHaveLength(3e6 + 1);
    const sizes = server.last.sent.map(each => each.length);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(2 ** 20);
    await vi.advanceTimersByTimeAsync(500);
    expect(provider.edits.unsent.count).toBe(0);
  });

  it('is sent whole to another server', async () => {
    const { model } = open();
    await settled();
    model.updateSource(0, 0, 'x'.repeat(3e6));
    await settled();
    expect(serverText()).toHaveLength(3e6);
    expect(server.last.messages.map(({ kind }) => kind)).not.toContain('part');
  });

  it('is never sent if it is too large, but removed and offered', async () => {
    server.maxMessageBytes = LIMIT;
    const { model, provider } = open();
    const removed: unknown[] = [];
    provider.edits.removed.connect((_, contents) => removed.push(...contents));
    await settled();
    model.updateSource(0, 0, 'typed ');
    model.updateSource(6, 6, LARGE);
    model.updateSource(0, 0, 'and ');
    await settled();
    expect(removed).toEqual([{ kind: 'text', value: LARGE }]);
    expect(model.source).toBe('and typed ');
    expect(serverText()).toBe('and typed ');
    model.updateSource(0, 0, 'more ');
    await settled();
    expect(serverText()).toBe('more and typed ');
    const sizes = server.last.sent.map(each => each.length);
    expect(Math.max(...sizes)).toBeLessThan(LIMIT);
    expect(server.sockets).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(500);
    expect(provider.edits.unsent.count).toBe(0);
  });

  it('is removed at once without a connection, and the rest is sent later', async () => {
    server.maxMessageBytes = LIMIT;
    const { model } = open();
    await settled();
    server.mode = 'turn away';
    server.cut();
    model.updateSource(0, 0, 'typed ');
    model.updateSource(0, 0, LARGE);
    await settled();
    expect(model.source).toBe('typed ');
    server.mode = 'open';
    await vi.advanceTimersByTimeAsync(2000);
    expect(serverText()).toBe('typed ');
  });

  it('is made smaller if only many together are too large', async () => {
    server.maxMessageBytes = LIMIT;
    const { model, provider } = open();
    const removed: unknown[] = [];
    provider.edits.removed.connect((_, contents) => removed.push(...contents));
    await settled();
    server.mode = 'turn away';
    server.cut();
    for (const letter of ['a', 'b', 'c']) {
      // Typed at the beginning each time, so that Yjs does not join them.
      model.updateSource(0, 0, letter.repeat(letter === 'b' ? 3000 : 1000));
    }
    expect(model.source).toHaveLength(5000);
    server.mode = 'open';
    await vi.advanceTimersByTimeAsync(2000);
    expect(removed).toEqual([{ kind: 'text', value: 'b'.repeat(3000) }]);
    expect(serverText()).toBe('c'.repeat(1000) + 'a'.repeat(1000));
    expect(model.source).toBe(serverText());
  });

  it('is kept as a copy if it cannot be made small enough', async () => {
    server.doc.getMap('state').set('document_id', 'text:file:id-1');
    server.doc.getText('source').insert(0, 'before');
    server.maxMessageBytes = 10;
    const { model, provider } = open();
    await settled();
    model.updateSource(0, 6, '');
    await vi.advanceTimersByTimeAsync(2000);
    expect(provider.edits.refused.list.map(({ reason }) => reason)).toEqual([
      'too_large'
    ]);
    expect(serverText()).toBe('before');
    expect(model.source).toBe('before');
    expect(provider.connection.status).toBe('live');
  });
});
