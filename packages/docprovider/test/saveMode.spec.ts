// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { YFile } from '@jupyter/ydoc';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  applyAwarenessUpdate,
  Awareness,
  encodeAwarenessUpdate
} from 'y-protocols/awareness';
import * as Y from 'yjs';

import { SaveMode } from '../src/saveMode';

let model: YFile;
let others: Awareness[];
let mode: SaveMode;

beforeEach(() => {
  model = new YFile();
  others = [];
  mode = new SaveMode(model.awareness as Awareness);
});

afterEach(() => {
  mode.dispose();
  others.forEach(each => each.destroy());
  model.dispose();
});

/** Let somebody else be in the document. */
function join(state: object): void {
  const other = new Awareness(new Y.Doc());
  others.push(other);
  other.setLocalState(state);
  applyAwarenessUpdate(
    model.awareness as Awareness,
    encodeAwarenessUpdate(other, [other.clientID]),
    'server'
  );
}

// [F13]
describe('The save mode', () => {
  it('publishes the setting once it is known', () => {
    const published = () => model.awareness.getLocalState()?.autosave;
    expect(published()).toBeNull();
    mode.autosave = false;
    expect(published()).toBe(false);
    mode.autosave = true;
    expect(published()).toBe(true);
  });

  it('is what the server says, on each connection', () => {
    const seen: boolean[] = [];
    mode.changed.connect(() => seen.push(mode.isManual));
    mode.opened();
    mode.receive({ type: 'save_mode', manual: true });
    mode.synced();
    mode.opened();
    expect(mode.isManual).toBe(true);
    mode.synced();
    expect(mode.isManual).toBe(false);
    expect(seen).toEqual([true, false]);
  });

  it('says when they come, as long as that matters', () => {
    let count = 0;
    mode.changed.connect(() => (count += 1));
    join({ autosave: true, user: { name: 'One' } });
    expect(count).toBe(0);
    mode.autosave = false;
    join({ autosave: true, user: { name: 'Two' } });
    expect(count).toBe(2);
    join({ autosave: false, user: { name: 'Off' } });
    expect(count).toBe(2);
    mode.autosave = true;
    join({ autosave: true, user: { name: 'Three' } });
    expect(count).toBe(3);
  });

  it('names the editors who have autosave on', () => {
    expect(mode.isLastEditor).toBe(true);
    join({ autosave: true, user: { name: 'V', role: 'viewer' } });
    expect(mode.isLastEditor).toBe(true);
    join({ autosave: false, user: { name: 'Off', role: 'editor' } });
    join({ autosave: null, user: { name: 'Starting', role: 'editor' } });
    expect(mode.isLastEditor).toBe(false);
    expect(mode.othersWithAutosave).toEqual([]);
    join({ user: { name: 'agent', display_name: 'Agent', role: 'editor' } });
    join({ autosave: true, user: { name: 'On', role: 'editor' } });
    join({ autosave: true, user: { name: 'On', role: 'editor' } });
    expect(mode.othersWithAutosave).toEqual(['Agent', 'On']);
  });
});
