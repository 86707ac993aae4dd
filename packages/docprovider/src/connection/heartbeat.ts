// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Notices when the other side of a connection has fallen silent.
 *
 * Knows timers only. Pings of a server are invisible to a page, so after a
 * while of silence a question is asked; without any sign of life after that,
 * the other side counts as dead. A late timer (sleep, background tab) only
 * asks late; it never declares anybody dead by itself.
 */

import type { IDisposable } from '@lumino/disposable';

/** Silence after which the other side is asked for a sign of life (ms). */
const PROBE_AFTER = 30000;
/** Silence after that question which means that it is dead (ms). */
const DEAD_AFTER = 15000;
/** The same where there is a reason for the question (ms). */
const DEAD_SOON = 5000;

/**
 * Watches one open connection.
 */
export class Heartbeat implements IDisposable {
  /**
   * @param _probe Asks a question that is answered at once.
   * @param _dead Called when nothing was heard after the question.
   * @param _unsent The number of bytes that wait to be sent. As long as it
   * falls, the other side takes what was sent before the question.
   */
  constructor(
    private _probe: () => void,
    private _dead: () => void,
    private _unsent: () => number
  ) {
    this._watch(PROBE_AFTER);
  }

  /**
   * Whether the watch is over.
   */
  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /**
   * Something was heard.
   */
  heard(): void {
    this._heardAt = Date.now();
    this._wasHeard = true;
  }

  /**
   * Ask now, for instance because the network changed.
   */
  ask(deadAfter = DEAD_SOON): void {
    if (this._isDisposed) {
      return;
    }
    clearTimeout(this._timer);
    this._wasHeard = false;
    this._probe();
    const unsent = this._unsent();
    this._timer = setTimeout(() => {
      if (this._wasHeard) {
        this._watch(PROBE_AFTER);
      } else if (this._unsent() < unsent) {
        this.ask(deadAfter);
      } else {
        this._dead();
      }
    }, deadAfter);
  }

  /**
   * Stop watching.
   */
  dispose(): void {
    this._isDisposed = true;
    clearTimeout(this._timer);
  }

  /**
   * Look again after a while; cheaper than a new timer for every message.
   */
  private _watch(delay: number): void {
    this._timer = setTimeout(() => {
      const quiet = Date.now() - this._heardAt;
      if (quiet >= PROBE_AFTER) {
        this.ask(DEAD_AFTER);
      } else {
        this._watch(PROBE_AFTER - Math.max(0, quiet));
      }
    }, delay);
  }

  private _heardAt = Date.now();
  private _isDisposed = false;
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _wasHeard = false;
}
