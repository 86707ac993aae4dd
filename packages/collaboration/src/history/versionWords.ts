// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * What a version is and changed, in the words of the user.
 *
 * Pure: a version in, a text out.
 */

import type { IKept, IVersion } from '@jupyter/docprovider';
import type { TranslationBundle } from '@jupyterlab/translation';
import { language } from '../status/language';

/** Numbers of cells that are named one by one. */
const MOST_NUMBERS = 4;

/**
 * Whether a version ended today.
 *
 * @param now The time now, in milliseconds since the epoch.
 */
export function isToday(
  { end }: Pick<IVersion, 'end'>,
  now = Date.now()
): boolean {
  return new Date(end * 1000).toDateString() === new Date(now).toDateString();
}

/**
 * The day of a version: today, yesterday or a date.
 *
 * @param now The time now, in milliseconds since the epoch.
 */
export function dayOf(
  version: Pick<IVersion, 'end'>,
  trans: TranslationBundle,
  now = Date.now()
): string {
  const date = new Date(version.end * 1000);
  const yesterday = new Date(now);
  yesterday.setDate(yesterday.getDate() - 1);
  if (isToday(version, now)) {
    return trans.__('Today');
  }
  if (date.toDateString() === yesterday.toDateString()) {
    return trans.__('Yesterday');
  }
  return date.toLocaleDateString(language(), {
    day: 'numeric',
    month: 'long',
    year: 'numeric'
  });
}

/**
 * The time of day at which a version ended.
 */
export function timeOf(version: Pick<IVersion, 'end'>): string {
  return new Date(version.end * 1000).toLocaleTimeString(language(), {
    hour: '2-digit',
    minute: '2-digit'
  });
}

/**
 * What sort of version it is.
 */
export function kindInWords(kind: string, trans: TranslationBundle): string {
  switch (kind) {
    case 'disk':
      return trans.__('Changed on disk');
    case 'import':
      return trans.__('Older history');
    case 'load':
      return trans.__('Opened');
    case 'restore':
      return trans.__('Restored');
    case 'run':
      return trans.__('Run');
    case 'server':
      return trans.__('Repaired');
    case 'squashed':
      return trans.__('Everything before');
  }
  return trans.__('Edited');
}

/**
 * How much of a history is kept.
 *
 * @param kept As the server says it; `null` if nothing is kept on disk.
 */
export function keptInWords(
  kept: IKept | null,
  trans: TranslationBundle
): string {
  if (!kept) {
    return trans.__('This history is not kept on disk.');
  }
  const detail = trans._n(
    'Kept: %1 day in detail, then a version a day, up to %2 MB.',
    'Kept: %1 days in detail, then a version a day, up to %2 MB.',
    Math.round(kept.detail_days),
    Math.ceil(kept.document_bytes / 2 ** 20)
  );
  if (kept.squash_after === null) {
    return detail;
  }
  const hours = Math.max(1, Math.round(kept.squash_after / 3600));
  const squash = trans._n(
    'A document that is closed for %1 hour keeps its last version only.',
    'A document that is closed for %1 hours keeps its last version only.',
    hours
  );
  return `${detail} ${squash}`;
}

/**
 * What is shown of a version in two lines, in which nothing stands twice.
 */
export interface IVersionLines {
  /** Its name, its authors, or else what sort of version it is. */
  title: string;
  /** What it changed, and what else is known of it; possibly empty. */
  details: string;
}

/**
 * A version in two lines.
 *
 * @param authors The names of its authors.
 */
export function versionLines(
  version: IVersion,
  authors: readonly string[],
  trans: TranslationBundle
): IVersionLines {
  const kind = kindInWords(version.kind, trans);
  const who = [...new Set(authors)].join(', ');
  const title = version.name || who || kind;
  const details = [
    saysKind(version) ? kind : '',
    ...changedParts(version, trans)
  ];
  if (version.name && who) {
    details.unshift(who);
  }
  return {
    title,
    details: details.filter(part => part && part !== title).join(' · ')
  };
}

/**
 * How much a version changed, and where.
 */
export function changesInWords(
  version: IVersion,
  trans: TranslationBundle
): string {
  const parts = changedParts(version, trans);
  if (saysKind(version)) {
    parts.unshift(kindInWords(version.kind, trans));
  }
  return parts.join(' · ');
}

/**
 * Whether its kind says more of a version than its changes do.
 */
function saysKind({ changes, kind }: IVersion): boolean {
  return kind !== 'edit' && !(kind === 'run' && changes.cells?.run?.length);
}

function changedParts(version: IVersion, trans: TranslationBundle): string[] {
  const { cells = {}, lines, metadata } = version.changes;
  const edited = [
    ...new Set([...(cells.changed ?? []), ...(cells.other ?? [])])
  ].sort((a, b) => a - b);
  const named = (numbers: number[]) => inWords(numbers, trans);
  const parts: string[] = [];
  if (edited.length) {
    parts.push(trans._n('cell %2', 'cells %2', edited.length, named(edited)));
  }
  const { added, moved, removed, run } = cells;
  if (added?.length) {
    parts.push(
      trans._n('added cell %2', 'added cells %2', added.length, named(added))
    );
  }
  if (removed?.length) {
    parts.push(
      trans._n(
        'removed cell %2',
        'removed cells %2',
        removed.length,
        named(removed)
      )
    );
  }
  if (moved?.length) {
    parts.push(
      trans._n('moved cell %2', 'moved cells %2', moved.length, named(moved))
    );
  }
  if (run?.length) {
    parts.push(trans._n('ran cell %2', 'ran cells %2', run.length, named(run)));
  }
  if (lines && (lines.added || lines.removed)) {
    parts.push(`+${lines.added} −${lines.removed}`);
  }
  if (metadata) {
    parts.push(trans.__('metadata'));
  }
  return parts;
}

function inWords(numbers: number[], trans: TranslationBundle): string {
  const shown = numbers.slice(0, MOST_NUMBERS).map(String);
  if (numbers.length > MOST_NUMBERS) {
    return trans.__(
      '%1 and %2 more',
      shown.join(', '),
      numbers.length - MOST_NUMBERS
    );
  }
  const last = shown.pop() as string;
  return shown.length ? trans.__('%1 and %2', shown.join(', '), last) : last;
}
