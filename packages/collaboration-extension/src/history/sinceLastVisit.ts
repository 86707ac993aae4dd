// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Says what others changed in a document since the user last saw it, when it
 * is opened again. [V11]
 */

import { changesSince } from '@jupyter/collaboration';
import type { IChangesSince, IVersionedDocument } from '@jupyter/collaboration';
import type { Timeline } from '@jupyter/docprovider';
import { serverTime } from '@jupyter/docprovider';
import type { IDisposable } from '@lumino/disposable';

import { roomOf } from '../contents/sharedDocument';
import type { LastVisits } from './lastVisits';
import type { Timelines } from './timelines';

/** Milliseconds between notes that a document is seen. */
const PERIOD = 30_000;

/**
 * What it needs.
 */
export interface ISinceLastVisitOptions {
  /** The documents that are shown. */
  timelines: Pick<Timelines, 'current' | 'targetChanged'>;
  /** When they were seen. */
  visits: Pick<LastVisits, 'note' | 'of'>;
  /** The name of the user. */
  username: () => string;
  /** Whether a document is visible. */
  isSeen: (document: IVersionedDocument) => boolean;
  /** Tell the user what others changed. */
  tell: (document: IVersionedDocument, changes: IChangesSince) => void;
}

/**
 * Follows which documents are seen.
 */
export class SinceLastVisit implements IDisposable {
  /**
   * @param _options What it needs.
   */
  constructor(private _options: ISinceLastVisitOptions) {
    const { timelines } = _options;
    timelines.targetChanged.connect(this._follow, this);
    this._timer = setInterval(this._note, PERIOD);
    window.addEventListener('pagehide', this._note);
    document.addEventListener('visibilitychange', this._hidden);
    this._follow();
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
    if (!this._isDisposed) {
      this._isDisposed = true;
      this._options.timelines.targetChanged.disconnect(this._follow, this);
      clearInterval(this._timer);
      window.removeEventListener('pagehide', this._note);
      document.removeEventListener('visibilitychange', this._hidden);
    }
  }

  private _follow(): void {
    const { timelines, visits } = this._options;
    const { current } = timelines;
    // A document that was closed counts as the last one until there is another.
    this._last = current ?? this._last;
    if (!current || this._rooms.has(current)) {
      return;
    }
    const room = roomOf(current.model);
    const since = visits.of(room);
    this._rooms.set(current, room);
    current.context.disposed.connect(() => {
      if (this._last === current) {
        visits.note(room, serverTime());
        this._last = null;
      }
      this._rooms.delete(current);
    });
    visits.note(room, serverTime());
    if (since !== null) {
      void this._look(current, since);
    }
  }

  /**
   * Read what was changed.
   */
  private async _look(shown: IVersionedDocument, since: number): Promise<void> {
    const { tell, username } = this._options;
    const { timeline } = shown;
    await timeline.refresh();
    await isComplete(timeline);
    const changes = changesSince(timeline.versions, since, username());
    if (changes && this._rooms.has(shown)) {
      tell(shown, changes);
    }
  }

  private _note = (): void => {
    if (document.visibilityState === 'visible') {
      this._noteAll();
    }
  };

  private _hidden = (): void => {
    if (document.visibilityState === 'hidden') {
      this._noteAll();
    }
  };

  private _noteAll(): void {
    for (const [shown, room] of this._rooms) {
      if (this._options.isSeen(shown)) {
        this._options.visits.note(room, serverTime());
      }
    }
  }

  private _isDisposed = false;
  private _last: IVersionedDocument | null = null;
  private _rooms = new Map<IVersionedDocument, string>();
  private _timer: ReturnType<typeof setInterval>;
}

/**
 * Wait until the server has made all versions.
 */
function isComplete(timeline: Timeline): Promise<void> {
  return new Promise(resolve => {
    const look = () => {
      if (!timeline.isLoading || timeline.isDisposed) {
        timeline.changed.disconnect(look);
        resolve();
      }
    };
    timeline.changed.connect(look);
    look();
  });
}
