// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

// @vitest-environment jsdom

/**
 * What other extensions import, and get by tokens. [C1]
 */

import * as drive from '@jupyter/collaborative-drive';
import * as collaboration from '@jupyter/collaboration';
import * as docprovider from '@jupyter/docprovider';
import type { JupyterFrontEnd } from '@jupyterlab/application';
import { EditorState } from '@codemirror/state';
import { CommandRegistry } from '@lumino/commands';
import { Token } from '@lumino/coreutils';
import { describe, expect, it } from 'vitest';
import { Awareness } from 'y-protocols/awareness';
import * as Y from 'yjs';

import { userMenu } from '../src/people/userMenuPlugin';

describe('Other extensions [C1]', () => {
  it.each([
    ...[
      'ForkManager',
      'IAwarenessProviderFactory',
      'IDocumentProviderFactory',
      'IForkManagerToken',
      'JUPYTER_COLLABORATION_FORK_EVENTS_URI',
      'NotebookCellServerExecutor',
      'ROOM_FORK_URL',
      'RtcContentProvider',
      'TimelineWidget',
      'WebSocketAwarenessProvider',
      'WebSocketProvider',
      'requestAPI',
      'requestDocSession',
      'requestDocumentTimeline',
      'requestUndoRedo'
    ].map(name => [name, docprovider]),
    ...[
      'Collaborator',
      'CollaboratorsBody',
      'CollaboratorsPanel',
      'DefaultIconRenderer',
      'IUserMenu',
      'RendererUserMenu',
      'UserDetailsBody',
      'UserIconComponent',
      'UserInfoBody',
      'UserInfoPanel',
      'UserMenu',
      'UsersItem',
      'collaboratorPill',
      'editorAwarenessFacet',
      'remoteUserCursors',
      'showSharedLinkDialog'
    ].map(name => [name, collaboration])
  ] as [string, Record<string, unknown>][])('import %s', (name, from) => {
    expect(from[name]).toBeTruthy();
  });

  it.each([
    [
      drive.ICollaborativeContentProvider,
      '@jupyter/collaboration-extension:ICollaborativeContentProvider'
    ],
    [drive.IGlobalAwareness, '@jupyter/collaboration:IGlobalAwareness'],
    [docprovider.IForkManagerToken, '@jupyter/docprovider:IForkManagerToken'],
    [
      docprovider.IDocumentProviderFactory,
      '@jupyter/docprovider:IDocumentProviderFactory'
    ],
    [
      docprovider.IAwarenessProviderFactory,
      '@jupyter/docprovider:IAwarenessProviderFactory'
    ],
    [collaboration.IUserMenu, '@jupyter/collaboration:IUserMenu'],
    [collaboration.IPresences, '@jupyter/collaboration:IPresences'],
    [collaboration.IVersionActions, '@jupyter/collaboration:IVersionActions'],
    [docprovider.IDocumentProviders, '@jupyter/docprovider:IDocumentProviders']
  ] as [Token<unknown>, string][])('get by a token: %o', (token, name) => {
    expect(token).toBeInstanceOf(Token);
    expect(token.name).toBe(name);
  });

  it('add items to the menu of the user, and remove them', () => {
    const commands = new CommandRegistry();
    const app = { commands } as JupyterFrontEnd;
    const menu = userMenu.activate(app) as collaboration.IUserMenu;
    const last = menu.addItem({ type: 'separator' });
    const first = menu.insertItem(0, { command: 'mine' });
    expect(menu.items).toEqual([first, last]);
    menu.removeItem(first);
    expect(menu.items).toEqual([last]);
    menu.dispose();
    expect(menu.isDisposed).toBe(true);
  });

  it('learn from an editor whose text it shows, and who is there', () => {
    const ydoc = new Y.Doc();
    const config = {
      awareness: new Awareness(ydoc),
      ytext: ydoc.getText('source')
    };
    const { editorAwarenessFacet, remoteUserCursors } = collaboration;
    const extensions = remoteUserCursors(config);
    const shared = EditorState.create({ extensions });
    expect(shared.facet(editorAwarenessFacet)).toBe(config);
    expect(EditorState.create().facet(editorAwarenessFacet)).toBeNull();
    config.awareness.destroy();
  });
});
