// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { sourceMark } from '@jupyter/docprovider';
import { expect, test } from 'vitest';

// [R15]
test('the mark of a text is the one that the server computes', () => {
  expect(sourceMark("print('hello')")).toBe('14:3975440051');
  expect(sourceMark('')).toBe('0:0');
  expect(sourceMark('x = 1')).toBe('5:2355083700');
  expect(sourceMark('äöü')).toBe('6:2950380763');
});

// [R15]
test('a long text is distinguished from another by all that is in it', () => {
  const long = 'x'.repeat(100_000);
  expect(sourceMark(long)).toBe('100000:546377830:4261876081');
  expect(sourceMark(long)).not.toBe(sourceMark(`${long}x`));
  expect(sourceMark(long)).not.toBe(sourceMark(`y${long.slice(1)}`));
  expect(sourceMark(long)).not.toBe(sourceMark(`${long.slice(1)}y`));
});
