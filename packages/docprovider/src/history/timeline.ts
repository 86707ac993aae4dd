// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The versions of a document, as far as they were asked for.
 *
 * A model for views: knows a client of the server and the shared document;
 * knows nothing of widgets and words.
 */

import type { DocumentChange, YDocument } from '@jupyter/ydoc';
import { ServerConnection } from '@jupyterlab/services';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import * as Y from 'yjs';

import type { IKept, IVersion, VersionClient } from './versions';

const PAGE = 50;

/** The largest page that the server returns. */
const MOST = 200;

/** Milliseconds after an edit in which others may follow. */
const QUIET = 2000;

/** Milliseconds after which edits are asked for while they keep coming. */
const LATEST = 10_000;

/** Milliseconds after which versions that were not made yet are asked for. */
const AGAIN = 500;

/** Contents of versions that are kept at hand. */
const MOST_CONTENTS = 8;

/**
 * The timeline of one document.
 */
export class Timeline implements IDisposable {
  /**
   * @param _client Asks the server.
   * @param _model The shared document, which restores edit.
   */
  constructor(
    private _client: Pick<
      VersionClient,
      'clearBefore' | 'content' | 'contentBefore' | 'name' | 'page' | 'restore'
    >,
    private _model: YDocument<DocumentChange>
  ) {}

  /**
   * The versions that are known, newest first.
   */
  get versions(): readonly IVersion[] {
    return this._versions;
  }

  /**
   * Whether there are older ones.
   */
  get hasMore(): boolean {
    return this._hasMore;
  }

  /**
   * Whether the server is being asked, or still makes versions.
   */
  get isLoading(): boolean {
    return this._asking > 0 || this._again !== null;
  }

  /**
   * Whether versions were read at least once.
   */
  get isLoaded(): boolean {
    return this._isLoaded;
  }

  /**
   * Why the last question was not answered, in words; `null` if it was.
   */
  get error(): string | null {
    return this._error;
  }

  /**
   * Whether the last question did not reach the server.
   */
  get isUnreachable(): boolean {
    return this._isUnreachable;
  }

  /**
   * The user whose versions alone are shown; empty for all.
   */
  get author(): string {
    return this._author;
  }

  /**
   * Whether named versions alone are shown.
   */
  get isNamedOnly(): boolean {
    return this._named;
  }

  /**
   * All authors of versions that were seen, in the order of their names.
   */
  get authors(): readonly string[] {
    return [...this._authors].sort();
  }

  /**
   * How much is kept; `null` if that is nothing, or not known yet.
   */
  get kept(): IKept | null {
    return this._kept;
  }

  /**
   * Whether the user may clear what is older.
   */
  get mayClear(): boolean {
    return this._mayClear;
  }

  /**
   * The name of a user who made a version.
   */
  nameOf(username: string): string {
    return this._people[username] ?? username;
  }

  /**
   * The id of the version that is selected; `null` if none is.
   */
  get selected(): number | null {
    return this._selected?.id ?? null;
  }

  /**
   * A signal emitted when any of them changed.
   */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /**
   * Whether it is disposed.
   */
  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /**
   * Let go of everything.
   */
  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._stopAsking();
    this._model.ydoc.off('update', this._edited);
    clearTimeout(this._quiet);
    Signal.clearData(this);
  }

  /**
   * Select a version, or none.
   */
  select(id: number | null): void {
    if (id !== this.selected) {
      this._selected = this._versions.find(each => each.id === id) ?? null;
      this._changed.emit();
    }
  }

  /**
   * Show the versions of one user, or named ones alone.
   */
  async filter(author: string, named: boolean): Promise<void> {
    this._author = author;
    this._named = named;
    // Those of another filter say nothing of how many of this one to read.
    this._take([]);
    this._oldest = Infinity;
    await this.refresh();
  }

  /**
   * Ask again for the versions that are known, and for newer ones.
   */
  async refresh(): Promise<void> {
    this._stopAsking();
    const least = Math.max(PAGE, this._versions.length);
    const oldest = this._oldest;
    const enough = (read: readonly IVersion[]) =>
      read.length >= least && idOfLast(read) <= oldest;
    await this._load(enough, undefined, (read, hasMore) => {
      const reached = read.findIndex(({ id }) => id <= oldest) + 1;
      // Pages may be larger than needed. The list grows only by new versions.
      const shown = read.slice(0, Math.max(least, reached || read.length));
      this._hasMore = hasMore || shown.length < read.length;
      this._take(shown);
    });
  }

  /**
   * Ask again by itself while people work.
   *
   * @param isSeen Whether somebody looks at the versions.
   */
  watch(isSeen: () => boolean): void {
    this._isSeen = isSeen;
    this._model.ydoc.on('update', this._edited);
  }

  /**
   * Ask for older versions.
   */
  async more(): Promise<void> {
    const last = this._versions[this._versions.length - 1];
    if (last && this._hasMore) {
      await this._load(isPage, last.id, (read, hasMore) => {
        this._hasMore = hasMore;
        this._take([...this._versions, ...read]);
      });
    }
  }

  /**
   * What the document held at the end of a version.
   *
   * @throws Error in words if it is not kept.
   */
  content(id: number): Promise<unknown> {
    return this._cached(`${id}`, () => this._client.content(id));
  }

  /**
   * What the document held before a version.
   *
   * @throws Error in words if it is not kept.
   */
  contentBefore({ id, first }: IVersion): Promise<unknown> {
    const at = this._versions.findIndex(version => version.id === id);
    const isFiltered = this._author !== '' || this._named;
    const older = isFiltered ? undefined : this._versions[at + 1];
    return older
      ? this.content(older.id)
      : this._cached(`before ${first}`, () =>
          this._client.contentBefore(first)
        );
  }

  /**
   * Name a version; an empty name takes it away.
   *
   * @throws Error in words if that is not possible.
   */
  async name(id: number, name: string): Promise<void> {
    await this._client.name(id, name);
    await this.refresh();
  }

  /**
   * Clear what is older than a version, for everybody.
   *
   * @throws Error in words if that is not possible.
   */
  async clearBefore(id: number): Promise<void> {
    await this._client.clearBefore(id);
    this._contents.clear();
    await this.refresh();
  }

  /**
   * Make the document, or one cell of it, what it was: an edit by the user,
   * which one undo takes back. [V5]
   *
   * @returns Whether anything differed.
   * @throws Error in words if that is not possible.
   */
  async restore(id: number, cell?: string): Promise<boolean> {
    const update = await this._client.restore(id, cell);
    if (!update) {
      return false;
    }
    this._model.transact(() => Y.applyUpdate(this._model.ydoc, update));
    return true;
  }

  /**
   * Read versions, page by page, as the server limits the size of a page.
   *
   * @param isEnough Whether no more are needed.
   * @param before The id below which they are; by default the newest are read.
   * @param merge Makes the new list of what was read.
   */
  private async _load(
    isEnough: (read: readonly IVersion[]) => boolean,
    before: number | undefined,
    merge: (read: IVersion[], hasMore: boolean) => void
  ): Promise<void> {
    const number = ++this._question;
    const isCurrent = () => number === this._question && !this._isDisposed;
    this._asking += 1;
    this._changed.emit();
    try {
      const versions: IVersion[] = [];
      let isComplete = true;
      let hasMore = true;
      const limit =
        before === undefined && this._versions.length > PAGE ? MOST : PAGE;
      while (hasMore && !isEnough(versions)) {
        const page = await this._client.page({
          before: versions[versions.length - 1]?.id ?? before,
          limit,
          author: this._author || undefined,
          named: this._named || undefined
        });
        if (!isCurrent()) {
          return;
        }
        this._people = { ...this._people, ...page.people };
        this._kept = page.kept;
        this._mayClear = page.may_clear;
        versions.push(...page.versions);
        isComplete &&= page.complete;
        hasMore = page.versions.length === limit;
      }
      this._error = null;
      this._isUnreachable = false;
      this._isLoaded = true;
      merge(versions, hasMore);
      if (isComplete) {
        this._oldest = idOfLast(this._versions);
      }
      this._keepSelection();
      if (!isComplete) {
        this._stopAsking();
        this._again = setTimeout(() => {
          this._again = null;
          void this.refresh();
        }, AGAIN);
      }
    } catch (error) {
      if (isCurrent()) {
        this._error = (error as Error).message;
        this._isUnreachable = error instanceof ServerConnection.NetworkError;
      }
    } finally {
      this._asking -= 1;
      if (!this._isDisposed) {
        this._changed.emit();
      }
    }
  }

  /**
   * Read the newest versions, and keep the older ones that are known: they do
   * not change while people edit.
   */
  private async _update(): Promise<void> {
    let isJoined = true;
    await this._load(isPage, undefined, (read, hasMore) => {
      const oldest = read[read.length - 1];
      const at = this._versions.findIndex(({ id }) => id === oldest?.id);
      if (!hasMore || at >= 0) {
        const older = hasMore ? this._versions.slice(at + 1) : [];
        this._hasMore &&= hasMore;
        this._take([...read, ...older]);
      } else {
        isJoined = this._versions.length === 0;
        this._hasMore ||= isJoined;
        this._take(isJoined ? read : this._versions);
      }
    });
    if (!isJoined && !this._isDisposed) {
      await this.refresh();
    }
  }

  private _take(versions: readonly IVersion[]): void {
    this._versions = versions;
    for (const { authors } of versions) {
      authors.forEach(author => this._authors.add(author));
    }
  }

  /**
   * Keep the selected version selected: the newest one gets another id when it
   * grows.
   */
  private _keepSelection(): void {
    const selected = this._selected;
    if (selected) {
      this._selected =
        this._versions.find(({ id }) => id === selected.id) ??
        this._versions.find(({ first }) => first === selected.first) ??
        null;
    }
  }

  /**
   * A content that was asked for lately; what a version held never changes.
   */
  private _cached(key: string, ask: () => Promise<unknown>): Promise<unknown> {
    const content = this._contents.get(key) ?? ask();
    this._contents.delete(key);
    this._contents.set(key, content);
    content.catch(() => this._contents.delete(key));
    if (this._contents.size > MOST_CONTENTS) {
      this._contents.delete(this._contents.keys().next().value as string);
    }
    return content;
  }

  private _edited = (): void => {
    const now = Date.now();
    this._unseen ??= now;
    clearTimeout(this._quiet);
    const wait = Math.min(QUIET, this._unseen + LATEST - now);
    this._quiet = setTimeout(() => {
      this._unseen = null;
      if (this._isSeen()) {
        void this._update();
      }
    }, wait);
  };

  private _stopAsking(): void {
    if (this._again !== null) {
      clearTimeout(this._again);
      this._again = null;
    }
  }

  private _again: ReturnType<typeof setTimeout> | null = null;
  private _asking = 0;
  private _author = '';
  private _authors = new Set<string>();
  private _contents = new Map<string, Promise<unknown>>();
  private _changed = new Signal<this, void>(this);
  private _error: string | null = null;
  private _isUnreachable = false;
  private _hasMore = false;
  private _isDisposed = false;
  private _isLoaded = false;
  private _isSeen: () => boolean = () => false;
  private _kept: IKept | null = null;
  private _mayClear = false;
  private _named = false;
  // Of the versions that are shown; those of an incomplete answer may be older
  // than the ones that come first in a complete one.
  private _oldest = Infinity;
  private _people: Record<string, string> = {};
  private _question = 0;
  private _quiet: ReturnType<typeof setTimeout> | undefined;
  private _selected: IVersion | null = null;
  private _unseen: number | null = null;
  private _versions: readonly IVersion[] = [];
}

/**
 * Whether as many versions were read as are shown at first.
 */
function isPage({ length }: readonly IVersion[]): boolean {
  return length >= PAGE;
}

/**
 * The id of the oldest version of a list; infinite without one.
 */
function idOfLast(versions: readonly IVersion[]): number {
  return versions[versions.length - 1]?.id ?? Infinity;
}
