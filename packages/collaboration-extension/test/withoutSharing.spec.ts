// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { IUserMenu } from '@jupyter/collaboration';
import {
  ICollaborativeContentProvider,
  IGlobalAwareness
} from '@jupyter/collaborative-drive';
import type {
  IAwarenessProviderFactory as IAwarenessFactory,
  IDocumentProviderFactory as IDocumentFactory
} from '@jupyter/docprovider';
import {
  IAwarenessProviderFactory,
  IDocumentProviderFactory,
  IForkManagerToken
} from '@jupyter/docprovider';
import type { IForkManager } from '@jupyter/docprovider';
import { ServerConnection } from '@jupyterlab/services';
import { CommandRegistry } from '@lumino/commands';
import type { Token } from '@lumino/coreutils';
import { Awareness } from 'y-protocols/awareness';
import * as Y from 'yjs';
import { describe, expect, it } from 'vitest';

import { withoutSharing } from '../src/contents/withoutSharing';

const TOKENS = [
  ICollaborativeContentProvider,
  IGlobalAwareness,
  IDocumentProviderFactory,
  IAwarenessProviderFactory,
  IForkManagerToken,
  IUserMenu
] as Token<unknown>[];

const registered = new Map<string, unknown>();
const drive = {
  contentProviderRegistry: {
    register: (id: string, provider: unknown) => registered.set(id, provider)
  }
};
const app = {
  commands: new CommandRegistry(),
  serviceManager: { serverSettings: ServerConnection.makeSettings() }
};

/**
 * What the plugin that provides a token returns.
 */
function provided<T>(token: Token<T>): T {
  const plugin = withoutSharing.find(({ provides }) => provides === token);
  const activate = plugin?.activate as (...args: unknown[]) => T;
  return activate(app, drive);
}

describe('while the server has collaboration turned off [C1]', () => {
  it('all tokens that others require are provided', () => {
    expect(withoutSharing.map(({ provides }) => provides)).toEqual(TOKENS);
    for (const token of TOKENS) {
      expect(provided(token)).toBeTruthy();
    }
  });

  it('the content provider "rtc" shares nothing, whatever is registered', () => {
    const provider = provided(ICollaborativeContentProvider);
    expect(registered.get('rtc')).toBe(provider);
    const { sharedModelFactory } = provider;
    expect(sharedModelFactory.collaborative).toBe(false);
    sharedModelFactory.registerDocumentFactory('x', () => {
      throw new Error('No document may be made.');
    });
    expect([...sharedModelFactory.documentFactories.keys()]).toEqual(['x']);
    const options = { path: 'a.x', contentType: 'x', format: 'text' } as const;
    expect(sharedModelFactory.createNew(options)).toBeUndefined();
    expect(provider.providers.size).toBe(0);
  });

  it('providers are ready, and can be disposed', async () => {
    const documents = provided(IDocumentProviderFactory) as IDocumentFactory;
    const provider = documents.create({} as never);
    await provider.ready;
    provider.dispose();
    expect(provider.isDisposed).toBe(true);
    const awareness = new Awareness(new Y.Doc());
    const factory = provided(IAwarenessProviderFactory) as IAwarenessFactory;
    const presence = factory.create({ awareness } as never);
    expect(presence.awareness).toBe(awareness);
    presence.dispose();
    awareness.destroy();
  });

  it('no document has forks', async () => {
    const forks = provided(IForkManagerToken) as IForkManager;
    const options = { documentPath: 'a', format: 'text', type: 'file' };
    expect(forks.getProvider(options)).toBeUndefined();
    expect(await forks.getAllForks('room')).toEqual({});
    const fork = { rootId: 'room', synchronize: true };
    await expect(forks.createFork(fork)).rejects.toThrow('turned off');
  });
});
