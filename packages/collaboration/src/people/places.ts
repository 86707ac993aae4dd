// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Where people are in an open document: told in words, gone to, and told to
 * others.
 */

import type { TranslationBundle } from '@jupyterlab/translation';

/**
 * What is seen of a document: where its upper edge is.
 */
export interface ISeen {
  /** The cell at the edge; none in a file. */
  cell?: string;
  /** How much of the cell is above the edge, from 0 to 1. */
  part?: number;
  /** The line at the edge, from 0; none in a notebook. */
  line?: number;
}

/**
 * The presence of somebody, as it came.
 */
export type PresenceState = Record<string, unknown>;

/**
 * The places of a document.
 */
export interface IDocumentPlaces {
  /**
   * Where somebody is, in words; `null` if that is not known.
   */
  describe(state: PresenceState, trans: TranslationBundle): string | null;

  /**
   * Show where somebody is; the own caret stays where it is.
   *
   * @returns Whether that is known.
   */
  jump(state: PresenceState): boolean;

  /**
   * What the user sees.
   */
  seen(): ISeen | null;

  /**
   * See what somebody else sees.
   */
  see(seen: ISeen): void;
}

/**
 * What somebody sees, as their presence has it.
 */
export function seenOf(state: PresenceState): ISeen | null {
  const seen = state.seen as ISeen | null | undefined;
  if (typeof seen !== 'object' || seen === null) {
    return null;
  }
  const { cell, line, part } = seen;
  return {
    ...(typeof cell === 'string' ? { cell } : {}),
    ...(isNumber(part) ? { part: Math.min(1, Math.max(0, part)) } : {}),
    ...(isNumber(line) ? { line: Math.max(0, Math.floor(line)) } : {})
  };
}

/**
 * The cell in which somebody is; `null` if that is not known.
 */
export function cellOf(state: PresenceState): string | null {
  return typeof state.cell === 'string' ? state.cell : null;
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}
