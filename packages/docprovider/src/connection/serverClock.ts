// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The time at the server, whose clock may differ from the browser's.
 */

let ahead = 0;

/**
 * Learn the server's time from an answer that has just arrived.
 *
 * @param headers The headers of the answer.
 */
export function learnServerTime(headers: Headers): void {
  const now = Date.parse(headers.get('date') ?? '');
  if (!Number.isNaN(now)) {
    ahead = now - Date.now();
  }
}

/**
 * The time at the server, in seconds since the epoch; accurate to a second.
 */
export function serverTime(): number {
  return (Date.now() + ahead) / 1000;
}
