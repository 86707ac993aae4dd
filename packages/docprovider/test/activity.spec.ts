// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { Activity, IDLE_AFTER } from '../src/presence/activity';

describe('Activity', () => {
  // [P3]
  beforeEach(() => {
    vi.useFakeTimers();
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  it('calls somebody idle who does nothing for a while', () => {
    const page = new EventTarget();
    const activity = new Activity(page);
    const seen: boolean[] = [];
    activity.isIdleChanged.connect((_, isIdle) => seen.push(isIdle));
    vi.advanceTimersByTime(IDLE_AFTER - 1000);
    page.dispatchEvent(new Event('keydown'));
    vi.advanceTimersByTime(IDLE_AFTER - 1);
    expect(activity.isIdle).toBe(false);
    vi.advanceTimersByTime(1);
    expect(activity.isIdle).toBe(true);
    page.dispatchEvent(new Event('pointermove'));
    expect(activity.isIdle).toBe(false);
    vi.advanceTimersByTime(IDLE_AFTER);
    expect(seen).toEqual([true, false, true]);
    activity.dispose();
    activity.dispose();
    page.dispatchEvent(new Event('wheel'));
    expect(activity.isIdle).toBe(true);
  });
});
