// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { YNotebook } from '@jupyter/ydoc';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  applyAwarenessUpdate,
  Awareness,
  encodeAwarenessUpdate
} from 'y-protocols/awareness';
import * as Y from 'yjs';

import { publishedCursors } from '../src/cursors/positions';
import { PresenceIndex } from '../src/presence/presenceIndex';

const CELLS = 300;

let model: YNotebook;
let awareness: Awareness;
let others: Awareness[];

beforeEach(() => {
  model = new YNotebook();
  model.transact(() => {
    for (let at = 0; at < CELLS; at++) {
      model.addCell({ cell_type: 'code', source: `x = ${at}` });
    }
  });
  awareness = model.awareness as Awareness;
  others = [];
});

afterEach(() => {
  others.forEach(other => other.destroy());
  model.dispose();
});

const textOf = (cell: number) =>
  (model.getCell(cell) as unknown as { ysource: Y.Text }).ysource;
const cursorIn = (cell: number, head = 0) =>
  publishedCursors(textOf(cell), [{ anchor: head, head }], 0);

/** Somebody else, in a page of their own. */
function other(name: string) {
  const own = new Awareness(new Y.Doc());
  others.push(own);
  const set = (state: object | null) => {
    own.setLocalState(state && { user: { username: name, name }, ...state });
    applyAwarenessUpdate(
      awareness,
      encodeAwarenessUpdate(own, [own.clientID]),
      'server'
    );
  };
  return { clientId: own.clientID, set };
}

/** Which of all editors are notified while something happens. */
function notified(act: () => void): number[] {
  const index = PresenceIndex.of(awareness);
  const seen: number[] = [];
  const stops = Array.from({ length: CELLS }, (_, at) =>
    index.observeText(textOf(at), () => seen.push(at))
  );
  act();
  stops.forEach(stop => stop());
  return seen;
}

// F20 [P1] [P12]
describe('The presence of a document', () => {
  it('is listened to once, whoever shows it', () => {
    const index = PresenceIndex.of(awareness);
    const listeners = () => awareness._observers.get('change')?.size;
    const before = listeners();
    expect(PresenceIndex.of(awareness)).toBe(index);
    notified(() => expect(listeners()).toBe(before));
  });

  it('notifies the editors that somebody leaves and enters, and no others', () => {
    const ada = other('ada');
    expect(notified(() => ada.set({ cursors: cursorIn(7) }))).toEqual([7]);
    expect(PresenceIndex.of(awareness).clientsIn(textOf(7))).toEqual([
      ada.clientId
    ]);
    expect(notified(() => ada.set({ cursors: cursorIn(7, 1) }))).toEqual([7]);
    expect(notified(() => ada.set({ cursors: cursorIn(9) })).sort()).toEqual([
      7, 9
    ]);
    expect(PresenceIndex.of(awareness).clientsIn(textOf(7))).toEqual([]);
    expect(
      notified(() => ada.set({ cursors: cursorIn(9), cell: 'nine' }))
    ).toEqual([]);
    expect(notified(() => ada.set(null))).toEqual([9]);
  });

  it('does not notify of own moves', () => {
    expect(
      notified(() => awareness.setLocalStateField('cursors', cursorIn(3)))
    ).toEqual([]);
  });

  it('keeps cursors apart from states, and states from people', () => {
    const index = PresenceIndex.of(awareness);
    const log: string[] = [];
    index.observePeople(() => log.push('people'));
    index.observeStates(arePeople => log.push(`states ${arePeople}`));
    const ada = other('ada');
    ada.set({});
    ada.set({ cursors: cursorIn(1) });
    expect(log).toEqual(['states true', 'people']);
    ada.set({ cursors: cursorIn(1), cell: 'one' });
    expect(log.splice(0)).toEqual(['states true', 'people', 'states false']);
    ada.set({ cell: 'one', isIdle: true });
    expect(log.splice(0)).toEqual(['states true', 'people']);
    // The same again, and moved cursors, are nothing.
    ada.set({ cell: 'one', isIdle: true });
    ada.set({ cell: 'one', isIdle: true, cursors: cursorIn(2) });
    expect(log).toEqual([]);
  });

  it('redraws those whose color changed because somebody else came', () => {
    const color = '#1f77b4';
    const bob = other('bob');
    const user = { username: 'bob', name: 'bob', color };
    bob.set({ user, cursors: cursorIn(5) });
    const before = PresenceIndex.of(awareness).colorOf(bob.clientId);
    const ada = other('ada');
    const touched = notified(() =>
      ada.set({ user: { username: 'ada', name: 'ada', color } })
    );
    const index = PresenceIndex.of(awareness);
    expect(index.colorOf(ada.clientId)).toBe(before);
    expect(index.colorOf(bob.clientId)).not.toBe(before);
    expect(touched).toEqual([5]);
  });

  it('finds cursors that do not name their text', () => {
    const [cursor] = cursorIn(4);
    const { item } = cursor.head as { item: unknown };
    const ada = other('ada');
    const touched = notified(() => ada.set({ cursors: [{ head: { item } }] }));
    expect(touched).toHaveLength(CELLS);
    expect(PresenceIndex.of(awareness).clientsIn(textOf(4))).toEqual([
      ada.clientId
    ]);
  });

  it('tells when the own client has another id', () => {
    let count = 0;
    PresenceIndex.of(awareness).observeRejoin(() => (count += 1));
    awareness.setLocalStateField('cell', 'one');
    expect(count).toBe(0);
    const state = awareness.getLocalState();
    awareness.setLocalState(null);
    awareness.clientID += 1;
    awareness.setLocalState(state);
    expect(count).toBe(1);
  });
});
