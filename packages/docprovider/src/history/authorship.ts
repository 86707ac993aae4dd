// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Who wrote which part of a text, as the server knows it. [V6]
 *
 * A model for views: knows what the server answers and how Yjs numbers what
 * is in a text; knows nothing of editors.
 */

import type { IDisposable } from '@lumino/disposable';
import { Debouncer } from '@lumino/polling';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import type * as Y from 'yjs';

/** Milliseconds after an edit in which others may follow. */
const QUIET = 1000;

/**
 * What came from one author at one time: the clock at which it begins and how
 * far it goes, the author's index or -1, what it was, and when, in seconds
 * since the epoch.
 */
export type AuthoredRun = [
  clock: number,
  length: number,
  author: number,
  kind: string,
  time: number
];

/**
 * Who wrote what is in a document.
 */
export interface IAuthors {
  /** The names of users, by username, as far as they are known. */
  people: Record<string, string>;
  /** Usernames. */
  authors: string[];
  /** What they wrote: by Yjs client, in the order of its clock. */
  runs: Record<string, AuthoredRun[]>;
}

/**
 * A part of a text that came from one author at one time.
 */
export interface IAuthoredRange {
  /** Where it begins, in UTF-16 code units. */
  from: number;
  /** Where it ends. */
  to: number;
  /** The username; `null` where it was no user. */
  author: string | null;
  /** The name of the user to show; empty where it was none. */
  name: string;
  /** `edit` or `restore` of a user; `disk`, `load` or another of nobody. */
  kind: string;
  /** When, in seconds since the epoch. */
  time: number;
}

/**
 * The authors of a text, from its begin to its end.
 *
 * What is newer than the answer of the server is in no range.
 */
export function authoredRanges(
  text: Y.Text,
  { authors, people, runs }: IAuthors
): IAuthoredRange[] {
  const ranges: IAuthoredRange[] = [];
  let at = 0;
  for (let item = text._start; item; item = item.right) {
    if (item.deleted || !item.countable) {
      continue;
    }
    const { client, clock } = item.id;
    const ofClient = runs[String(client)] ?? [];
    const end = clock + item.length;
    for (
      let index = indexAt(ofClient, clock);
      index < ofClient.length;
      index++
    ) {
      const [first, length, author, kind, time] = ofClient[index];
      if (first >= end) {
        break;
      }
      const from = at + Math.max(first, clock) - clock;
      const to = at + Math.min(first + length, end) - clock;
      const last = ranges[ranges.length - 1];
      const username = authors[author] ?? null;
      if (
        last?.to === from &&
        last.author === username &&
        last.kind === kind &&
        last.time === time
      ) {
        last.to = to;
      } else {
        const name = username === null ? '' : (people[username] ?? username);
        ranges.push({ from, to, author: username, name, kind, time });
      }
    }
    at += item.length;
  }
  return ranges;
}

/**
 * The authors of one document, while somebody wants to see them.
 */
export class Authorship implements IDisposable {
  /**
   * @param _ask Asks the server.
   * @param _ydoc The document.
   */
  constructor(
    private _ask: () => Promise<IAuthors>,
    private _ydoc: Y.Doc
  ) {}

  /**
   * Whether somebody wants to see them.
   */
  get isShown(): boolean {
    return this._isShown;
  }

  /**
   * The usernames of all authors; none while they are not shown.
   */
  get authors(): readonly string[] {
    return this._authors?.authors ?? [];
  }

  /**
   * A signal emitted when other authors are to be shown.
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
    if (!this._isDisposed) {
      this.hide();
      this._debouncer.dispose();
      this._isDisposed = true;
      Signal.clearData(this);
    }
  }

  /**
   * Show the authors, and keep up with what is written.
   *
   * @throws Error in words if the server does not tell them.
   */
  async show(): Promise<void> {
    if (!this._isShown) {
      this._isShown = true;
      this._ydoc.on('update', this._later);
      try {
        await this._load();
      } catch (error) {
        this.hide();
        throw error;
      }
    }
  }

  /**
   * Show them no more.
   */
  hide(): void {
    if (this._isShown) {
      this._isShown = false;
      this._authors = null;
      void this._debouncer.stop();
      this._ydoc.off('update', this._later);
      this._changed.emit();
    }
  }

  /**
   * The authors of a text of the document; none while they are not shown.
   */
  rangesOf(text: Y.Text): IAuthoredRange[] {
    return this._authors ? authoredRanges(text, this._authors) : [];
  }

  private _later = (): void => {
    void this._debouncer.invoke();
  };

  private async _load(): Promise<void> {
    const authors = await this._ask();
    if (this._isShown) {
      this._authors = authors;
      this._changed.emit();
    }
  }

  private _authors: IAuthors | null = null;
  private _changed = new Signal<this, void>(this);
  private _isDisposed = false;
  private _isShown = false;
  // Without an answer, what is known stays; the next edit asks again.
  private _debouncer = new Debouncer(
    () => this._load().catch(() => undefined),
    QUIET
  );
}

/**
 * The index of the first run that ends behind a clock.
 */
function indexAt(runs: readonly AuthoredRun[], clock: number): number {
  let [low, high] = [0, runs.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const [first, length] = runs[middle];
    if (first + length > clock) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}
