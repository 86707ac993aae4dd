// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { expect, it } from 'vitest';

import { DocumentStatus } from '../src/status/documentStatus';
import type { IDocumentProviderFactory } from '../src/tokens';
import { FakeProvider } from './support/drive';

function watch() {
  const provider = new FakeProvider({
    path: 'a.txt',
    contentType: 'file',
    format: 'text'
  } as IDocumentProviderFactory.IOptions);
  const status = new DocumentStatus(provider);
  const log: string[] = [];
  status.changed.connect(() =>
    log.push(`${status.status} ${status.saveError}`)
  );
  return { provider, status, log };
}

it('The status of a document follows its provider', () => {
  const { provider, status, log } = watch();
  provider.saves.error = 'No space left';
  provider.saves.errorChanged.emit();
  provider.connection.status = 'offline';
  provider.connection.changed.emit();
  expect(log).toEqual(['live No space left', 'offline No space left']);
  expect(status.reason).toBeNull();
});

it('The number of changes is told while there is no connection', () => {
  const { provider, status, log } = watch();
  provider.edits.unsent.changed.emit();
  expect(log).toHaveLength(0);
  provider.connection.status = 'offline';
  provider.edits.unsent.count = 2;
  provider.edits.unsent.changed.emit();
  expect(log).toHaveLength(1);
  expect(status.unacknowledged).toBe(2);
});

it('A document that is saved says so', () => {
  const { provider, status, log } = watch();
  provider.saves.isDirty = true;
  provider.saves.dirtyChanged.emit();
  expect(log).toHaveLength(1);
  expect(status.isDirty).toBe(true);
  expect(status.isFileDeleted).toBe(false);
});

// [M2]
it('What the user may do is told', () => {
  const { provider, status, log } = watch();
  provider.access.role = 'viewer';
  provider.access.reason = 'file';
  provider.access.changed.emit();
  expect(log).toHaveLength(1);
  expect(status.role).toBe('viewer');
  expect(status.roleReason).toBe('file');
});

it('Why the server wants to be left alone for a while is told', () => {
  const { provider, status } = watch();
  provider.connection.trouble = 'Too many messages.';
  expect(status.reason).toBe('Too many messages.');
});

it('A disposed status follows nothing', () => {
  const { provider, status, log } = watch();
  status.dispose();
  status.dispose();
  provider.connection.changed.emit();
  expect(log).toHaveLength(0);
  expect(status.isDisposed).toBe(true);
});

// [P8]
it('The connection is measured, and made anew', async () => {
  const { provider, status } = watch();
  provider.saves.savedAt = 5;
  expect(status.savedAt).toBe(5);
  expect(status.path).toBe('a.txt');
  expect(status.hasPrivateHistory).toBe(false);
  provider.history.isPrivate = true;
  expect(status.hasPrivateHistory).toBe(true);
  expect(await status.ping()).toBe(12);
  provider.connection.ping = async () => {
    throw new Error('No connection');
  };
  expect(await status.ping()).toBeNull();
  status.retry();
  expect(provider.asked).toEqual(['ping', 'restart']);
});
