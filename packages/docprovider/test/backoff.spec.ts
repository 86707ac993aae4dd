// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { expect, it } from 'vitest';

import { Backoff } from '../src/connection/backoff';

it('The bound of the delay doubles from half a second to thirty', () => {
  const backoff = new Backoff({ random: () => 1 });
  const delays = Array.from({ length: 9 }, () => backoff.next());
  expect(delays).toEqual([
    500, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000
  ]);
});

it('The delay is anything between nothing and its bound', () => {
  const values = [0, 0.5, 0.999];
  const backoff = new Backoff({ random: () => values.shift() ?? 0 });
  expect([backoff.next(), backoff.next(), backoff.next()]).toEqual([
    0, 500, 1998
  ]);
});

it('The delay starts over after a reset', () => {
  const backoff = new Backoff({ random: () => 1 });
  backoff.next();
  backoff.next();
  backoff.reset();
  expect(backoff.next()).toBe(500);
});

it('The delay stays bounded after very many attempts', () => {
  const backoff = new Backoff({ random: () => 1 });
  for (let attempt = 0; attempt < 5000; attempt++) {
    backoff.next();
  }
  expect(backoff.next()).toBe(30000);
});
