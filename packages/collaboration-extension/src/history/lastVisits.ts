// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * When the user last saw each document, as far as this browser knows.
 */

/** The key in the browser's storage. */
const KEY = 'jupyter-collaboration:visits';

/** Documents that are remembered. */
const MOST = 500;

/**
 * The times of the visits of one user to the documents of one server.
 */
export class LastVisits {
  /**
   * @param _storage The browser's storage; to ask for it fails where it is
   * blocked.
   * @param _owner Tells users and servers apart that share a browser.
   */
  constructor(
    private _storage: () => Pick<Storage, 'getItem' | 'setItem'>,
    private _owner: () => string
  ) {}

  /**
   * When a document was last seen, in seconds since the epoch; `null` if that
   * is not known.
   *
   * @param room The id of the document's room.
   */
  of(room: string): number | null {
    return this._read()[this._nameOf(room)] ?? null;
  }

  /**
   * Note that a document is seen.
   *
   * @param room The id of the document's room.
   * @param time The time, in seconds since the epoch.
   */
  note(room: string, time: number): void {
    const times = { ...this._read(), [this._nameOf(room)]: Math.floor(time) };
    const latest = Object.entries(times)
      .sort(([, a], [, b]) => b - a)
      .slice(0, MOST);
    try {
      this._storage().setItem(KEY, JSON.stringify(Object.fromEntries(latest)));
    } catch {
      // Full or blocked: nothing is said at the next visit.
    }
  }

  private _nameOf(room: string): string {
    return `${this._owner()} ${room}`;
  }

  private _read(): Record<string, number> {
    try {
      const data: unknown = JSON.parse(this._storage().getItem(KEY) ?? '{}');
      return Object.fromEntries(
        Object.entries(data ?? {}).filter(([, time]) => Number.isFinite(time))
      ) as Record<string, number>;
    } catch {
      return {}; // Blocked, or something else: it is written anew.
    }
  }
}
