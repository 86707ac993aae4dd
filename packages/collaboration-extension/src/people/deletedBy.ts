// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Finds out who deleted the cell that the user was in. [P9]
 */

import type { IVersionPage } from '@jupyter/docprovider';
import type { TranslationBundle } from '@jupyterlab/translation';

/** How often, and how many times, the server is asked for its newest version. */
const PAUSE = 300;
const TRIES = 10;

/** By how much the known time of the server may be off (s), with the time that an edit takes to arrive. */
const INEXACT = 2;

/**
 * Read the newest version, once it includes a deletion.
 *
 * A deletion is seen before it is in the history, and a busy server makes
 * versions a moment after the first question: the newest version may still be
 * what somebody else did before.
 *
 * @param ask Asks the server for a page that begins with the newest version.
 * @param since When the deletion was seen, in seconds by the server's clock.
 * @param pause The time between two questions (ms).
 * @returns The page; `null` if no version includes the deletion in time.
 */
export async function newestVersions(
  ask: () => Promise<IVersionPage>,
  since: number,
  pause = PAUSE
): Promise<IVersionPage | null> {
  for (let tries = 0; tries < TRIES; tries++) {
    const page = await ask();
    const [newest] = page.versions;
    if (
      page.complete &&
      newest?.end >= since - INEXACT &&
      newest.changes.cells?.removed?.length
    ) {
      return page;
    }
    await new Promise(resolve => setTimeout(resolve, pause));
  }
  return null;
}

/**
 * A sentence about the newest version; `null` if it does not say who it was.
 *
 * @param page The newest versions, read right after the deletion.
 * @param username The user, in whose page somebody else deleted the cell.
 * @param trans Translates the sentence.
 */
export function deletedBy(
  { people, versions: [newest] }: IVersionPage,
  username: string,
  trans: TranslationBundle
): string | null {
  switch (newest?.kind) {
    case 'disk':
      return trans.__('Another program deleted the cell you were in.');
    case 'edit':
    case 'run': {
      const [author, ...more] = newest.authors.filter(
        name => name !== username
      );
      const name = more.length ? undefined : people[author];
      return name === undefined
        ? null
        : trans.__('%1 deleted the cell you were in.', name);
    }
    default:
      return null;
  }
}
