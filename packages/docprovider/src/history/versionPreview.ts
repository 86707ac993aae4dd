// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * What a version of a document held, beside what it is compared with.
 *
 * A model for views: follows the version that is selected in a timeline;
 * knows nothing of how a content is shown.
 */

import type { DocumentChange, YDocument } from '@jupyter/ydoc';
import type { IDisposable } from '@lumino/disposable';
import { Debouncer } from '@lumino/polling';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { Timeline } from './timeline';
import type { IVersion } from './versions';

/** Milliseconds after an edit in which others may follow. */
const QUIET = 500;

/** Milliseconds for which a version waits for what it is compared with. */
const PATIENCE = 50;

/**
 * What a version is compared with: the document before it, the document now,
 * or nothing.
 */
export type Baseline = 'before' | 'now' | 'none';

/**
 * Two states of a document.
 */
export interface IPreview {
  /** The version that was asked for. */
  version: IVersion;
  /** What it is compared with. */
  baseline: Baseline;
  /** The older content; `null` if the newer one is compared with nothing. */
  before: unknown;
  /** The newer content. */
  after: unknown;
}

/**
 * The preview of the selected version.
 */
export class VersionPreview implements IDisposable {
  /**
   * @param _timeline Knows which version is selected, and what it held.
   * @param _model The document now.
   */
  constructor(
    private _timeline: Pick<
      Timeline,
      'changed' | 'content' | 'contentBefore' | 'selected' | 'versions'
    >,
    private _model: YDocument<DocumentChange>
  ) {
    _timeline.changed.connect(this._follow, this);
    this._follow();
  }

  /**
   * What is shown; `null` until the first content is there.
   */
  get shown(): IPreview | null {
    return this._shown;
  }

  /**
   * What versions are compared with.
   */
  get baseline(): Baseline {
    return this._baseline;
  }
  set baseline(baseline: Baseline) {
    if (baseline !== this._baseline) {
      this._baseline = baseline;
      this._model.changed.disconnect(this._laterAgain, this);
      if (baseline === 'now') {
        this._model.changed.connect(this._laterAgain, this);
      }
      this._loadAgain();
    }
  }

  /**
   * Whether a content is on its way.
   */
  get isLoading(): boolean {
    return this._loading;
  }

  /**
   * Why the selected version cannot be shown, in words; `null` if it can.
   */
  get error(): string | null {
    return this._error;
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
   * Follow no more.
   */
  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._later.dispose();
    Signal.clearData(this);
  }

  private _follow(): void {
    const { selected, versions } = this._timeline;
    const version = versions.find(({ id }) => id === selected);
    if (version && version.id !== this._version?.id) {
      this._version = version;
      this._loadAgain();
    }
  }

  private _laterAgain(): void {
    void this._later.invoke();
  }

  /**
   * Load what is wanted now; whoever scrubs fast skips what lies between.
   */
  private _loadAgain(): void {
    this._isStale = true;
    if (!this._loading) {
      void this._load();
    }
  }

  private async _load(): Promise<void> {
    this._loading = true;
    while (this._isStale && this._version && !this._isDisposed) {
      this._isStale = false;
      this._changed.emit();
      try {
        await this._read(this._version, this._baseline);
        this._error = null;
      } catch (error) {
        this._error = (error as Error).message;
      }
    }
    this._loading = false;
    if (!this._isDisposed) {
      this._changed.emit();
      this._readAhead();
    }
  }

  /**
   * Read what is on both sides of the selected version, one after the other:
   * who scrubs goes there next. What cannot be read is told once it is shown.
   */
  private _readAhead(): void {
    const { versions } = this._timeline;
    const at = versions.findIndex(({ id }) => id === this._version?.id);
    // With the one before it, which it is compared with.
    const near = [versions[at + 1], versions[at + 2], versions[at - 1]];
    if (at >= 0 && this._error === null) {
      void near
        .filter(version => version !== undefined)
        .reduce(
          (before, { id }) => before.then(() => this._timeline.content(id)),
          Promise.resolve<unknown>(null)
        )
        .catch(() => undefined);
    }
  }

  /**
   * Show a version; without marks at first, where what it is compared with
   * takes longer.
   */
  private async _read(version: IVersion, baseline: Baseline): Promise<void> {
    const older =
      baseline === 'before' ? this._timeline.contentBefore(version) : null;
    older?.catch(() => undefined); // it is told below
    const content = await this._timeline.content(version.id);
    if (baseline === 'now') {
      const after = this._model.getSource();
      this._shown = { version, baseline, before: content, after };
      return;
    }
    const timer = setTimeout(() => {
      if (!this._isDisposed && !this._isStale) {
        this._shown = { version, baseline, before: null, after: content };
        this._changed.emit();
      }
    }, PATIENCE);
    try {
      const before = await older;
      this._shown = { version, baseline, before, after: content };
    } finally {
      clearTimeout(timer);
    }
  }

  private _baseline: Baseline = 'before';
  private _changed = new Signal<this, void>(this);
  private _error: string | null = null;
  private _isDisposed = false;
  private _isStale = false;
  private _loading = false;
  private _shown: IPreview | null = null;
  private _later = new Debouncer(() => this._loadAgain(), QUIET);
  private _version: IVersion | null = null;
}
