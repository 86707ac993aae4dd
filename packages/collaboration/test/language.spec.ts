// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import type { IVersion } from '@jupyter/docprovider';
import { afterEach, expect, it } from 'vitest';

import { authorInWords } from '../src/history/authorMarks';
import { dayOf, timeOf } from '../src/history/versionWords';
import { userInWords } from '../src/people/usersItem';
import { trans } from './support';

/** An afternoon in March. */
const TIME = new Date(2026, 2, 5, 15, 20, 30).getTime() / 1000;
const version = { end: TIME } as IVersion;

afterEach(() => {
  document.documentElement.lang = '';
});

function shown(): string[] {
  const range = { kind: 'edit', name: 'Ada', time: TIME };
  const user = { name: 'Ada', role: null, since: TIME, isSelf: false };
  return [
    dayOf(version, trans),
    timeOf(version),
    authorInWords(range as never, trans),
    userInWords(user as never, null, trans)
  ];
}

// [P8]
it('Dates and times are in the language of JupyterLab', () => {
  document.documentElement.lang = 'fr-FR';
  const [day, time, author, user] = shown();
  expect(day).toBe('5 mars 2026');
  expect(time).toBe('15:20');
  expect(author).toMatch(/^Ada, 5 mars 2026.*15:20$/);
  expect(user).toContain('15:20');
});

it('Dates and times are in English if no language is known', () => {
  const [day, time, author, user] = shown();
  expect(day).toBe('March 5, 2026');
  expect(time).toMatch(/^03:20\sPM$/);
  expect(author).toMatch(/^Ada, Mar 5, 2026, 3:20\sPM$/);
  expect(user).toMatch(/03:20\sPM/);
});
