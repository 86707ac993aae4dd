// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { YFile } from '@jupyter/ydoc';
import { ServerConnection } from '@jupyterlab/services';
import { PromiseDelegate } from '@lumino/coreutils';
import { Signal } from '@lumino/signaling';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Timelines } from '../src/history/timelines';

/** What the views of a document share. */
class FakeContext {
  constructor(
    sharedModel: YFile,
    public path: string
  ) {
    this.model = { sharedModel };
  }

  readonly model: { sharedModel: YFile };
  readonly disposed = new Signal<this, void>(this);
  readonly isDisposed = false;
  readonly pathChanged = new Signal<this, string>(this);
}

/** A document in one or more views. */
class FakeDocument {
  constructor(private path: string) {
    this.provider.ready.catch(() => undefined);
  }

  readonly opened = new PromiseDelegate<void>();
  readonly model = new YFile();
  readonly connection = {
    status: 'live',
    changed: new Signal<object, void>({})
  };
  readonly provider = {
    connection: this.connection,
    ready: this.opened.promise
  };
  readonly context = new FakeContext(this.model, this.path);

  /** Another view of it. */
  view(): object {
    return { context: this.context };
  }
}

// [V10]
describe('The history that is shown', () => {
  const none = { isLauncher: true };
  const asked: string[] = [];
  const documents: FakeDocument[] = [];
  let currentChanged: Signal<object, void>;
  let current: object | null;
  let shared: Set<FakeDocument>;
  let timelines: Timelines;
  let isAway: boolean;
  let isSeen: boolean;

  function open(path: string): FakeDocument {
    const document = new FakeDocument(path);
    documents.push(document);
    shared.add(document);
    return document;
  }

  function go(view: object | null): void {
    current = view;
    currentChanged.emit();
  }

  const kind = () => timelines.target.kind;
  const path = () =>
    timelines.target.kind === 'none' ? '' : timelines.target.path;
  const settled = () => new Promise<void>(resolve => setTimeout(resolve));

  beforeEach(() => {
    asked.length = 0;
    shared = new Set();
    current = null;
    isAway = false;
    isSeen = true;
    const sender = {};
    currentChanged = new Signal<object, void>(sender);
    const serverSettings = ServerConnection.makeSettings({
      baseUrl: 'http://localhost/',
      fetch: async (input: RequestInfo | URL) => {
        asked.push((input as Request).url);
        if (isAway) {
          throw new TypeError('Failed to fetch');
        }
        const page = { versions: [], complete: true, people: {}, kept: null };
        return new Response(JSON.stringify({ ...page, may_clear: false }));
      }
    });
    timelines = new Timelines(
      {
        restored: Promise.resolve(),
        serviceManager: { serverSettings },
        shell: {
          currentChanged,
          get currentWidget() {
            return current;
          }
        }
      } as never,
      {
        providerOf: (model: unknown) =>
          [...shared].find(each => each.model === model)?.provider
      } as never,
      () => isSeen
    );
  });

  afterEach(() => {
    documents.splice(0).forEach(({ model }) => model.dispose());
  });

  it('is read again once the server is back', async () => {
    isAway = true;
    const document = open('a.txt');
    document.opened.resolve();
    go(document.view());
    await settled();
    const { timeline } = timelines.current!;
    await timeline.refresh();
    expect(timeline.isUnreachable).toBe(true);
    document.connection.status = 'connecting';
    document.connection.changed.emit();
    await settled();
    expect(timeline.isUnreachable).toBe(true);
    isAway = false;
    document.connection.status = 'live';
    document.connection.changed.emit();
    await settled();
    expect([timeline.isUnreachable, timeline.error]).toEqual([false, null]);
    const count = asked.length;
    document.connection.changed.emit();
    expect(asked).toHaveLength(count);
  });

  it('is that of the current document, once it is open', async () => {
    expect(kind()).toBe('none');
    const one = open('a.txt');
    go(one.view());
    expect([kind(), path()]).toEqual(['opening', 'a.txt']);
    one.opened.resolve();
    await settled();
    expect([kind(), path()]).toEqual(['open', 'a.txt']);
    expect(asked).toHaveLength(1);
    // Another view of it, a launcher or a preview change nothing.
    const { current: shown } = timelines;
    go(one.view());
    go(none);
    go(null);
    expect(timelines.current).toBe(shown);
    expect(asked).toHaveLength(1);
  });

  it('is not taken back by a document that opens late', async () => {
    const [slow, quick] = [open('slow.txt'), open('quick.txt')];
    go(slow.view());
    go(quick.view());
    quick.opened.resolve();
    await settled();
    slow.opened.resolve();
    await settled();
    expect([kind(), path()]).toEqual(['open', 'quick.txt']);
    go(slow.view());
    await settled();
    expect([kind(), path()]).toEqual(['open', 'slow.txt']);
  });

  it('says why there is none', async () => {
    const broken = open('broken.txt');
    broken.opened.reject(new Error('no access'));
    go(broken.view());
    await settled();
    expect(timelines.target).toEqual({
      kind: 'failed',
      path: 'broken.txt',
      reason: 'no access'
    });
    const image = open('a.png');
    shared.delete(image);
    go(image.view());
    expect(timelines.target).toEqual({ kind: 'unshared', path: 'a.png' });
  });

  it('is read when it is seen, and not before', async () => {
    isSeen = false;
    const one = open('a.txt');
    one.opened.resolve();
    go(one.view());
    await settled();
    expect(asked).toEqual([]);
    isSeen = true;
    await timelines.refresh();
    expect(asked).toHaveLength(1);
  });

  it('has the name that its document has now', async () => {
    const one = open('a.txt');
    go(one.view());
    let changes = 0;
    timelines.targetChanged.connect(() => changes++);
    one.context.path = 'b.txt';
    one.context.pathChanged.emit('b.txt');
    expect(path()).toBe('b.txt');
    expect(changes).toBe(1);
  });

  it('goes with its document', async () => {
    const one = open('a.txt');
    one.opened.resolve();
    go(one.view());
    await settled();
    const timeline = timelines.current?.timeline;
    current = null;
    one.context.disposed.emit();
    expect(kind()).toBe('none');
    expect(timeline?.isDisposed).toBe(true);
  });
});
