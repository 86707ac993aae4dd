// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The examples for authors of extensions: docs/extensions.md.
 */

import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import type { ICollaborativeContentProvider } from '@jupyter/collaborative-drive';
import type { Contents } from '@jupyterlab/services';
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { YChecklist } from '../../../docs/examples/checklist/src/index';
import checklists from '../../../docs/examples/checklist/src/index';
import watching from '../../../docs/examples/watching';
import { RtcContentProvider } from '../src/contents/contentProvider';
import type { IDocumentProvider, IDocumentProviders } from '../src/tokens';
import { FakeFiles, FakeProvider } from './support/drive';
import { fakeUser } from './support/server';

const trans = nullTranslator.load('jupyter_collaboration');
const said = vi.hoisted(() => [] as string[]);

vi.mock('@jupyterlab/apputils', () => {
  const say = (text: string) => said.push(text);
  return { Notification: { error: say, info: say, warning: say } };
});

let app: { commands: CommandRegistry; docRegistry: { types: object[] } };

beforeEach(() => {
  const types: object[] = [];
  const docRegistry = {
    types,
    addFileType: (type: object) => types.push(type)
  };
  app = { commands: new CommandRegistry(), docRegistry };
});

afterEach(() => {
  said.length = 0;
});

function activate<T>(
  plugin: JupyterFrontEndPlugin<T>,
  ...args: unknown[]
): void {
  void plugin.activate(app as unknown as JupyterFrontEnd, ...(args as []));
}

// [C1]
describe('The example of a document type', () => {
  it('makes shared documents, that can be undone', () => {
    const files = new FakeFiles();
    const fileChanged = new Signal<object, Contents.IChangedArgs>({});
    const content: ICollaborativeContentProvider = new RtcContentProvider({
      drive: { fileChanged } as unknown as Contents.IDrive,
      files,
      providerFactory: { create: options => new FakeProvider(options) },
      translator: trans,
      user: fakeUser('ada')
    });
    activate(checklists, content);
    expect(app.docRegistry.types).toMatchObject([{ name: 'checklist' }]);
    const list = content.sharedModelFactory.createNew({
      path: 'home.checklist',
      format: 'text',
      contentType: 'checklist',
      collaborative: true
    }) as YChecklist;
    list.setSource('{"items": ["milk"]}');
    list.transact(() => list.items.push(['bread']));
    expect(list.getSource()).toBe('{"items":["milk","bread"]}');
    expect([...content.providers.keys()]).toEqual([
      'text:checklist:home.checklist'
    ]);
    expect(list.undo()).toBe(true);
    list.dispose();
    content.dispose();
  });

  it('is there without collaboration', () => {
    activate(checklists, null);
    expect(app.docRegistry.types).toHaveLength(1);
  });
});

describe('The example of a plugin that watches documents', () => {
  function provider(path: string): FakeProvider {
    return new FakeProvider({
      path,
      contentType: 'file',
      format: 'text'
    } as FakeProvider['options']);
  }

  it('says what happens to documents that are open, and opened later', () => {
    const [early, late] = [provider('early.txt'), provider('late.txt')];
    const opened = new Signal<IDocumentProviders, IDocumentProvider>(
      {} as IDocumentProviders
    );
    activate(watching, { all: [early], opened });
    opened.emit(late);

    late.connection.status = 'reconnecting';
    late.connection.changed.emit();
    expect(said).toEqual([]);
    late.connection.status = 'offline';
    late.connection.changed.emit();
    early.saves.error = 'The disk is full.';
    early.saves.errorChanged.emit();
    early.history.restored.emit({ username: 'grace', user: {}, isCell: false });
    expect(said).toEqual([
      'late.txt is offline.',
      'early.txt: The disk is full.',
      'grace restored a version of early.txt.'
    ]);
  });

  it('saves what is not saved, where the user may', async () => {
    const all = ['saved', 'unsaved', 'viewed'].map(provider);
    const [, unsaved, viewed] = all;
    unsaved.saves.isDirty = viewed.saves.isDirty = true;
    viewed.access.role = 'viewer';
    activate(watching, { all, opened: new Signal({}) });
    await app.commands.execute('watching:save-all');
    expect(all.map(({ asked }) => asked)).toEqual([[], ['save'], []]);
  });
});
