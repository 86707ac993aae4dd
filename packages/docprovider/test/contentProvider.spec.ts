// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { YFile, YNotebook } from '@jupyter/ydoc';
import type { Contents } from '@jupyterlab/services';
import { nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import * as Y from 'yjs';

import { RtcContentProvider } from '../src/contents/contentProvider';
import { SaveError } from '../src/session/requests';
import { FakeContext, FakeFiles, FakeProvider } from './support/drive';
import { fakeUser, settled } from './support/server';

const trans = nullTranslator.load('jupyter_collaboration');

let files: FakeFiles;
let drive: Pick<FakeFiles, 'get' | 'save'> & {
  fileChanged: Signal<object, Contents.IChangedArgs>;
};
let content: RtcContentProvider;
let providers: FakeProvider[];
let contexts: FakeContext[];

beforeEach(() => {
  files = new FakeFiles();
  files.files.set('a.txt', { hash: 'h1', last_modified: 't1' });
  files.files.set('dir/b.txt', { hash: 'b1', last_modified: 't1' });
  drive = {
    fileChanged: new Signal<object, Contents.IChangedArgs>({}),
    get: (path, options) => files.get(path, options),
    save: (path, options) => files.save(path, options)
  };
  providers = [];
  contexts = [];
  content = new RtcContentProvider({
    drive: drive as unknown as Contents.IDrive,
    files,
    providerFactory: {
      create: options => {
        const provider = new FakeProvider(options);
        providers.push(provider);
        return provider;
      }
    },
    translator: trans,
    user: fakeUser('ada')
  });
  content.sharedModelFactory.registerDocumentFactory('file', () => new YFile());
  content.sharedModelFactory.registerDocumentFactory(
    'notebook',
    () => new YNotebook()
  );
  // As JupyterLab's drive does.
  content.fileChanged.connect((_, change) => drive.fileChanged.emit(change));
  drive.fileChanged.connect((_, change) =>
    contexts.forEach(context => context.onFileChanged(change))
  );
});

const OPEN: Contents.IFetchOptions = {
  type: 'file',
  format: 'text',
  content: true,
  hash: true
};
const LOOK: Contents.IFetchOptions = { content: false, hash: true };

function create(path: string): YFile {
  return content.sharedModelFactory.createNew({
    path,
    format: 'text',
    contentType: 'file',
    collaborative: true
  }) as YFile;
}

/** Open a document as JupyterLab does. */
async function open(path = 'a.txt') {
  const model = create(path);
  const provider = providers[providers.length - 1];
  const context = new FakeContext(path, model);
  contexts.push(context);
  provider.synced.resolve();
  context.known = await content.get(path, { ...OPEN });
  return { model, provider, context };
}

describe('A shared document', () => {
  it('is made for registered types only', () => {
    const { sharedModelFactory } = content;
    const make = (options: Partial<Contents.ISharedFactoryOptions>) =>
      sharedModelFactory.createNew({
        path: 'a',
        format: 'text',
        contentType: 'file',
        collaborative: true,
        ...options
      });
    expect(make({ contentType: 'mystery' })).toBeUndefined();
    expect(make({ collaborative: false })).toBeUndefined();
    expect(make({ collaborative: undefined })).toBeUndefined();
    expect(make({ format: null })).toBeUndefined();
    expect(make({})).toBeInstanceOf(YFile);
    expect(make({ contentType: 'notebook', format: 'json' })).toBeInstanceOf(
      YNotebook
    );
    expect(() =>
      sharedModelFactory.registerDocumentFactory('file', () => new YFile())
    ).toThrow();
    content.dispose();
  });

  // [C1]
  it('has its provider under format, type and path until it is closed', () => {
    const model = create('a.txt');
    expect([...content.providers.keys()]).toEqual(['text:file:a.txt']);
    expect(content.providerOf(model)).toBe(providers[0]);
    model.dispose();
    expect(content.providers.size).toBe(0);
    expect(providers[0].isDisposed).toBe(true);
  });

  it('may be opened again while it is being closed', async () => {
    const first = await open();
    const second = await open();
    first.model.dispose();
    expect([...content.providers.values()]).toEqual([second.provider]);
    expect(second.provider.isDisposed).toBe(false);
  });

  it('is there once it is synchronized, and without content', async () => {
    create('a.txt');
    let answer: Contents.IModel | undefined;
    void content.get('a.txt', { ...OPEN }).then(model => (answer = model));
    await settled();
    expect(answer).toBeUndefined();
    providers[0].synced.resolve();
    await settled();
    expect(answer).toMatchObject({
      content: null,
      format: 'text',
      type: 'file',
      hash: 'h1',
      writable: true
    });
  });

  it('that the server refuses is an error', async () => {
    create('a.txt');
    providers[0].synced.reject(new Error('No access'));
    await expect(content.get('a.txt', { ...OPEN })).rejects.toThrow(
      'No access'
    );
  });

  it("is read from its file again by 'reload from disk'", async () => {
    const { provider } = await open();
    files.files.set('a.txt', { hash: 'h2', last_modified: 't2' });
    const model = await content.get('a.txt', { ...OPEN });
    expect(provider.asked).toEqual(['revert']);
    expect(model).toMatchObject({ content: null, hash: 'h2' });
  });
});

describe('A file that is not shared', () => {
  it('is got and saved as ever', async () => {
    await open();
    const rtc = { contentProviderId: 'rtc' };
    await content.get('c.txt', { ...LOOK, ...rtc }).catch(() => undefined);
    await content.save('c.txt', { content: 'x', ...rtc });
    expect(files.calls.slice(-3)).toEqual([
      ['get', 'c.txt', LOOK],
      ['save', 'c.txt', { content: 'x' }],
      ['get', 'c.txt', { content: false }]
    ]);
  });

  it('may have the path of a shared one in another format', async () => {
    await open();
    const model = await content.get('a.txt', {
      type: 'file',
      format: 'base64',
      content: true
    });
    expect(model.content).toBe('content');
  });
});

describe("The dialog 'File Changed'", () => {
  // [F4]
  it('does not come when somebody else has written the file', async () => {
    const { context } = await open();
    files.files.set('a.txt', { hash: 'h2', last_modified: 't2' });
    expect(context.wouldAsk(await content.get('a.txt', LOOK))).toBe(false);
  });

  it('does not come after the server has saved', async () => {
    const { context, model } = await open();
    files.files.set('a.txt', { hash: 'h2', last_modified: 't2' });
    model.setState('hash', 'h2');
    expect(context.known.hash).toBe('h2');
    expect(context.wouldAsk(await content.get('a.txt', LOOK))).toBe(false);
  });

  it('does not come after a save that was announced only later', async () => {
    const { context, model } = await open();
    const holds = [content.holdSaves(), content.holdSaves()];
    for (const hash of ['h2', 'h3']) {
      files.files.set('a.txt', { hash, last_modified: hash });
      model.setState('hash', hash);
    }
    holds[0].dispose();
    holds[0].dispose();
    expect(context.known.hash).toBe('h1');
    holds[1].dispose();
    expect(context.known.hash).toBe('h3');
    expect(context.wouldAsk(await content.get('a.txt', LOOK))).toBe(false);
  });

  it('does not come after a save of our own', async () => {
    const { context, provider } = await open();
    provider.writes = async () => {
      files.files.set('a.txt', { hash: 'h2', last_modified: 't2' });
      return { hash: 'h2' };
    };
    const saved = await content.save('a.txt', { content: 'x', type: 'file' });
    drive.fileChanged.emit({ type: 'save', oldValue: null, newValue: saved });
    expect(saved).toMatchObject({ hash: 'h2', content: null });
    expect(context.wouldAsk(await content.get('a.txt', LOOK))).toBe(false);
  });

  it('does not come where the contents manager knows no hashes', async () => {
    files.files.set('a.txt', { last_modified: 't1' });
    const { context, model } = await open();
    files.files.set('a.txt', { last_modified: 't2' });
    expect(context.wouldAsk(await content.get('a.txt', LOOK))).toBe(false);
    model.setState('hash', 'computed by the server');
    expect(context.wouldAsk(await content.get('a.txt', LOOK))).toBe(false);
  });

  it('does not come after the file or its folder was renamed', async () => {
    const { context } = await open('dir/b.txt');
    drive.fileChanged.emit({
      type: 'rename',
      oldValue: { path: 'dir/b.txt' },
      newValue: {
        path: 'dir/c.txt',
        name: 'c.txt',
        hash: undefined,
        last_modified: 't9'
      }
    });
    expect(context.wouldAsk(await content.get('dir/c.txt', LOOK))).toBe(false);
    drive.fileChanged.emit({
      type: 'rename',
      oldValue: { path: 'dir' },
      newValue: { path: 'other', created: 't5', last_modified: 't8' }
    });
    expect(context.path).toBe('other/c.txt');
    const disk = await content.get('other/c.txt', LOOK);
    expect(context.wouldAsk(disk)).toBe(false);
  });
});

// [F2]
describe('A save of a shared document', () => {
  it('is made by the server and not by the browser', async () => {
    const { provider } = await open();
    await content.save('a.txt', { content: 'x', type: 'file', format: 'text' });
    expect(provider.asked).toEqual(['save']);
    expect(files.calls.map(([name]) => name)).not.toContain('save');
  });

  it('fails with the words of the server', async () => {
    const { provider } = await open();
    provider.writes = () => Promise.reject(new SaveError('No space left'));
    const error = await content.save('a.txt').catch(reason => reason);
    expect(error).toMatchObject({
      name: 'SaveError',
      message: 'No space left'
    });
  });

  // [M10]
  it('brings up no dialog when there is no connection', async () => {
    const { provider } = await open();
    provider.writes = () =>
      Promise.reject(new SaveError('Not connected', true));
    const error = await content.save('a.txt').catch(reason => reason);
    expect(error.name).toBe('ModalCancelError');
  });

  it('has succeeded even if nothing can be learnt about the file', async () => {
    const { provider } = await open();
    provider.writes = async () => {
      files.files.clear();
      return { hash: 'h2' };
    };
    await expect(content.save('a.txt')).resolves.toMatchObject({ hash: 'h2' });
  });
});

// [F8]
describe('A file that is renamed', () => {
  it('keeps its provider under the new path', async () => {
    const { provider } = await open();
    drive.fileChanged.emit({
      type: 'rename',
      oldValue: { path: 'a.txt' },
      newValue: { path: 'z.txt' }
    });
    expect([...content.providers]).toEqual([['text:file:z.txt', provider]]);
    expect(provider.path).toBe('z.txt');
  });

  it('keeps its provider when a folder above it is renamed', async () => {
    await open('dir/b.txt');
    await open('a.txt');
    drive.fileChanged.emit({
      type: 'rename',
      oldValue: { path: 'dir' },
      newValue: { path: 'new/dir' }
    });
    expect([...content.providers.keys()]).toEqual([
      'text:file:new/dir/b.txt',
      'text:file:a.txt'
    ]);
  });

  it('by somebody else is followed', async () => {
    const { context, model, provider } = await open();
    files.files.set('z.txt', { hash: 'h1', last_modified: 't1' });
    model.setState('path', '/z.txt');
    await settled();
    expect(context.path).toBe('z.txt');
    expect(provider.path).toBe('z.txt');
    expect(context.wouldAsk(await content.get('z.txt', LOOK))).toBe(false);
  });

  it("is followed when JupyterLab learns of it from a kernel's session", async () => {
    const { model, provider } = await open();
    content.setPath(model, 'z.txt');
    content.setPath(new YFile(), 'y.txt');
    expect([...content.providers]).toEqual([['text:file:z.txt', provider]]);
    files.files.set('z.txt', { hash: 'h1', last_modified: 't1' });
    await content.save('z.txt', { content: 'x', type: 'file' });
    expect(provider.asked).toEqual(['save']);
    expect(await content.get('z.txt', LOOK)).toMatchObject({ path: 'z.txt' });
  });

  // [M7]
  it('to a path without a file is not followed', async () => {
    const { context, model } = await open();
    model.setState('path', 'nowhere.txt');
    model.setState('path', 7);
    await settled();
    expect(context.path).toBe('a.txt');
  });
});

it('A disposed content provider leaves no provider behind', async () => {
  await open('a.txt');
  await open('dir/b.txt');
  content.dispose();
  content.dispose();
  expect(providers.every(provider => provider.isDisposed)).toBe(true);
  expect(content.providers.size).toBe(0);
  expect(content.isDisposed).toBe(true);
});

// [M2]
describe('A document that may only be read', () => {
  it('is denied to be saved, without a dialog', async () => {
    const { provider } = await open();
    const denied: unknown[] = [];
    content.saveDenied.connect((_, each) => denied.push(each));
    provider.writes = () =>
      Promise.reject(new SaveError('You may read.', false, 'viewer'));
    await expect(content.save('a.txt', { type: 'file' })).rejects.toMatchObject(
      {
        name: 'ModalCancelError',
        message: 'You may read.'
      }
    );
    expect(denied).toEqual([provider]);
  });

  it('is marked by its role alone, which follows what changes', async () => {
    const get = files.get.bind(files);
    files.get = async (path, options) => ({
      ...(await get(path, options)),
      writable: false
    });
    const { context } = await open();
    expect(context.known.writable).toBe(true);
  });
});

// [M2] [M8]
describe('A copy', () => {
  it('holds the document as it is', async () => {
    const { model, provider } = await open();
    model.setSource('on the screen');
    expect(await content.saveCopy(provider, 'copy.txt')).toBe(true);
    expect(files.calls[files.calls.length - 2]).toEqual([
      'save',
      'copy.txt',
      { type: 'file', format: 'text', content: 'on the screen' }
    ]);
  });

  it('holds what the server did not take', async () => {
    const { provider } = await open();
    const other = new YFile();
    other.setSource('refused');
    const state = Y.encodeStateAsUpdate(other.ydoc);
    const edits = { id: 'one', reason: 'not_allowed' as const, state };
    expect(content.contentOf(provider, edits).content).toBe('refused');
    expect(await content.saveCopy(provider, 'copy.txt', edits)).toBe(true);
  });

  it('is written over no file', async () => {
    const { provider } = await open();
    expect(await content.saveCopy(provider, 'dir/b.txt')).toBe(false);
    expect(files.calls.map(([name]) => name)).not.toContain('save');
  });

  it('fails where the server may not be asked', async () => {
    const { provider } = await open();
    drive.get = () => Promise.reject(new Error('Forbidden'));
    await expect(content.saveCopy(provider, 'x.txt')).rejects.toThrow(
      'Forbidden'
    );
  });

  it('is of an open document', async () => {
    const { model, provider } = await open();
    model.dispose();
    expect(() => content.contentOf(provider)).toThrow();
  });
});

// [C1]
describe('A provider of another extension, with only the public part,', () => {
  /** Open a document whose provider is not one of ours. */
  async function openForeign(provider: object) {
    const base = { dispose: vi.fn(), ready: Promise.resolve(), ...provider };
    const foreign = new RtcContentProvider({
      drive: drive as unknown as Contents.IDrive,
      files,
      providerFactory: { create: () => base },
      translator: trans,
      user: fakeUser('ada')
    });
    foreign.sharedModelFactory.registerDocumentFactory(
      'file',
      () => new YFile()
    );
    const shared = foreign.sharedModelFactory.createNew({
      path: 'a.txt',
      format: 'text',
      contentType: 'file',
      collaborative: true
    } as Contents.ISharedFactoryOptions);
    await foreign.get('a.txt', { type: 'file', format: 'text' });
    return { base, foreign, shared: shared as YFile };
  }

  it('keeps its document, and features that need more are absent', async () => {
    const { base, foreign, shared } = await openForeign({});
    expect(foreign.providers.get('text:file:a.txt')).toBe(base);
    expect(foreign.providerOf(shared)).toBeUndefined();
    expect(foreign.all).toEqual([]);
    drive.fileChanged.emit({
      type: 'rename',
      oldValue: { path: 'a.txt' },
      newValue: { path: 'b.txt' } as Contents.IModel
    });
    expect([...foreign.providers.keys()]).toEqual(['text:file:b.txt']);
    shared.setState('hash', 'h2');
    shared.dispose();
    expect(base.dispose).toHaveBeenCalled();
    expect(foreign.providers.size).toBe(0);
    foreign.dispose();
  });

  it('writes by itself, if it can, and nobody else does', async () => {
    for (const save of [undefined, vi.fn(async () => undefined)]) {
      const { foreign } = await openForeign(save ? { save } : {});
      files.calls.length = 0;
      await foreign.save('a.txt', {
        content: 'x',
        format: 'text',
        type: 'file'
      });
      await foreign.get('a.txt', { type: 'file', format: 'text' });
      expect(files.calls.map(([method]) => method)).not.toContain('save');
      if (save) {
        expect(save).toHaveBeenCalledOnce();
      }
      foreign.dispose();
    }
  });
});
