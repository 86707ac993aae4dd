// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { YFile } from '@jupyter/ydoc';
import { nullTranslator } from '@jupyterlab/translation';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as Y from 'yjs';

import type {
  IFollowed,
  SessionEvent,
  SessionState
} from '../src/session/documentSession';
import {
  DocumentSession,
  IllegalTransitionError,
  INITIAL,
  OFFLINE_AFTER,
  transition
} from '../src/session/documentSession';
import { WebSocketProvider } from '../src/session/provider';
import { seeded } from './support/random';
import {
  FakeServer,
  fakeUser,
  settled,
  timersLeft,
  useFakeClock
} from './support/server';

const trans = nullTranslator.load('jupyter_collaboration');
const REFUSAL = {
  code: 4403,
  reason: 'no',
  message: 'No',
  reloadable: false
};
const FOLLOWED: IFollowed = { shadow: new Y.Doc(), mayEdit: true };

/** One event of each type. */
const EVENTS: { [T in SessionEvent['type']]: SessionEvent & { type: T } } = {
  attempt: { type: 'attempt' },
  prepared: { type: 'prepared', followed: FOLLOWED },
  resolved: { type: 'resolved' },
  unresolved: { type: 'unresolved', isOnline: true, trouble: null },
  opened: { type: 'opened' },
  closed: { type: 'closed', isOnline: true, trouble: null },
  offline: { type: 'offline' },
  answered: { type: 'answered' },
  synced: { type: 'synced', now: 5 },
  placing: { type: 'placing' },
  placed: { type: 'placed', mayEdit: false },
  adopted: { type: 'adopted' },
  abandoned: { type: 'abandoned', reason: 'invalid_edit' },
  refused: { type: 'refused', refusal: REFUSAL },
  restarted: { type: 'restarted' },
  leaving: { type: 'leaving' },
  staying: { type: 'staying' },
  left: { type: 'left' }
};

type Type = SessionEvent['type'];

/** The state after events, each given by its type or as a whole. */
function after(...events: (SessionEvent | Type)[]): SessionState {
  return events.reduce<SessionState>(
    (state, event) =>
      transition(state, typeof event === 'string' ? EVENTS[event] : event),
    INITIAL
  );
}

const OPEN: Type[] = ['attempt', 'resolved', 'opened'];
const REBASE: Type[] = ['attempt', 'prepared', 'resolved', 'opened'];
const GONE: SessionEvent = { type: 'closed', isOnline: false, trouble: null };

/** A state of each kind, and what may happen in it, besides `ALWAYS`. */
const KINDS: Record<string, [SessionState, Type[]]> = {
  idle: [INITIAL, ['attempt', 'refused', 'leaving']],
  waiting: [
    after('attempt', 'unresolved'),
    ['attempt', 'offline', 'refused', 'leaving']
  ],
  resolving: [
    after('attempt'),
    ['prepared', 'resolved', 'unresolved', 'offline', 'refused', 'leaving']
  ],
  opening: [
    after('attempt', 'resolved'),
    ['opened', 'closed', 'offline', 'refused', 'leaving']
  ],
  'waiting offline': [
    after(...OPEN, GONE),
    ['attempt', 'offline', 'refused', 'leaving']
  ],
  'resolving offline': [
    after(...OPEN, GONE, 'attempt'),
    ['prepared', 'resolved', 'unresolved', 'offline', 'refused', 'leaving']
  ],
  'opening offline': [
    after(...OPEN, GONE, 'attempt', 'resolved'),
    ['opened', 'closed', 'offline', 'refused', 'leaving']
  ],
  syncing: [
    after(...OPEN),
    ['answered', 'synced', 'closed', 'refused', 'leaving']
  ],
  'syncing, answered': [
    after(...OPEN, 'answered'),
    ['answered', 'synced', 'closed', 'refused', 'leaving']
  ],
  live: [
    after(...OPEN, 'answered', 'synced'),
    ['answered', 'closed', 'refused', 'leaving']
  ],
  rebasing: [
    after(...REBASE),
    ['placing', 'adopted', 'closed', 'refused', 'leaving']
  ],
  'rebasing, placing': [
    after(...REBASE, 'placing'),
    ['placed', 'closed', 'refused', 'leaving']
  ],
  refused: [after('refused'), []],
  sending: [
    after(...OPEN, 'synced', 'leaving'),
    ['answered', 'closed', 'refused', 'leaving', 'staying']
  ],
  'sending without a connection': [
    after('attempt', 'unresolved', 'leaving'),
    ['attempt', 'offline', 'refused', 'leaving', 'staying']
  ],
  arriving: [
    after(...OPEN, 'synced', 'left', 'restarted'),
    ['attempt', 'refused', 'leaving']
  ]
};

/** What may happen in every state. */
const ALWAYS: Type[] = ['abandoned', 'restarted', 'left'];

/** The events that are legal in a state, and those that are not. */
const cases = Object.entries(KINDS).flatMap(([kind, [state, legal]]) =>
  (Object.keys(EVENTS) as Type[]).map(
    type => [kind, type, state, [...legal, ...ALWAYS].includes(type)] as const
  )
);

/** What tells a state from others, for short. */
function short(state: SessionState): string {
  switch (state.name) {
    case 'switching':
      return `${state.phase}: ${short(state.within)}`;
    case 'connecting':
    case 'offline':
      return `${state.status}, ${state.step}`;
    case 'syncing':
    case 'live':
      return `${state.name}, ${state.exchange}`;
    case 'rebasing':
      return `rebasing, ${state.placing}`;
    case 'refused':
      return 'refused';
  }
}

describe('A document', () => {
  it.each(cases.filter(each => each[3]))(
    'that is %s can be %s',
    (_kind, type, state) => {
      const before = JSON.stringify(state);
      expect(() => transition(state, EVENTS[type])).not.toThrow();
      expect(JSON.stringify(state)).toBe(before);
    }
  );

  it.each(cases.filter(each => !each[3]))(
    'that is %s cannot be %s',
    (_kind, type, state) => {
      expect(() => transition(state, EVENTS[type])).toThrow(
        IllegalTransitionError
      );
    }
  );

  it('says in words what cannot happen', () => {
    expect(() => after('attempt', 'leaving', 'synced')).toThrow(
      'A document that is connecting (resolving) cannot be synced.'
    );
  });

  it('that is new goes live', () => {
    const seen: string[] = [];
    let state: SessionState = INITIAL;
    for (const type of [...OPEN, 'answered', 'synced'] as Type[]) {
      state = transition(state, EVENTS[type]);
      seen.push(short(state));
    }
    expect(seen).toEqual([
      'connecting, resolving',
      'connecting, opening',
      'syncing, asked',
      'syncing, answered',
      'live, answered'
    ]);
    expect(state).toMatchObject({ attempt: 1, since: 5, status: 'live' });
  });

  it('that is lost is said to reconnect until it is live again', () => {
    const lost = [...OPEN, 'synced', 'closed'] as Type[];
    expect(short(after(...lost))).toBe('reconnecting, waiting');
    expect(after(...lost, ...OPEN)).toMatchObject({
      name: 'syncing',
      status: 'reconnecting',
      attempt: 2
    });
    expect(short(after(...lost, ...OPEN, 'synced'))).toBe('live, asked');
  });

  it('is offline after some failures, however it failed', () => {
    const failing: Type[][] = [
      ['attempt', 'unresolved'],
      ['attempt', 'resolved', 'closed'],
      [...OPEN, 'closed'],
      [...REBASE, 'closed']
    ];
    for (const once of failing) {
      const times = (count: number) =>
        Array.from({ length: count }, () => once).flat();
      expect(after(...times(OFFLINE_AFTER - 1)).name).toBe('connecting');
      const state = after(...times(OFFLINE_AFTER));
      expect(short(state)).toBe('offline, waiting');
      // Users see that until the document is live again.
      const again = transition(state, EVENTS.attempt);
      expect(short(again)).toBe('offline, resolving');
    }
    expect(after(...OPEN, GONE).name).toBe('offline');
    expect(after('attempt', 'offline').name).toBe('offline');
  });

  it('knows whether the last socket has opened', () => {
    const turnedAway = after('attempt', 'resolved', 'closed');
    expect(turnedAway).toMatchObject({ wasTurnedAway: true });
    const unresolved = ['attempt', 'resolved', 'closed', 'attempt'] as Type[];
    expect(after(...unresolved, 'unresolved')).toMatchObject({
      wasTurnedAway: true
    });
    expect(after(...OPEN, 'closed')).toMatchObject({ wasTurnedAway: false });
  });

  it('keeps why the server has closed the connection', () => {
    const closed: SessionEvent = { ...GONE, isOnline: true, trouble: 'Slow' };
    const state = after(...OPEN, closed, ...OPEN);
    expect(state).toMatchObject({ name: 'syncing', trouble: 'Slow' });
    expect(transition(state, EVENTS.synced)).not.toHaveProperty('trouble');
  });

  // [M15]
  it('tells when it is known why it does not come back', () => {
    const session = new DocumentSession();
    let count = 0;
    const attempt = (trouble: string | null) => {
      session.tell(EVENTS.attempt);
      session.tell({ type: 'unresolved', isOnline: false, trouble });
    };
    attempt(null);
    session.changed.connect(() => count++);
    attempt(null);
    expect([session.trouble, count]).toEqual([null, 0]);
    attempt('You are signed out.');
    expect([session.trouble, count]).toEqual(['You are signed out.', 1]);
    attempt(null);
    expect([session.trouble, count]).toEqual([null, 2]);
  });

  // [S4]
  it('with another history follows the server until it takes over', () => {
    const state = after(...REBASE, 'placing', 'placed');
    expect(state).toMatchObject({
      name: 'rebasing',
      followed: { shadow: FOLLOWED.shadow, mayEdit: false },
      placing: 'none'
    });
    expect(short(after(...REBASE, 'adopted'))).toBe('syncing, answered');
    expect(after(...REBASE, 'adopted')).not.toHaveProperty('followed');
  });

  // [S4]
  it('that is lost while rebasing knows until the next attempt what it followed', () => {
    const lost = [...REBASE, 'closed', 'attempt'] as Type[];
    expect(after(...lost)).toMatchObject({ followed: FOLLOWED });
    const own: SessionEvent = { type: 'prepared', followed: null };
    expect(short(after(...lost, own, 'resolved', 'opened'))).toBe(
      'syncing, asked'
    );
  });

  // [M2] [M8]
  it('keeps why it was abandoned until it has taken over', () => {
    const reason = { abandoned: 'invalid_edit' };
    for (const events of [
      ['closed'],
      ['closed', ...REBASE],
      ['restarted'],
      ['refused'],
      ['refused', 'restarted']
    ] as Type[][]) {
      const state = after(...OPEN, 'synced', 'abandoned', ...events);
      expect(state).toMatchObject(reason);
    }
    const adopted = after(...REBASE, 'abandoned', 'adopted');
    expect(adopted).toMatchObject({ abandoned: null });
  });

  // [K4]
  it('that leaves sends first, and has arrived when it is live elsewhere', () => {
    const leaving = [...OPEN, 'synced', 'leaving'] as Type[];
    expect(short(after(...leaving))).toBe('sending: live, asked');
    // It may be lost and come back meanwhile, and is not there yet.
    const again = [...leaving, 'closed', ...OPEN, 'synced'] as Type[];
    expect(short(after(...again))).toBe('sending: live, asked');
    expect(short(after(...again, 'staying'))).toBe('live, asked');
    const left = [...leaving, 'left', 'restarted'] as Type[];
    expect(short(after(...left))).toBe('arriving: connecting, idle');
    expect(after(...left, ...OPEN, 'synced').name).toBe('live');
    expect(after(...left, 'refused').name).toBe('refused');
    expect(short(after('refused', 'left'))).toBe('arriving: connecting, idle');
  });
});

describe('A session', () => {
  it('tells when its name or its status changed, and only then', () => {
    const session = new DocumentSession();
    const seen: string[] = [];
    session.changed.connect(({ name, status }) =>
      seen.push(`${name} ${status}`)
    );
    for (const type of [
      ...OPEN,
      'answered',
      'synced',
      'closed',
      'leaving',
      'refused',
      'restarted'
    ] as Type[]) {
      session.tell(EVENTS[type]);
    }
    expect(seen).toEqual([
      'syncing connecting',
      'live live',
      'connecting reconnecting',
      'switching reconnecting',
      'refused refused',
      'connecting connecting'
    ]);
    session.dispose();
    session.tell(EVENTS.attempt);
    expect(seen).toHaveLength(6);
  });

  it('stays as it was after what cannot happen', () => {
    const session = new DocumentSession();
    expect(() => session.tell(EVENTS.opened)).toThrow(IllegalTransitionError);
    expect(session.state).toBe(INITIAL);
  });
});

/** What can happen to two pages, each time one of it. */
class Storm {
  constructor(readonly seed: number) {
    this._random = seeded(seed);
    this.server.doc.getText('source').insert(0, 'begin');
    this.fork.session.sessionId = 'fork-1';
    Y.applyUpdate(this.fork.doc, Y.encodeStateAsUpdate(this.server.doc));
    this.pages = ['ada', 'grace'].map(name => this._open(name));
  }

  readonly server = new FakeServer();
  readonly fork = new FakeServer();
  readonly log: string[] = [];
  readonly pages: {
    events: EventTarget;
    model: YFile;
    provider: WebSocketProvider;
  }[];

  /** Let something happen. */
  async step(): Promise<void> {
    const { model, provider } = this._pick(this.pages);
    const server = this._pick([this.server, this.server, this.fork]);
    const happenings: Record<string, () => unknown> = {
      type: () => model.updateSource(0, 0, this._pick(['a', 'b', 'c'])),
      'type a lot': () => model.updateSource(0, 0, 'long '.repeat(200)),
      delete: () => model.updateSource(0, Math.min(1, model.source.length)),
      cut: () => server.cut(),
      'close for a reason': () =>
        server.cut(this._pick([1001, 1008, 4429, 4500])),
      refuse: () => server.cut(this._pick([4403, 4404, 1003])),
      'lose the history': () =>
        server.loseHistory(`session-${++this._histories}`, doc =>
          doc.getText('source').insert(0, 'begin')
        ),
      'tell a role': () =>
        server.setRole(this._pick(['editor', 'editor', 'viewer'])),
      'turn away': () => (server.mode = 'turn away'),
      hang: () => (server.mode = 'hang'),
      serve: () => (server.mode = 'open'),
      'hold nothing': () => (server.canHold = () => false),
      'hold all': () => (server.canHold = () => true),
      'fail to rebase': () => (server.rebase.status = 503),
      'rebase again': () => (server.rebase.status = 200),
      'fail to tell the session': () =>
        (this.server.session.status = this._pick([500, 404, 403])),
      'tell the session': () => (this.server.session.status = 200),
      'be silent': () => (server.acknowledges = false),
      acknowledge: () => (server.acknowledges = true),
      'take small messages': () => (server.maxMessageBytes = 500),
      'take large messages': () => (server.maxMessageBytes = null),
      'go offline': () => this._setOnline(false),
      'go online': () => this._setOnline(true),
      'visit a fork': () =>
        void provider.connectToForkDoc('fork', 'fork-1').catch(() => 0),
      'come back': () => void provider.reconnect().catch(() => 0),
      restart: () => provider.connection.restart(),
      save: () => void provider.save().catch(() => 0),
      settle: () => settled(),
      'wait a little': () => vi.advanceTimersByTimeAsync(300),
      wait: () => vi.advanceTimersByTimeAsync(20000)
    };
    const name = this._pick(Object.keys(happenings));
    this.log.push(`${name} (${provider.connection.name})`);
    await happenings[name]();
  }

  /** Let everything be well again, and everybody come back to the file. */
  async calm(): Promise<void> {
    for (const server of [this.server, this.fork]) {
      server.mode = 'open';
      server.session.status = server.rebase.status = 200;
      server.acknowledges = true;
      server.canHold = () => true;
      server.setRole('editor');
      server.maxMessageBytes = null;
    }
    this._setOnline(true);
    for (let round = 0; round < 2; round++) {
      const back = this.pages.map(({ provider }) =>
        provider.reconnect().catch(() => 0)
      );
      await vi.advanceTimersByTimeAsync(60000);
      await settled();
      await vi.advanceTimersByTimeAsync(60000);
      await Promise.all(back);
    }
  }

  dispose(): void {
    this.pages.forEach(({ model, provider }) => {
      provider.dispose();
      model.dispose();
    });
  }

  private _open(name: string) {
    const model = new YFile();
    const events = new EventTarget();
    const provider = new WebSocketProvider({
      path: 'a.txt',
      contentType: 'file',
      format: 'text',
      model,
      user: fakeUser(name),
      translator: trans,
      serverSettings: this.server.settings,
      environment: {
        createSocket: url =>
          (url.includes('/room/fork?') ? this.fork : this.server).createSocket(
            url
          ),
        events,
        isOnline: () => this._isOnline,
        random: this._random
      }
    });
    provider.ready.catch(() => undefined);
    return { events, model, provider };
  }

  private _pick<T>(list: readonly T[]): T {
    return list[Math.floor(this._random() * list.length)];
  }

  private _setOnline(isOnline: boolean): void {
    this._isOnline = isOnline;
    this.pages.forEach(({ events }) =>
      events.dispatchEvent(new Event(isOnline ? 'online' : 'offline'))
    );
  }

  private _histories = 1;
  private _isOnline = true;
  private _random: () => number;
}

describe('Whatever happens', () => {
  const illegal: unknown[] = [];
  const keep = (error: unknown) => illegal.push(error);

  beforeEach(() => {
    useFakeClock();
    illegal.length = 0;
    process.on('unhandledRejection', keep);
    vi.spyOn(console, 'error').mockImplementation(keep);
  });

  afterEach(async () => {
    expect(await timersLeft()).toBe(0);
    process.off('unhandledRejection', keep);
    vi.restoreAllMocks();
    vi.useRealTimers();
  });

  it.each(Array.from({ length: 40 }, (_, index) => index + 1))(
    'is legal, and all have the same in the end (seed %i)',
    async seed => {
      const storm = new Storm(seed);
      try {
        for (let step = 0; step < 60; step++) {
          await storm.step();
        }
        await storm.calm();
        const text = storm.server.doc.getText('source').toString();
        for (const { model, provider } of storm.pages) {
          expect(provider.connection.name, storm.log.join('\n')).toBe('live');
          expect(model.source, storm.log.join('\n')).toBe(text);
          expect(provider.edits.unsent.count).toBe(0);
        }
        expect(illegal, storm.log.join('\n')).toEqual([]);
      } finally {
        storm.dispose();
      }
    }
  );
});
