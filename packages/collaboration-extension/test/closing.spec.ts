// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import type { ConnectionStatus, Role, RoleReason } from '@jupyter/docprovider';
import { describe, expect, it } from 'vitest';

import type { IClosed } from '../src/status/closingPlugin';
import {
  closingOf,
  isLeftUnsaved,
  isLostWithPage
} from '../src/status/closingPlugin';

/** The values of a document, by the names that tests use. */
interface IValues {
  count?: number;
  error?: string | null;
  isDirty?: boolean;
  isKeptInBrowser?: boolean;
  isLastEditor?: boolean;
  isManual?: boolean;
  reason?: RoleReason;
  role?: Role;
  status?: ConnectionStatus;
}

/** A document that is live and saved automatically, but for some values. */
function documentWith(values: IValues = {}): IClosed {
  const { count = 0, error = null, isDirty = true, reason = '' } = values;
  const { isKeptInBrowser = true, isLastEditor = true } = values;
  const { isManual = false, role = 'editor', status = 'live' } = values;
  return {
    access: { reason, role },
    connection: { status },
    edits: { unsent: { count, isKeptInBrowser } },
    saves: { error, isDirty, mode: { isLastEditor, isManual } }
  };
}

const AWAY: ConnectionStatus[] = [
  'connecting',
  'reconnecting',
  'offline',
  'refused'
];

// [S7]
describe('Closing a document', () => {
  it('saves what is not saved yet, and asks nothing', () => {
    expect(closingOf(documentWith(), true, true)).toBe('save');
    expect(closingOf(documentWith({ count: 1 }), true, true)).toBe('save');
    expect(closingOf(documentWith(), false, true)).toBe('nothing');
  });

  // [F13]
  it('lets the last editor choose if nothing is saved automatically, or saving fails', () => {
    for (const each of [{ isManual: true }, { error: 'disk full' }]) {
      const provider = documentWith(each);
      expect(closingOf(provider, true, true)).toBe('choose');
      expect(closingOf(provider, true, false)).toBe('nothing');
      expect(closingOf(provider, false, true)).toBe('nothing');
      const shared = documentWith({
        ...each,
        isLastEditor: false,
        isManual: true
      });
      expect(closingOf(shared, true, true)).toBe('nothing');
    }
  });

  it('asks those nothing who cannot save it', () => {
    for (const limited of [
      { role: 'viewer', reason: 'permission' },
      { role: 'editor', reason: 'file', error: 'read-only' }
    ] as const) {
      const provider = documentWith(limited);
      expect(closingOf(provider, true, true)).toBe('nothing');
      expect(closingOf(provider, true, false)).toBe('nothing');
    }
  });

  it('without a connection asks only if changes have not reached the server', () => {
    for (const status of AWAY) {
      expect(closingOf(documentWith({ status }), true, true)).toBe('nothing');
      const away = documentWith({ status, count: 1 });
      expect(closingOf(away, true, true)).toBe('ask');
    }
  });
});

// [S7]
describe('Leaving the page', () => {
  it('loses what neither the server nor the browser has', () => {
    expect(isLostWithPage(documentWith({ count: 1 }))).toBe(false);
    for (const status of AWAY) {
      const away = { status, count: 1 };
      const lost = { ...away, isKeptInBrowser: false };
      expect(isLostWithPage(documentWith(away))).toBe(false);
      expect(isLostWithPage(documentWith(lost))).toBe(true);
      expect(isLostWithPage(documentWith({ ...lost, count: 0 }))).toBe(false);
    }
  });

  // [F13]
  it('asks the last editor about changes that nobody will save', () => {
    expect(isLeftUnsaved(documentWith({ isManual: true }))).toBe(true);
    const changes: IValues[] = [
      { isDirty: false },
      { role: 'viewer' },
      { isManual: false },
      { isLastEditor: false }
    ];
    for (const change of changes) {
      const saved = documentWith({ isManual: true, ...change });
      expect(isLeftUnsaved(saved)).toBe(false);
    }
  });
});
