// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * What others changed in a document since the user last saw it. [V11]
 *
 * Pure: versions in, values and texts out.
 */

import type { IVersion } from '@jupyter/docprovider';
import type { TranslationBundle } from '@jupyterlab/translation';

import { language } from '../status/language';
import { isToday, timeOf } from './versionWords';

/** Kinds of versions that change nothing users would look for. */
const QUIET_KINDS = ['import', 'load', 'server', 'squashed'];

/**
 * What others changed.
 */
export interface IChangesSince {
  /** When the user last saw the document, in seconds since the epoch. */
  since: number;
  /** The usernames of those who changed it. */
  authors: string[];
  /** Whether another program did. */
  isByPrograms: boolean;
  /** How many lines were added and removed. */
  added: number;
  removed: number;
}

/**
 * What others changed since a time; `null` if nothing.
 *
 * @param versions The versions, newest first.
 * @param since The time, in seconds since the epoch.
 * @param username The user's own name.
 */
export function changesSince(
  versions: readonly IVersion[],
  since: number,
  username: string
): IChangesSince | null {
  const found: IChangesSince = {
    since,
    authors: [],
    isByPrograms: false,
    added: 0,
    removed: 0
  };
  const authors = new Set<string>();
  for (const { authors: all, changes, end, kind } of versions) {
    const others = all.filter(author => author !== username);
    const isByPrograms = kind === 'disk';
    if (
      end > since &&
      !QUIET_KINDS.includes(kind) &&
      (isByPrograms || others.length)
    ) {
      others.forEach(author => authors.add(author));
      found.isByPrograms ||= isByPrograms;
      found.added += changes.lines?.added ?? 0;
      found.removed += changes.lines?.removed ?? 0;
    }
  }
  found.authors = [...authors];
  return authors.size || found.isByPrograms ? found : null;
}

/**
 * The newest version that the user had seen; the oldest one if none was.
 *
 * @param versions The versions, newest first.
 * @param since When the user last saw the document.
 */
export function versionSeen(
  versions: readonly IVersion[],
  since: number
): IVersion | undefined {
  return (
    versions.find(({ end }) => end <= since) ?? versions[versions.length - 1]
  );
}

/**
 * What others changed, in words.
 *
 * @param name The name of the file.
 * @param nameOf The display name of a user.
 * @param now The time now, in milliseconds since the epoch.
 */
export function changesSinceInWords(
  changes: IChangesSince,
  name: string,
  nameOf: (username: string) => string,
  trans: TranslationBundle,
  now = Date.now()
): string {
  const { added, authors, isByPrograms, removed, since } = changes;
  const names = authors.map(nameOf);
  if (isByPrograms) {
    names.push(trans.__('another program'));
  }
  const who = new Intl.ListFormat(language()).format(names);
  const visit = { end: since };
  const text = isToday(visit, now)
    ? trans.__(
        '%2 changed %1 since your last visit at %3.',
        name,
        who,
        timeOf(visit)
      )
    : trans.__(
        '%2 changed %1 since your last visit on %3.',
        name,
        who,
        new Date(since * 1000).toLocaleDateString(language(), {
          dateStyle: 'long'
        })
      );
  const words = [
    ...(added ? [trans._n('%1 line added', '%1 lines added', added)] : []),
    ...(removed
      ? [trans._n('%1 line removed', '%1 lines removed', removed)]
      : [])
  ];
  return words.length ? `${text} ${words.join(', ')}.` : text;
}
