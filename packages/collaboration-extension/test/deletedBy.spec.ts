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

// [P9] [V3]
it('The newest version is asked for until the server has made it', async () => {
  const pages = [false, false, true].map(
    complete => ({ complete, people: {}, versions: [] }) as unknown
  ) as IVersionPage[];
  const asked = vi.fn(async () => pages[asked.mock.calls.length - 1]);
  expect(await newestVersions(asked, 0)).toBe(pages[2]);
  expect(asked).toHaveBeenCalledTimes(3);
});

it('A version that is never made is not waited for', async () => {
  const page = { complete: false } as IVersionPage;
  expect(await newestVersions(async () => page, 0)).toBeNull();
});
