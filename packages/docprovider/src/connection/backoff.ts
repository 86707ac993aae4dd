// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * How long to wait before the next attempt.
 *
 * Pure. Exponential back-off with full jitter, as in
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/.
 */

/**
 * A growing, randomised delay.
 */
export class Backoff {
  /**
   * @param options.base The bound of the first delay, in milliseconds.
   * @param options.max The largest bound, in milliseconds.
   * @param options.random A number in [0, 1).
   */
  constructor(options: Backoff.IOptions = {}) {
    this._base = options.base ?? 500;
    this._max = options.max ?? 30000;
    this._random = options.random ?? Math.random;
  }

  /**
   * The next delay in milliseconds; its bound doubles with each call.
   */
  next(): number {
    const bound = Math.min(this._max, this._base * 2 ** this._attempts);
    this._attempts++;
    return bound * this._random();
  }

  /**
   * Start over with the first delay.
   */
  reset(): void {
    this._attempts = 0;
  }

  private _attempts = 0;
  private _base: number;
  private _max: number;
  private _random: () => number;
}

/**
 * Types of the back-off.
 */
export namespace Backoff {
  /**
   * Bounds in milliseconds, and a source of randomness.
   */
  export interface IOptions {
    base?: number;
    max?: number;
    random?: () => number;
  }
}
