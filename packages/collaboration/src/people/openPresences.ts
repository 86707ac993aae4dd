// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The presence of the open documents, for other extensions.
 */

import type { IDocumentWidget } from '@jupyterlab/docregistry';
import { Token } from '@lumino/coreutils';
import type { ISignal } from '@lumino/signaling';

import type { Following } from '../follow/following';
import type { DocumentPresence } from './documentPresence';

/**
 * The presence of one open document.
 */
export interface IOpenPresence {
  /** Where it is shown. */
  widget: IDocumentWidget;
  /** Who is in it. */
  presence: DocumentPresence;
  /** Whom the user follows in it. */
  following: Following;
}

/**
 * The presences of all open documents.
 */
export interface IPresences {
  /** Of the document that is looked at; `null` if it is not shared. */
  readonly current: IOpenPresence | null;
  /** Of all documents. */
  readonly all: IOpenPresence[];
  /** A signal emitted when a document was opened. */
  readonly opened: ISignal<IPresences, IOpenPresence>;
  /** Of a document; `null` if it is not shared, of another kind, or closed. */
  of(widget: IDocumentWidget): IOpenPresence | null;
}

/**
 * The token of the presence of documents.
 */
export const IPresences = new Token<IPresences>(
  '@jupyter/collaboration:IPresences',
  'Who is in the documents that are open, where they are, and whom the user follows.'
);
