// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { learnServerTime, serverTime } from '../src/connection/serverClock';

describe('The time at the server', () => {
  // [V11]
  beforeEach(() => {
    vi.useFakeTimers({ now: 1_790_000_000_000 });
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  it.each([-7200, 0, 86_400])('is told by its answers (%i s ahead)', ahead => {
    const date = new Date(Date.now() + ahead * 1000).toUTCString();
    learnServerTime(new Headers({ Date: date }));
    vi.advanceTimersByTime(5000);
    expect(serverTime()).toBe(1_790_000_005 + ahead);
    learnServerTime(new Headers({ Date: 'soon' }));
    learnServerTime(new Headers());
    expect(serverTime()).toBe(1_790_000_005 + ahead);
  });
});
