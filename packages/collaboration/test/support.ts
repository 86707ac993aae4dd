// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * What tests share: two replicas of a text that exchange all they do.
 */

import type { TranslationBundle } from '@jupyterlab/translation';
import {
  applyAwarenessUpdate,
  Awareness,
  encodeAwarenessUpdate
} from 'y-protocols/awareness';
import * as Y from 'yjs';

/**
 * A person with a replica of a document.
 */
export interface IReplica {
  doc: Y.Doc;
  ytext: Y.Text;
  awareness: Awareness;
}

/**
 * Two connected replicas of a document with the given text.
 */
export function pair(text: string): [IReplica, IReplica] {
  const one = replica();
  const other = replica();
  connect(one, other);
  connect(other, one);
  one.ytext.insert(0, text);
  return [one, other];
}

/**
 * A bundle that translates nothing.
 */
export const trans: TranslationBundle = {
  __: (text: string, ...args: unknown[]) => filled(text, args),
  _n: (one: string, many: string, n: number, ...args: unknown[]) =>
    filled(n === 1 ? one : many, [n, ...args]),
  _p: (_: string, text: string, ...args: unknown[]) => filled(text, args),
  _np: (_: string, one: string, many: string, n: number, ...args: unknown[]) =>
    filled(n === 1 ? one : many, [n, ...args]),
  gettext: (text: string, ...args: unknown[]) => filled(text, args),
  ngettext: (one: string, many: string, n: number, ...args: unknown[]) =>
    filled(n === 1 ? one : many, [n, ...args]),
  pgettext: (_: string, text: string, ...args: unknown[]) => filled(text, args),
  npgettext: (
    _: string,
    one: string,
    many: string,
    n: number,
    ...args: unknown[]
  ) => filled(n === 1 ? one : many, [n, ...args]),
  dcnpgettext: (
    _domain: string,
    _: string,
    one: string,
    many: string,
    n: number,
    ...args: unknown[]
  ) => filled(n === 1 ? one : many, [n, ...args])
};

function filled(text: string, args: unknown[]): string {
  return text.replace(/%(\d)/g, (_, index) => String(args[Number(index) - 1]));
}

function replica(): IReplica {
  const doc = new Y.Doc();
  return { doc, ytext: doc.getText('source'), awareness: new Awareness(doc) };
}

function connect(from: IReplica, to: IReplica): void {
  from.doc.on('update', (update: Uint8Array, origin: unknown) => {
    if (origin !== 'network') {
      Y.applyUpdate(to.doc, update, 'network');
    }
  });
  from.awareness.on('update', (change: IChange, origin: unknown) => {
    if (origin !== 'network') {
      const clients = [...change.added, ...change.updated, ...change.removed];
      const update = encodeAwarenessUpdate(from.awareness, clients);
      applyAwarenessUpdate(to.awareness, update, 'network');
    }
  });
}

interface IChange {
  added: number[];
  updated: number[];
  removed: number[];
}
