// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Both languages read the same bytes: see tests/vectors/messages.json.
 */

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { describe, expect, it } from 'vitest';
import { Awareness, applyAwarenessUpdate } from 'y-protocols/awareness';
import * as Y from 'yjs';

import type { IReply, RequestName } from '../src/protocol';
import {
  decodeMessage,
  encodeAwareness,
  encodeReply,
  encodeRequest,
  encodeSyncStep1,
  encodeSyncStep2,
  encodeUpdate,
  inParts
} from '../src/protocol';

interface IVector {
  name: string;
  hex: string;
  kind:
    | 'sync1'
    | 'sync2'
    | 'update'
    | 'awareness'
    | 'save'
    | 'ack'
    | 'revert'
    | 'reply';
  stateVector?: string;
  update?: string;
  text?: string;
  states?: { clientId: number; clock: number; state: unknown }[];
  id?: number;
  reply?: IReply;
}

const vectors: IVector[] = JSON.parse(
  readFileSync(
    resolve(import.meta.dirname, '../../../tests/vectors/messages.json'),
    'utf-8'
  )
);

const bytes = (hex = ''): Uint8Array =>
  Uint8Array.from(Buffer.from(hex, 'hex'));
const hex = (data: Uint8Array): string => Buffer.from(data).toString('hex');

function encode(vector: IVector): Uint8Array {
  switch (vector.kind) {
    case 'sync1':
      return encodeSyncStep1(bytes(vector.stateVector));
    case 'sync2':
      return encodeSyncStep2(bytes(vector.update));
    case 'update':
      return encodeUpdate(bytes(vector.update));
    case 'awareness':
      return encodeAwareness(bytes(vector.update));
    case 'reply':
      return encodeReply(vector.reply as IReply);
    default:
      return encodeRequest(vector.kind as RequestName, vector.id ?? -1);
  }
}

// [C1]
describe('The messages of the public protocol', () => {
  it('cover every kind', () => {
    expect(new Set(vectors.map(each => each.kind)).size).toBe(8);
  });

  it.each(vectors)('are written as agreed: $name', vector => {
    expect(hex(encode(vector))).toBe(vector.hex);
  });

  it.each(vectors)('are read as agreed: $name', vector => {
    const message = decodeMessage(bytes(vector.hex));
    expect(message.kind).toBe(vector.kind);
    if ('stateVector' in message) {
      expect(hex(message.stateVector)).toBe(vector.stateVector);
    } else if ('update' in message) {
      expect(hex(message.update)).toBe(vector.update);
    } else if ('reply' in message) {
      expect(message.reply).toEqual(vector.reply);
    } else if ('id' in message) {
      expect(message.id).toBe(vector.id);
    }
  });

  it.each(vectors.filter(each => each.text !== undefined))(
    'carry multi-byte text unharmed: $name',
    vector => {
      const doc = new Y.Doc();
      Y.applyUpdate(doc, bytes(vector.update));
      expect(doc.getText('source').toString()).toBe(vector.text);
    }
  );

  it.each(vectors.filter(each => each.states))(
    'carry presence unharmed: $name',
    vector => {
      const doc = new Y.Doc();
      const awareness = new Awareness(doc);
      applyAwarenessUpdate(awareness, bytes(vector.update), null);
      for (const { clientId, state } of vector.states ?? []) {
        expect(awareness.getStates().get(clientId) ?? null).toEqual(state);
      }
      doc.destroy();
    }
  );

  it('of an unknown type are told apart from broken ones', () => {
    expect(decodeMessage(Uint8Array.of(9, 1, 2))).toEqual({ kind: 'unknown' });
    expect(decodeMessage(Uint8Array.of(0, 7, 0))).toEqual({ kind: 'unknown' });
    expect(() => decodeMessage(Uint8Array.of(0, 0, 200))).toThrow();
    expect(() => decodeMessage(Uint8Array.of())).toThrow();
  });
});

// [M4]
describe('A large message', () => {
  it('comes back from its parts, each of at most 1 MiB', () => {
    const message = Uint8Array.from({ length: 3e6 }, (_, at) => at % 251);
    const whole: number[] = [];
    const parts = inParts(message);
    expect(parts).toHaveLength(3);
    for (const part of parts) {
      expect(part.length).toBeLessThanOrEqual(2 ** 20);
      const decoded = decodeMessage(part);
      if (decoded.kind !== 'part') {
        throw new Error(decoded.kind);
      }
      expect(decoded.size).toBe(message.length);
      expect(decoded.offset).toBe(whole.length);
      decoded.data.forEach(byte => whole.push(byte));
    }
    expect(Buffer.from(whole).equals(message)).toBe(true);
  });

  it('is a part by its first bytes', () => {
    // The same bytes as in tests/protocol/test_parts.py.
    const part = decodeMessage(bytes('64f403ac02616263'));
    const data = Uint8Array.from(Buffer.from('abc'));
    expect(part).toEqual({ kind: 'part', size: 500, offset: 300, data });
  });

  it('is sent whole if it is small', () => {
    const message = new Uint8Array(2 ** 20 - 32);
    const [first, ...others] = inParts(message);
    expect(first).toBe(message);
    expect(others).toHaveLength(0);
  });
});
