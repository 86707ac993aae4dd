// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

// @vitest-environment jsdom

import type { IDocumentUser } from '@jupyter/collaboration';
import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Signal } from '@lumino/signaling';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Awareness } from 'y-protocols/awareness';

import { Follower } from '../src/follow/follower';
import type { IOpenPresence, IPresences } from '@jupyter/collaboration';
import type { PresenceSettings } from '../src/people/presenceSettings';

const grace = {
  key: 'user:grace',
  username: 'grace',
  name: 'Grace'
} as IDocumentUser;

/** Follows whoever is in the document. */
class FakeFollowing {
  constructor(private _document: FakeDocument) {}

  readonly personChanged = new Signal<this, IDocumentUser | null>(this);
  person: IDocumentUser | null = null;

  start(key: string): boolean {
    this._set(this._document.presence.find(key) ?? null);
    return this.person !== null;
  }

  /** Also what deeds of the user do. */
  stop(): void {
    this._set(null);
  }

  private _set(person: IDocumentUser | null): void {
    if (person !== this.person) {
      this.person = person;
      this.personChanged.emit(person);
    }
  }
}

/** A document, and whether Grace is in it. */
class FakeDocument {
  constructor(readonly path: string) {
    const find = (key: string) =>
      this.hasGrace && key === grace.key ? grace : undefined;
    this.presence = { find, changed: new Signal<object, void>({}) };
    this.following = new FakeFollowing(this);
    this.widget = { context: { path, ready: Promise.resolve() } };
  }

  readonly presence: {
    find: (key: string) => IDocumentUser | undefined;
    changed: Signal<object, void>;
  };
  readonly following: FakeFollowing;
  readonly widget: { context: { path: string; ready: Promise<void> } };
  hasGrace = true;

  get opened(): IOpenPresence {
    return this as unknown as IOpenPresence;
  }

  setHasGrace(hasGrace: boolean): void {
    this.hasGrace = hasGrace;
    if (!hasGrace) {
      this.following.stop();
    }
    this.presence.changed.emit();
  }
}

/** JupyterLab, with documents that can be opened. */
class FakeLab {
  constructor(isSingle: boolean) {
    this.shell = {
      currentChanged: new Signal<object, unknown>({}),
      currentWidget: null,
      ...(isSingle ? {} : { mode: 'multiple-document' })
    };
  }

  readonly documents: Record<string, FakeDocument> = {
    'a.ipynb': new FakeDocument('a.ipynb'),
    'b.ipynb': new FakeDocument('b.ipynb')
  };
  readonly listeners = new Set<() => void>();
  readonly opened: string[] = [];
  readonly shell: {
    currentChanged: Signal<object, unknown>;
    currentWidget: unknown;
  };
  readonly states = new Map<number, unknown>();
  settings = { value: { followFiles: true } };
  opening: Promise<void> = Promise.resolve();

  /** The user, or a command, goes to a document. */
  show(path: string): object {
    const widget = this.documents[path]?.widget ?? {
      context: { path, ready: Promise.resolve() }
    };
    this.shell.currentWidget = widget;
    this.shell.currentChanged.emit({});
    return widget;
  }

  /** Grace looks at a document. */
  async graceIsAt(current: unknown): Promise<void> {
    this.states.set(7, { user: { username: 'grace' }, current });
    await this.somethingChanges();
  }

  /** Somebody's presence changes. */
  async somethingChanges(): Promise<void> {
    this.listeners.forEach(listener => listener());
    await settled();
  }

  get app(): JupyterFrontEnd {
    const execute = async (_: string, { path }: { path: string }) => {
      this.opened.push(path);
      await this.opening;
      return this.show(path);
    };
    return {
      shell: this.shell,
      commands: { execute }
    } as unknown as JupyterFrontEnd;
  }

  get presences(): IPresences {
    const of = (widget: unknown) =>
      Object.values(this.documents).find(each => each.widget === widget) ??
      null;
    const { shell } = this;
    const presences = {
      of,
      get current() {
        return of(shell.currentWidget);
      }
    };
    return presences as unknown as IPresences;
  }

  get global(): Awareness {
    return {
      on: (_: string, listener: () => void) => this.listeners.add(listener),
      getStates: () => this.states
    } as unknown as Awareness;
  }

  follower(): Follower {
    return new Follower(
      this.app,
      this.presences,
      this.global,
      this.settings as unknown as PresenceSettings
    );
  }
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) {
    await Promise.resolve();
  }
}

// [P4]
describe('Following', () => {
  let lab: FakeLab;
  let follower: Follower;
  let a: FakeDocument;
  let b: FakeDocument;

  /** Begin to follow Grace in a document. */
  async function begin(isSingle = false): Promise<void> {
    lab = new FakeLab(isSingle);
    [a, b] = Object.values(lab.documents);
    follower = lab.follower();
    lab.show('a.ipynb');
    await lab.graceIsAt('notebook:a.ipynb');
    follower.follow(a.opened, grace);
    await settled();
  }

  beforeEach(() => begin());

  it('goes on in the document to which somebody goes', async () => {
    expect(a.following.person).toBe(grace);
    expect(lab.opened).toEqual([]);
    await lab.graceIsAt('notebook:b.ipynb');
    expect(lab.opened).toEqual(['b.ipynb']);
    expect(a.following.person).toBeNull();
    expect(b.following.person).toBe(grace);
    expect(follower.isFollowing).toBe(true);
    await lab.graceIsAt('notebook:a.ipynb');
    expect(a.following.person).toBe(grace);
    expect(b.following.person).toBeNull();
  });

  it('goes on once they have come there', async () => {
    b.setHasGrace(false);
    await lab.graceIsAt('notebook:b.ipynb');
    expect(b.following.person).toBeNull();
    expect(follower.isFollowing).toBe(true);
    b.setHasGrace(true);
    expect(b.following.person).toBe(grace);
  });

  it('goes on where they leave the document while the next one opens', async () => {
    let open = (): void => undefined;
    lab.opening = new Promise(resolve => (open = resolve));
    await lab.graceIsAt('notebook:b.ipynb');
    a.setHasGrace(false);
    open();
    await settled();
    expect(b.following.person).toBe(grace);
  });

  it('ends when the user does something, also while a document opens', async () => {
    let open = (): void => undefined;
    lab.opening = new Promise(resolve => (open = resolve));
    await lab.graceIsAt('notebook:b.ipynb');
    a.following.stop();
    open();
    await settled();
    expect(follower.isFollowing).toBe(false);
    expect(b.following.person).toBeNull();
  });

  it('ends when the user does something, and opens nothing more', async () => {
    a.following.stop();
    expect(follower.isFollowing).toBe(false);
    await lab.graceIsAt('notebook:b.ipynb');
    expect(lab.opened).toEqual([]);
  });

  it('ends when the user goes to another document', async () => {
    lab.show('b.ipynb');
    expect(follower.isFollowing).toBe(false);
    expect(a.following.person).toBeNull();
    await lab.somethingChanges();
    expect(lab.opened).toEqual([]);
  });

  it('ends where somebody goes to what cannot be followed into', async () => {
    await lab.graceIsAt('editor:picture.png');
    expect(lab.opened).toEqual(['picture.png']);
    expect(follower.isFollowing).toBe(false);
    await lab.somethingChanges();
    expect(lab.opened).toHaveLength(1);
  });

  it('ends where a document cannot be opened', async () => {
    lab.opening = Promise.reject(new Error('It is gone.'));
    await lab.graceIsAt('notebook:b.ipynb');
    expect(follower.isFollowing).toBe(false);
    expect(a.following.person).toBeNull();
  });

  it('goes on when the user only looks at a panel', async () => {
    lab.shell.currentWidget = null;
    lab.shell.currentChanged.emit({});
    expect(follower.isFollowing).toBe(true);
  });

  it('stays in one document if that is set', async () => {
    lab.settings.value.followFiles = false;
    await lab.graceIsAt('notebook:b.ipynb');
    expect(lab.opened).toEqual([]);
    expect(a.following.person).toBe(grace);
  });

  it('stays in one document where an application shows one', async () => {
    await begin(true);
    await lab.graceIsAt('notebook:b.ipynb');
    expect(lab.opened).toEqual([]);
    expect(a.following.person).toBe(grace);
  });

  it('stays where it is while it is not known where somebody is', async () => {
    await lab.graceIsAt(null);
    await lab.graceIsAt({ path: 'b.ipynb' });
    expect(lab.opened).toEqual([]);
    expect(follower.isFollowing).toBe(true);
  });

  it('ends by command', async () => {
    follower.stop();
    expect(a.following.person).toBeNull();
    await lab.graceIsAt('notebook:b.ipynb');
    expect(lab.opened).toEqual([]);
  });
});
