// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { Connection } from '../src/connection/connection';
import type { IRefusal } from '../src/connection/closeReasons';
import { RefusedError } from '../src/connection/closeReasons';
import { DocumentSession } from '../src/session/documentSession';
import {
  FakeSocket,
  statusesOf,
  timersLeft,
  useFakeClock
} from './support/server';

const NO: IRefusal = {
  code: 4403,
  reason: 'no',
  message: 'No',
  reloadable: false
};
const PROBE = Uint8Array.of(1, 2, 3);

let sockets: FakeSocket[];
let events: EventTarget;
let online: boolean;
let connection: Connection;
let statuses: string[];
let url: (afterFailure: boolean) => Promise<string>;

const last = () => sockets[sockets.length - 1];
const tick = (time = 0) => vi.advanceTimersByTimeAsync(time);

beforeEach(() => {
  useFakeClock();
  sockets = [];
  events = new EventTarget();
  online = true;
  url = async () => 'ws://server.test/room';
  connection = new Connection({
    session: new DocumentSession(),
    url: afterFailure => url(afterFailure),
    probe: () => PROBE,
    judge: code => ({
      refusal: code === 4403 ? NO : null,
      trouble: code === 4429 ? 'Too many messages.' : null
    }),
    createSocket: address => {
      const socket = new FakeSocket(address);
      sockets.push(socket);
      return socket;
    },
    events,
    isOnline: () => online,
    random: () => 1
  });
  statuses = statusesOf(connection);
});

afterEach(async () => {
  connection.dispose();
  expect(await timersLeft()).toBe(0);
  vi.useRealTimers();
});

async function goLive(): Promise<void> {
  connection.connect();
  await tick();
  last().open();
  connection.markLive();
}

describe('A connection', () => {
  it('does nothing before it is asked to connect', async () => {
    await tick(60000);
    expect(sockets).toHaveLength(0);
    expect(connection.status).toBe('connecting');
  });

  it('is live when both sides are synchronized, not when it opens', async () => {
    connection.connect();
    await tick();
    last().open();
    expect(connection.status).toBe('connecting');
    expect(connection.isOpen).toBe(true);
    connection.markLive();
    expect(statuses).toEqual(['live']);
  });

  it('passes on binary messages only', async () => {
    const heard: Uint8Array[] = [];
    connection.message.connect((_, data) => heard.push(data));
    await goLive();
    last().deliver(Uint8Array.of(7, 8));
    last().onmessage?.call(
      null as never,
      new MessageEvent('message', { data: 'text' })
    );
    expect(heard).toEqual([Uint8Array.of(7, 8)]);
  });

  it('sends while it is open and says so when it cannot', async () => {
    expect(connection.send(PROBE)).toBe(false);
    await goLive();
    expect(connection.send(PROBE)).toBe(true);
    expect(last().sent).toEqual([PROBE]);
    last().end();
    expect(connection.send(PROBE)).toBe(false);
  });

  it('comes back after it was lost', async () => {
    await goLive();
    last().end(1001);
    expect(connection.status).toBe('reconnecting');
    await tick(500);
    expect(sockets).toHaveLength(2);
    last().open();
    connection.markLive();
    expect(statuses).toEqual(['live', 'reconnecting', 'live']);
  });

  it('waits longer after each failure, and is offline after four', async () => {
    await goLive();
    last().end();
    for (const [delay, status] of [
      [500, 'reconnecting'],
      [1000, 'reconnecting'],
      [2000, 'reconnecting'],
      [4000, 'offline'],
      [8000, 'offline']
    ] as const) {
      const count = sockets.length;
      await tick(delay - 1);
      expect(sockets).toHaveLength(count);
      await tick(1);
      expect(sockets).toHaveLength(count + 1);
      last().end();
      expect(connection.status).toBe(status);
    }
    await tick(16000);
    last().open();
    connection.markLive();
    expect(connection.status).toBe('live');
  });

  it('starts over with short delays only after it was live for a while', async () => {
    await goLive();
    for (const delay of [500, 1000, 2000]) {
      last().end();
      await tick(delay);
      last().open();
      connection.markLive();
    }
    expect(sockets).toHaveLength(4);
    await tick(6000);
    last().end();
    await tick(500);
    expect(sockets).toHaveLength(5);
  });

  it('counts as failed when it is closed before it is live', async () => {
    connection.connect();
    await tick();
    for (let attempt = 0; attempt < 4; attempt++) {
      last().open();
      last().end(4500);
      await tick(30000);
    }
    expect(connection.status).toBe('offline');
  });

  it('retries at once when the browser is online again', async () => {
    await goLive();
    online = false;
    last().end();
    expect(connection.status).toBe('offline');
    expect(sockets).toHaveLength(1);
    online = true;
    events.dispatchEvent(new Event('online'));
    await tick();
    expect(sockets).toHaveLength(2);
  });

  it('never opens two sockets at a time', async () => {
    let go: (address: string) => void = () => undefined;
    url = () => new Promise(resolve => (go = resolve));
    connection.connect();
    connection.connect();
    events.dispatchEvent(new Event('online'));
    go('ws://server.test/room');
    await tick();
    events.dispatchEvent(new Event('online'));
    await tick();
    expect(sockets).toHaveLength(1);
  });

  it('tells the address function that the last socket never opened', async () => {
    const told: boolean[] = [];
    url = async afterFailure => {
      told.push(afterFailure);
      return 'ws://server.test/room';
    };
    connection.connect();
    await tick();
    last().end();
    await tick(500);
    last().open();
    last().end();
    await tick(1000);
    expect(told).toEqual([false, true, false]);
  });

  it('tries again when the address could not be found out', async () => {
    url = vi
      .fn<typeof url>()
      .mockRejectedValueOnce(new TypeError('no network'))
      .mockResolvedValue('ws://server.test/room');
    connection.connect();
    await tick();
    expect(sockets).toHaveLength(0);
    await tick(500);
    expect(sockets).toHaveLength(1);
  });

  it('gives up a socket that does not open', async () => {
    connection.connect();
    await tick();
    await tick(20000);
    expect(sockets[0].isClosed).toBe(true);
    await tick(500);
    expect(sockets).toHaveLength(2);
  });
});

describe('A refused connection', () => {
  it('does not come back', async () => {
    await goLive();
    last().end(4403);
    expect(connection.status).toBe('refused');
    expect(connection.refusal).toBe(NO);
    events.dispatchEvent(new Event('online'));
    await tick(600000);
    expect(sockets).toHaveLength(1);
  });

  it('may have been refused before there was a socket', async () => {
    url = async () => {
      throw new RefusedError(NO);
    };
    connection.connect();
    await tick(60000);
    expect(sockets).toHaveLength(0);
    expect(statuses).toEqual(['refused']);
  });
});

describe('A silent connection', () => {
  it('is asked for a sign of life after thirty seconds', async () => {
    await goLive();
    await tick(29999);
    expect(last().sent).toEqual([]);
    await tick(1);
    expect(last().sent).toEqual([PROBE]);
  });

  it('stays when it answers', async () => {
    await goLive();
    for (let round = 0; round < 5; round++) {
      await tick(30000);
      last().deliver(PROBE);
    }
    expect(sockets).toHaveLength(1);
    expect(connection.status).toBe('live');
  });

  // [M10]
  it('is dropped when it does not answer within fifteen seconds', async () => {
    await goLive();
    await tick(45000);
    expect(sockets[0].isClosed).toBe(true);
    expect(connection.status).toBe('reconnecting');
    await tick(500);
    expect(sockets).toHaveLength(2);
  });

  // [M4]
  it('stays while something large is being sent, and only then', async () => {
    await goLive();
    last().bufferedAmount = 3e6;
    await tick(30000);
    last().bufferedAmount = 2e6;
    await tick(15000);
    last().bufferedAmount = 1e6;
    await tick(15000);
    expect(last().isClosed).toBe(false);
    await tick(15000);
    expect(last().isClosed).toBe(true);
  });

  it('is not asked while there is something to hear', async () => {
    await goLive();
    for (let second = 0; second < 100; second += 20) {
      await tick(20000);
      last().deliver(PROBE);
    }
    expect(last().sent).toEqual([]);
  });

  it('is asked at once when the network has changed', async () => {
    await goLive();
    events.dispatchEvent(new Event('online'));
    expect(last().sent).toEqual([PROBE]);
    await tick(5000);
    expect(sockets[0].isClosed).toBe(true);
  });

  it('is asked at once when the browser is offline, and may be live', async () => {
    await goLive();
    events.dispatchEvent(new Event('offline'));
    expect(last().sent).toEqual([PROBE]);
    last().deliver(PROBE);
    await tick(20000);
    expect(connection.status).toBe('live');
    expect(sockets).toHaveLength(1);
  });
});

describe('A disposed connection', () => {
  it('leaves no socket, timer or listener', async () => {
    const remove = vi.spyOn(events, 'removeEventListener');
    await goLive();
    connection.dispose();
    connection.dispose();
    expect(last().isClosed).toBe(true);
    expect(last().onmessage).toBeNull();
    expect(remove).toHaveBeenCalledTimes(2);
    expect(await timersLeft()).toBe(0);
  });

  it('opens no socket for an address that comes late', async () => {
    let go: (address: string) => void = () => undefined;
    url = () => new Promise(resolve => (go = resolve));
    connection.connect();
    connection.dispose();
    go('ws://server.test/room');
    await tick(60000);
    expect(sockets).toHaveLength(0);
  });
});
