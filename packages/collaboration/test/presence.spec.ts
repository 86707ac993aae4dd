// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

// @vitest-environment jsdom

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  applyAwarenessUpdate,
  Awareness,
  encodeAwarenessUpdate
} from 'y-protocols/awareness';
import * as Y from 'yjs';

import { peopleOnline } from '../src/people/peopleOnline';
import { FollowFrame } from '../src/follow/followFrame';
import { Following, SeenPublisher } from '../src/follow/following';
import type { IDocumentPlaces, ISeen } from '../src/people/places';
import { seenOf } from '../src/people/places';
import { DocumentPresence } from '../src/people/documentPresence';
import { namesApart, otherUsers } from '../src/people/users';
import { userInWords } from '../src/people/usersItem';
import { trans } from './support';

let own: Awareness;
let made: Awareness[];

/** Somebody else, whose presence arrives here whenever it changes. */
function other(state: Record<string, unknown>): Awareness {
  const awareness = new Awareness(new Y.Doc());
  made.push(awareness);
  awareness.on('update', () => {
    const ids = [awareness.clientID];
    applyAwarenessUpdate(own, encodeAwarenessUpdate(awareness, ids), 'network');
  });
  awareness.setLocalState(state);
  return awareness;
}

const grace = { username: 'grace', name: 'Grace', since: 60, role: 'editor' };

beforeEach(() => {
  made = [];
  own = new Awareness(new Y.Doc());
  made.push(own);
  own.setLocalState({ user: { username: 'ada', name: 'Ada' } });
});

afterEach(() => {
  made.forEach(awareness => awareness.destroy());
});

describe('People', () => {
  // [P2]
  it('are one each, whatever they have open', () => {
    const idle = other({ user: { ...grace, since: 30 }, isIdle: true });
    const active = other({ user: grace });
    const [user, ...rest] = otherUsers(own);
    expect(rest).toEqual([]);
    expect(user).toMatchObject({
      name: 'Grace',
      role: 'editor',
      since: 30,
      isIdle: false,
      isFollower: false
    });
    expect(user.clientIds).toEqual([active.clientID, idle.clientID]);
    active.setLocalStateField('isIdle', true);
    expect(otherUsers(own)[0].isIdle).toBe(true);
    active.setLocalStateField('following', 'ada');
    expect(otherUsers(own)[0].isFollower).toBe(true);
  });

  it('of one name can be told apart', () => {
    other({ user: grace });
    other({ user: { username: 'hopper', name: 'Grace' } });
    other({ user: { username: 'bob', name: 'Bob' } });
    expect(namesApart(otherUsers(own)).sort()).toEqual([
      'Bob',
      'Grace (grace)',
      'Grace (hopper)'
    ]);
  });

  it('are described as far as they are known', () => {
    other({ user: grace, following: 'ada' });
    other({ user: { name: 'Old', since: 'never', role: 'king' } });
    const [first, second] = otherUsers(own);
    const words = userInWords(first, 'cell 2 of 3', trans);
    expect(words).toMatch(
      /^Grace · editing · cell 2 of 3 · since .* · follows you$/
    );
    expect(userInWords(second, null, trans)).toBe('Old');
  });
});

describe('People online', () => {
  // [P7]
  it('have their documents, what they look at first', () => {
    other({
      user: grace,
      current: 'notebook:b.ipynb',
      documents: ['a.py', 'b.ipynb', 7, '']
    });
    other({ user: grace, current: 'editor:c.py' });
    other({ user: { username: 'bob', name: 'Bob' }, documents: 'none' });
    const people = peopleOnline(own);
    expect(
      people.map(({ user, documents }) => [
        user.name,
        documents.map(({ path, isCurrent }) => path + (isCurrent ? '!' : ''))
      ])
    ).toEqual([
      ['Bob', []],
      ['Grace', ['b.ipynb!', 'c.py!', 'a.py']]
    ]);
  });
});

describe('Following', () => {
  // [P4]
  class Places implements IDocumentPlaces {
    readonly done: string[] = [];
    at: ISeen = { line: 0 };

    describe(): null {
      return null;
    }
    jump(): boolean {
      this.done.push('jump');
      return true;
    }
    see(seen: ISeen): void {
      this.done.push(`see ${seen.cell ?? seen.line}`);
    }
    seen(): ISeen {
      return this.at;
    }
  }

  let places: Places;
  let presence: DocumentPresence;
  let view: HTMLElement;
  let following: Following;

  beforeEach(() => {
    vi.useFakeTimers();
    places = new Places();
    presence = new DocumentPresence({
      awareness: own,
      places,
      anonymous: 'Anonymous',
      ownUsername: 'ada'
    });
    view = document.body.appendChild(document.createElement('div'));
    following = new Following(presence, view);
  });

  afterEach(() => {
    following.dispose();
    presence.dispose();
    view.remove();
    vi.useRealTimers();
  });

  it('keeps the view with that of somebody, who is told', () => {
    const her = other({ user: grace });
    expect(following.start('user:nobody')).toBe(false);
    expect(following.start('user:grace')).toBe(true);
    expect(places.done).toEqual(['jump']);
    expect(own.getLocalState()?.following).toBe('grace');
    her.setLocalStateField('seen', { cell: 'a', part: 0 });
    her.setLocalStateField('cursors', []);
    her.setLocalStateField('seen', { cell: 'b', part: 0.5 });
    expect(places.done).toEqual(['jump', 'see a', 'see b']);
    following.stop();
    her.setLocalStateField('seen', { cell: 'c' });
    expect(places.done).toHaveLength(3);
    expect(own.getLocalState()?.following).toBeNull();
  });

  it.each([
    ['wheel', new Event('wheel')],
    ['click', new Event('pointerdown')],
    ['key', new KeyboardEvent('keydown', { key: 'a' })]
  ])('ends when the user does something: %s', (_, event) => {
    other({ user: grace });
    following.start('user:grace');
    view.dispatchEvent(new KeyboardEvent('keydown', { key: 'Shift' }));
    expect(following.person?.name).toBe('Grace');
    view.dispatchEvent(event);
    expect(following.person).toBeNull();
  });

  it('ends when they leave', () => {
    const her = other({ user: grace });
    following.start('user:grace');
    her.setLocalState(null);
    expect(following.person).toBeNull();
  });

  it('is shown by a frame, which Escape ends from anywhere', () => {
    other({ user: grace });
    const frame = new FollowFrame(following, view, trans);
    following.start('user:grace');
    expect(view.textContent).toBe('Following Grace — Esc to stop');
    document.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape' }));
    expect(following.person).toBeNull();
    expect(view.textContent).toBe('');
    frame.dispose();
  });

  it('is fed by what the followed one sees, and by nothing else', () => {
    const scroller = document.createElement('div');
    const publisher = new SeenPublisher(presence, scroller);
    scroller.dispatchEvent(new Event('scroll'));
    vi.advanceTimersByTime(1000);
    expect(own.getLocalState()?.seen).toBeUndefined();
    const her = other({ user: grace, following: 'ada' });
    expect(own.getLocalState()?.seen).toEqual({ line: 0 });
    places.at = { line: 5 };
    scroller.dispatchEvent(new Event('scroll'));
    scroller.dispatchEvent(new Event('scroll'));
    vi.advanceTimersByTime(100);
    expect(own.getLocalState()?.seen).toEqual({ line: 5 });
    her.setLocalStateField('following', null);
    expect(own.getLocalState()?.seen).toBeNull();
    publisher.dispose();
  });

  it('believes no nonsense about what somebody sees', () => {
    expect(seenOf({ seen: 'all' })).toBeNull();
    expect(seenOf({})).toBeNull();
    expect(seenOf({ seen: { cell: 3, part: 9, line: -2.5 } })).toEqual({
      part: 1,
      line: 0
    });
    expect(seenOf({ seen: { cell: 'a', part: NaN } })).toEqual({ cell: 'a' });
  });

  it('tells who comes and who goes', () => {
    const told: string[] = [];
    presence.peopleChanged.connect((_, { joined, left }) => {
      joined.forEach(({ name }) => told.push(`+${name}`));
      left.forEach(({ name }) => told.push(`-${name}`));
    });
    const her = other({ user: grace });
    her.setLocalStateField('isIdle', true);
    her.setLocalState(null);
    expect(told).toEqual(['+Grace', '-Grace']);
  });
});
