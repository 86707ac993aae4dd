// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { YFile } from '@jupyter/ydoc';
import { nullTranslator } from '@jupyterlab/translation';
import { describe, expect, it } from 'vitest';

import { DisplayName } from '../src/presence/displayName';
import { WebSocketProvider } from '../src/session/provider';
import { FakeServer, fakeUser, settled } from './support/server';

const trans = nullTranslator.load('jupyter_collaboration');

function storage(): DisplayName.IStorage {
  const items = new Map<string, string>();
  return {
    getItem: key => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, value)
  };
}

// [M3]
describe('The chosen name', () => {
  it('is for those only whose name the server has made up', () => {
    const name = new DisplayName(fakeUser('ada'), storage());
    expect(name.isOpen).toBe(false);
    expect(name.choose('Eve')).toBe(false);
    expect(name.value).toBeNull();
  });

  it('is kept in the browser', () => {
    const [user, kept] = [fakeUser('Anonymous Io'), storage()];
    const name = new DisplayName(user, kept);
    expect(name.value).toBeNull();
    expect(name.choose('  Ada \n Lovelace ')).toBe(true);
    expect(new DisplayName(user, kept).value).toBe('Ada Lovelace');
  });

  it('has 1 to 50 characters', () => {
    const name = new DisplayName(fakeUser('Anonymous Io'), storage());
    expect(name.choose(' ')).toBe(false);
    expect(name.choose('x'.repeat(51))).toBe(false);
    expect(name.choose('👩'.repeat(50))).toBe(true);
  });

  it('lasts as long as the page where nothing can be kept', () => {
    const broken = () => {
      throw new Error('no room');
    };
    const name = new DisplayName(fakeUser('Anonymous Io'), {
      getItem: broken,
      setItem: broken
    });
    expect(name.choose('Ada')).toBe(true);
    expect(name.value).toBe('Ada');
  });

  it('is published, now and when it changes', async () => {
    const server = new FakeServer();
    const user = fakeUser('Anonymous Io');
    const displayName = new DisplayName(user, storage());
    const model = new YFile();
    const provider = new WebSocketProvider({
      path: 'a.txt',
      contentType: 'file',
      format: 'text',
      model,
      user,
      displayName,
      translator: trans,
      serverSettings: server.settings,
      environment: {
        createSocket: server.createSocket,
        events: new EventTarget()
      }
    });
    const published = () => model.awareness.getLocalState()?.user as unknown;
    await settled();
    expect(published()).toMatchObject({ display_name: 'Anonymous Io' });
    displayName.choose('Ada');
    expect(published()).toMatchObject({
      display_name: 'Ada',
      username: 'Anonymous Io'
    });
    provider.dispose();
    model.dispose();
  });
});
