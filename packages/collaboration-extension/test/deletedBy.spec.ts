// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import type { IVersionPage } from '@jupyter/docprovider';
import { nullTranslator } from '@jupyterlab/translation';
import { expect, it, vi } from 'vitest';

import { deletedBy, newestVersions } from '../src/people/deletedBy';

const trans = nullTranslator.load('jupyter_collaboration');
const ADA = 'Ada deleted the cell you were in.';

// [P9]
it.each([
  ['edit', ['ada'], ADA],
  ['edit', ['grace', 'ada'], ADA],
  ['run', ['ada'], ADA],
  ['edit', ['grace'], null],
  ['edit', ['ada', 'linus'], null],
  ['edit', ['unknown'], null],
  ['edit', [], null],
  ['disk', [], 'Another program deleted the cell you were in.'],
  ['disk', ['ada'], 'Another program deleted the cell you were in.'],
  ['restore', ['ada'], null],
  ['load', [], null]
])('A deletion in a version "%s" by %j is "%s"', (kind, authors, sentence) => {
  const people = { ada: 'Ada', grace: 'Grace', linus: 'Linus' };
  const page = { people, versions: [{ kind, authors }] };
  expect(deletedBy(page as unknown as IVersionPage, 'grace', trans)).toBe(
    sentence
  );
});

it('A deletion without a history is by nobody that is known', () => {
  const page = { people: {}, versions: [] } as unknown as IVersionPage;
  expect(deletedBy(page, 'grace', trans)).toBeNull();
});

const removed = { cells: { removed: [2] } };

function page(complete: boolean, ...versions: object[]): IVersionPage {
  return { complete, people: {}, versions } as unknown as IVersionPage;
}

// [P9] [V3]
it('The newest version is asked for until the server has made it', async () => {
  const version = { end: 100, changes: removed };
  const pages = [page(false, version), page(false), page(true, version)];
  const asked = vi.fn(async () => pages[asked.mock.calls.length - 1]);
  expect(await newestVersions(asked, 100, 0)).toBe(pages[2]);
  expect(asked).toHaveBeenCalledTimes(3);
});

// [P9] The deletion by Ada was seen before the history had it.
it('What another program did before is not taken for the deletion', async () => {
  const pages = [
    page(true, { kind: 'disk', end: 99, changes: { cells: { changed: [1] } } }),
    page(true, { kind: 'disk', end: 90, changes: removed }),
    page(true, { kind: 'disk', end: 99, changes: {} }),
    page(true),
    page(true, { kind: 'edit', end: 100.5, changes: removed })
  ];
  const asked = vi.fn(async () => pages[asked.mock.calls.length - 1]);
  expect(await newestVersions(asked, 100, 0)).toBe(pages[4]);
});

it('A version that is never made is not waited for', async () => {
  expect(await newestVersions(async () => page(false), 100, 0)).toBeNull();
});
