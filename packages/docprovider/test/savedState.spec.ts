// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { beforeEach, describe, expect, it } from 'vitest';
import * as Y from 'yjs';

import { SavedState } from '../src/session/savedState';
import { seeded } from './support/random';

describe('SavedState', () => {
  let doc: Y.Doc;
  let state: Y.Map<unknown>;
  let saved: SavedState;
  let isAcknowledged: boolean;

  /** The text of the document as last saved. */
  function text(): string | null {
    if (!saved.update) {
      return null;
    }
    const copy = new Y.Doc();
    Y.applyUpdate(copy, saved.update);
    return copy.getText('source').toString();
  }

  /** What the server says, or what others type. */
  const type = (piece: string) => doc.getText('source').insert(0, piece);
  const say = (key: string, value: unknown) => state.set(key, value);

  beforeEach(() => {
    doc = new Y.Doc();
    state = doc.getMap('state');
    isAcknowledged = true;
    saved = new SavedState(
      doc,
      state,
      () => isAcknowledged && state.get('dirty') !== true
    );
    type('a');
    say('dirty', false);
  });

  it('is not known before the server has answered', () => {
    expect(text()).toBeNull();
    saved.answered();
    expect(text()).toBe('a');
  });

  it('is the document when the file was written, until it is written again', () => {
    // [S4]
    saved.answered();
    say('dirty', true);
    type('b');
    expect(text()).toBe('a');
    say('dirty', false);
    expect(text()).toBe('ba');
    type('c');
    type('d');
    expect(text()).toBe('ba');
    say('hash', 'another');
    expect(text()).toBe('dcba');
  });

  it('is not what others typed, before the server says that it is not saved', () => {
    // [S4]
    saved.answered();
    saved.lost();
    type('b');
    say('hash', 'another');
    expect(text()).toBe('a');
    say('dirty', true);
    saved.answered();
    expect(text()).toBe('a');
    say('dirty', false);
    expect(text()).toBe('ba');
  });

  it('is not what the server has not acknowledged', () => {
    saved.answered();
    expect(text()).toBe('a');
    isAcknowledged = false;
    type('b');
    say('dirty', false);
    expect(text()).toBe('a');
  });

  it('is that of a document which had content before', () => {
    const copy = new Y.Doc();
    Y.applyUpdate(copy, Y.encodeStateAsUpdate(doc));
    saved = new SavedState(copy, copy.getMap('state'), () => true);
    saved.answered();
    expect(text()).toBe('a');
  });

  it('is the same however much was typed, in few updates', () => {
    saved.answered();
    const random = seeded(5);
    let expected = 'a';
    for (let step = 0; step < 3000; step++) {
      say('dirty', true);
      const source = doc.getText('source');
      const at = Math.floor(random() * source.length);
      if (random() < 0.3 && source.length > 1) {
        source.delete(at, 1);
      } else {
        source.insert(at, 'x'.repeat(random() < 0.01 ? 9000 : 1));
      }
      if (random() < 0.1) {
        say('dirty', false);
        expected = source.toString();
      }
      if (step % 500 === 499) {
        expect(text()).toBe(expected);
      }
    }
    const kept = saved as unknown as { _saved: unknown[]; _later: unknown[] };
    expect(kept._saved.length + kept._later.length).toBeLessThan(500);
  });

  it('does not encode the document again after a save', () => {
    // F20
    saved.answered();
    const kept = saved as unknown as { _saved: Uint8Array[] };
    expect(text()).toBe('a');
    const [first] = kept._saved;
    for (const piece of 'bcd') {
      say('dirty', true);
      type(piece);
      say('dirty', false);
    }
    type('e');
    expect(kept._saved[0]).toBe(first);
    expect(text()).toBe('dcba');
  });

  it('is forgotten with the history', () => {
    saved.answered();
    expect(text()).toBe('a');
    isAcknowledged = false;
    saved.forget();
    expect(text()).toBeNull();
    isAcknowledged = true;
    expect(text()).toBe('a');
  });
});
