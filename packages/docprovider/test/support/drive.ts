// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * A drive and providers for tests of the content provider.
 */

import type { YDocument, DocumentChange } from '@jupyter/ydoc';
import { YFile } from '@jupyter/ydoc';
import type { Contents, IContentProvider } from '@jupyterlab/services';
import { PromiseDelegate } from '@lumino/coreutils';
import { Signal } from '@lumino/signaling';

import type { Awareness } from 'y-protocols/awareness';

import { RefusedEdits } from '../../src/session/refusedEdits';
import { SaveMode } from '../../src/session/saveMode';
import type {
  ConnectionStatus,
  IDocumentProvider,
  IDocumentProviderFactory,
  IRemovedContent,
  IRestore,
  ISaveResult,
  Role,
  RoleReason,
  SessionName
} from '../../src/tokens';

/**
 * Files in memory, served as the REST API serves them.
 */
export class FakeFiles implements Pick<IContentProvider, 'get' | 'save'> {
  readonly files = new Map<string, { hash?: string; last_modified: string }>();
  readonly calls: [string, string, object][] = [];

  async get(
    path: string,
    options: Contents.IFetchOptions = {}
  ): Promise<Contents.IModel> {
    this.calls.push(['get', path, options]);
    const file = this.files.get(path);
    if (!file) {
      throw Object.assign(new Error('Not found'), {
        response: { status: 404 }
      });
    }
    return {
      name: path.split('/').pop() ?? '',
      path,
      type: 'file',
      writable: true,
      created: '2026-01-01T00:00:00Z',
      mimetype: 'text/plain',
      content: options.content === false ? null : 'content',
      format: options.content === false ? null : 'text',
      ...file
    };
  }

  async save(
    path: string,
    options: Partial<Contents.IModel> = {}
  ): Promise<Contents.IModel> {
    this.calls.push(['save', path, options]);
    this.files.set(path, { hash: 'rest', last_modified: 'now' });
    return this.get(path, { content: false });
  }
}

/**
 * A provider whose server is the test.
 */
export class FakeProvider implements IDocumentProvider {
  constructor(readonly options: IDocumentProviderFactory.IOptions) {
    this.path = options.path;
    this.contentType = options.contentType;
    this.format = options.format;
  }

  path: string;
  readonly contentType: string;
  readonly format: string;
  readonly synced = new PromiseDelegate<void>();
  readonly asked: string[] = [];
  writes: () => Promise<ISaveResult> = async () => ({});
  isDisposed = false;

  readonly connection = {
    status: 'live' as ConnectionStatus,
    name: 'live' as SessionName,
    refusal: null,
    trouble: null as string | null,
    changed: new Signal<object, void>({}),
    ping: async (): Promise<number> => {
      this.asked.push('ping');
      return 12;
    },
    restart: () => {
      this.asked.push('restart');
    }
  };
  readonly access = {
    role: 'editor' as Role,
    reason: '' as RoleReason,
    changed: new Signal<object, void>({})
  };
  readonly saves = {
    isDirty: false,
    savedAt: null as number | null,
    error: null as string | null,
    isFileDeleted: false,
    mode: new SaveMode(new YFile().awareness as Awareness),
    dirtyChanged: new Signal<object, void>({}),
    errorChanged: new Signal<object, void>({}),
    save: () => {
      this.asked.push('save');
      return this.writes();
    },
    revert: async () => {
      this.asked.push('revert');
    },
    recreate: async () => {
      this.asked.push('recreate');
      return {};
    }
  };
  readonly edits = {
    unsent: {
      count: 0,
      isKeptInBrowser: false,
      changed: new Signal<object, void>({})
    },
    refused: new RefusedEdits(),
    recovered: {
      list: [],
      changed: new Signal<object, void>({}),
      recover: async () => undefined,
      discard: () => undefined
    },
    removed: new Signal<object, IRemovedContent[]>({})
  };
  readonly conflicts = {
    list: [],
    changed: new Signal<object, void>({}),
    resolve: () => true,
    cellNumber: () => null
  };
  readonly history = {
    isPrivate: false,
    repaired: new Signal<object, number>({}),
    restored: new Signal<object, IRestore>({})
  };
  readonly disposed = new Signal<this, void>(this);

  get ready(): Promise<void> {
    return this.synced.promise;
  }

  async connectToForkDoc(): Promise<void> {
    this.asked.push('connectToForkDoc');
  }

  async reconnect(): Promise<void> {
    this.asked.push('reconnect');
  }

  dispose(): void {
    this.isDisposed = true;
  }
}

/**
 * What a document context of JupyterLab keeps of its file, and how it decides
 * that the file 'has changed on disk'.
 */
export class FakeContext {
  constructor(
    public path: string,
    readonly model: YDocument<DocumentChange>
  ) {}

  known: Partial<Contents.IModel> = {};

  onFileChanged(change: Contents.IChangedArgs): void {
    const { oldValue, newValue } = change;
    if (change.type === 'save' && newValue?.path === this.path) {
      this.known = { ...this.known, ...newValue };
    } else if (
      change.type === 'rename' &&
      oldValue?.path &&
      newValue?.path &&
      this.path.startsWith(oldValue.path)
    ) {
      const isFile = this.path === oldValue.path;
      const path = isFile
        ? newValue.path
        : newValue.path + this.path.slice(oldValue.path.length);
      this.known = isFile
        ? { ...this.known, ...newValue }
        : { ...this.known, last_modified: newValue.created, path };
      this.path = path;
    }
  }

  /** Whether the user would be asked what to do with a changed file. */
  wouldAsk(disk: Contents.IModel): boolean {
    if (this.known.hash && disk.hash) {
      return this.known.hash !== disk.hash;
    }
    return this.known.last_modified !== disk.last_modified;
  }
}
