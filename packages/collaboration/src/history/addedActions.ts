// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * What other extensions let users do with the versions of documents.
 */

import type {
  IDocumentProvider,
  IVersion,
  Timeline
} from '@jupyter/docprovider';
import type { DocumentChange, YDocument } from '@jupyter/ydoc';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import { Token } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';

/**
 * A document, and its versions.
 */
export interface IVersionedDocument {
  /** Its context, which all its views share. */
  context: DocumentRegistry.Context;
  /** Its provider. */
  provider: IDocumentProvider;
  /** The shared document. */
  model: YDocument<DocumentChange>;
  /** Its versions, which can be read, named and restored. */
  timeline: Timeline;
}

/**
 * Something that users can do with a version of a document.
 */
export interface IAddedVersionAction {
  /** A word for it, as it is shown in the menu of a version. */
  label: string;
  /** Whether it can be done with a document now; by default always. */
  isVisible?: (document: IVersionedDocument) => boolean;
  /** Do it. */
  run(version: IVersion, document: IVersionedDocument): void;
}

/**
 * The actions that other extensions add to the menu of each version.
 */
export interface IVersionActions {
  /** What was added, in the order in which it is shown. */
  readonly added: readonly IAddedVersionAction[];
  /** A signal emitted when `added` changed. */
  readonly changed: ISignal<IVersionActions, void>;
  /**
   * Add an action.
   *
   * @returns What removes it again.
   */
  add(action: IAddedVersionAction): IDisposable;
}

/**
 * The token of these actions.
 */
export const IVersionActions = new Token<IVersionActions>(
  '@jupyter/collaboration:IVersionActions',
  'What users can do with the versions of documents, to which others may add.'
);
