// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { Backoff } from '@jupyter/docprovider';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { loadAhead, loadShared } from '../src/status/loadAhead';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

// [M10]
it('What could not be loaded is loaded again, at growing intervals', async () => {
  const load = vi
    .fn<() => Promise<void>>()
    .mockRejectedValueOnce(new Error('Loading chunk 7 failed.'))
    .mockRejectedValueOnce(new Error('Loading chunk 7 failed.'))
    .mockResolvedValue();
  const done = loadAhead(load, new Backoff({ base: 1000, random: () => 1 }));
  expect(load).not.toHaveBeenCalled(); // The page opens first.
  await vi.runOnlyPendingTimersAsync();
  expect(load).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(1000);
  expect(load).toHaveBeenCalledTimes(2);
  await vi.advanceTimersByTimeAsync(1999);
  expect(load).toHaveBeenCalledTimes(2);
  await vi.advanceTimersByTimeAsync(1);
  expect(load).toHaveBeenCalledTimes(3);
  await done;
  expect(vi.getTimerCount()).toBe(0);
});

it('All versions of a shared module are loaded', async () => {
  const loaded: string[] = [];
  const version = (name: string) => ({
    get: async () => void loaded.push(name)
  });
  const scope = {
    one: { '1.0.0': version('one 1'), '2.0.0': version('one 2') },
    other: { '1.0.0': version('other') }
  };
  await loadShared('one', scope);
  expect(loaded).toEqual(['one 1', 'one 2']);
});

it('A module that the application does not share is none to load', async () => {
  await loadShared('one', {});
});
