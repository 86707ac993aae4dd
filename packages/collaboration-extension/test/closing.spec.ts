// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import type { IDocumentProvider } from '@jupyter/docprovider';
import { describe, expect, it } from 'vitest';

import {
  closingOf,
  isLeftUnsaved,
  isLostWithPage
} from '../src/status/closingPlugin';

type Provider = Parameters<typeof closingOf>[0] &
  Parameters<typeof isLostWithPage>[0];

const LIVE: Provider = {
  isKeptInBrowser: true,
  role: 'editor',
  roleReason: '',
  saveError: null,
  saveMode: { isLastEditor: true, isManual: false },
  status: 'live',
  unacknowledged: 0
};
const AWAY: IDocumentProvider['status'][] = [
  'connecting',
  'reconnecting',
  'offline',
  'refused'
];

// [S7]
describe('Closing a document', () => {
  it('saves what is not saved yet, and asks nothing', () => {
    expect(closingOf(LIVE, true, true)).toBe('save');
    expect(closingOf({ ...LIVE, unacknowledged: 1 }, true, true)).toBe('save');
    expect(closingOf(LIVE, false, true)).toBe('nothing');
  });

  // [F13]
  it('lets the last editor choose if nothing is saved automatically, or saving fails', () => {
    const manual = { isLastEditor: true, isManual: true };
    const others = { isLastEditor: false, isManual: true };
    for (const each of [{ saveMode: manual }, { saveError: 'disk full' }]) {
      const provider = { ...LIVE, ...each };
      expect(closingOf(provider, true, true)).toBe('choose');
      expect(closingOf(provider, true, false)).toBe('nothing');
      expect(closingOf(provider, false, true)).toBe('nothing');
      const shared = { ...provider, saveMode: others };
      expect(closingOf(shared, true, true)).toBe('nothing');
    }
  });

  it('asks those nothing who cannot save it', () => {
    for (const limited of [
      { role: 'viewer', roleReason: 'permission' },
      { role: 'editor', roleReason: 'file', saveError: 'read-only' }
    ] as const) {
      const provider = { ...LIVE, ...limited };
      expect(closingOf(provider, true, true)).toBe('nothing');
      expect(closingOf(provider, true, false)).toBe('nothing');
    }
  });

  it('without a connection asks only if changes have not reached the server', () => {
    for (const status of AWAY) {
      const away = { ...LIVE, status };
      expect(closingOf(away, true, true)).toBe('nothing');
      expect(closingOf({ ...away, unacknowledged: 1 }, true, true)).toBe('ask');
    }
  });
});

// [S7]
describe('Leaving the page', () => {
  it('loses what neither the server nor the browser has', () => {
    expect(isLostWithPage({ ...LIVE, unacknowledged: 1 })).toBe(false);
    for (const status of AWAY) {
      const away = { ...LIVE, status, unacknowledged: 1 };
      expect(isLostWithPage(away)).toBe(false);
      expect(isLostWithPage({ ...away, isKeptInBrowser: false })).toBe(true);
      const none = { ...away, isKeptInBrowser: false, unacknowledged: 0 };
      expect(isLostWithPage(none)).toBe(false);
    }
  });

  // [F13]
  it('asks the last editor about changes that nobody will save', () => {
    const manual = { isLastEditor: true, isManual: true };
    const left = { isDirty: true, role: 'editor', saveMode: manual } as const;
    expect(isLeftUnsaved(left)).toBe(true);
    expect(isLeftUnsaved({ ...left, isDirty: false })).toBe(false);
    expect(isLeftUnsaved({ ...left, role: 'viewer' })).toBe(false);
    for (const change of [{ isManual: false }, { isLastEditor: false }]) {
      const saveMode = { ...manual, ...change };
      expect(isLeftUnsaved({ ...left, saveMode })).toBe(false);
    }
  });
});
