// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * What a version is and changed, in the words of the user.
 *
 * Pure: a version in, a text out.
 */

import type { IKept, IVersion } from '@jupyter/docprovider';
import type { TranslationBundle } from '@jupyterlab/translation';

/** Numbers of cells that are named one by one. */
const MOST_NUMBERS = 4;

/**
 * The day of a version: today, yesterday or a date.
 *
 * @param now The time now, in milliseconds since the epoch.
 */
export function dayOf(
  version: IVersion,
  trans: TranslationBundle,
  now = Date.now()
): string {
  const date = new Date(version.end * 1000);
  const yesterday = new Date(now);
  yesterday.setDate(yesterday.getDate() - 1);
  switch (date.toDateString()) {
    case new Date(now).toDateString():
      return trans.__('Today');
    case yesterday.toDateString():
      return trans.__('Yesterday');
  }
  return date.toLocaleDateString(undefined, {
    day: 'numeric',
    month: 'long',
    year: 'numeric'
  });
}

/**
 * The time of day at which a version ended.
 */
export function timeOf(version: IVersion): string {
  return new Date(version.end * 1000).toLocaleTimeString(undefined, {
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
  const days = trans._n(
    'Kept: %1 day in detail, then a version a day',
    'Kept: %1 days in detail, then a version a day',
    Math.round(kept.detail_days)
  );
  const size = trans.__(
    ', up to %1 MB.',
    Math.ceil(kept.document_bytes / 2 ** 20)
  );
  if (kept.squash_after === null) {
    return days + size;
  }
  const hours = Math.max(1, Math.round(kept.squash_after / 3600));
  return (
    days +
    size +
    ' ' +
    trans._n(
      'A document that is closed for %1 hour keeps its last version only.',
      'A document that is closed for %1 hours keeps its last version only.',
      hours
    )
  );
}

/**
 * How much a version changed, and where.
 */
export function changesInWords(
  version: IVersion,
  trans: TranslationBundle
): string {
  const { cells = {}, lines, metadata } = version.changes;
  const parts: string[] = [];
  if (version.kind !== 'edit') {
    parts.push(kindInWords(version.kind, trans));
  }
  const say = (numbers: number[] | undefined, one: string, more: string) => {
    if (numbers?.length) {
      const named = inWords(numbers, trans);
      parts.push(numbers.length === 1 ? one + named : more + named);
    }
  };
  const edited = new Set([...(cells.changed ?? []), ...(cells.other ?? [])]);
  say(
    [...edited].sort((a, b) => a - b),
    trans.__('cell '),
    trans.__('cells ')
  );
  say(cells.added, trans.__('added cell '), trans.__('added cells '));
  say(cells.removed, trans.__('removed cell '), trans.__('removed cells '));
  say(cells.moved, trans.__('moved cell '), trans.__('moved cells '));
  say(cells.run, trans.__('ran cell '), trans.__('ran cells '));
  if (lines && (lines.added || lines.removed)) {
    parts.push(`+${lines.added} −${lines.removed}`);
  }
  if (metadata) {
    parts.push(trans.__('metadata'));
  }
  return parts.join(' · ');
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
