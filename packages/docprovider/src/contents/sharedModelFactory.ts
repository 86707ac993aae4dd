// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Makes the shared documents of collaborative files.
 *
 * Knows which types of documents can be shared; knows nothing of connections.
 */

import type { ISharedModelFactory } from '@jupyter/collaborative-drive';
import type { DocumentChange, YDocument } from '@jupyter/ydoc';
import type { Contents, SharedDocumentFactory } from '@jupyterlab/services';

/**
 * The registry of shared document types.
 */
export class SharedModelFactory implements ISharedModelFactory {
  /**
   * @param _onCreate Called with each new shared document and its options.
   */
  constructor(
    private _onCreate: (
      options: Contents.ISharedFactoryOptions,
      model: YDocument<DocumentChange>
    ) => void
  ) {}

  /**
   * Whether the documents made here are shared with others.
   */
  readonly collaborative = true;

  /**
   * The factories by content type.
   */
  readonly documentFactories = new Map<
    Contents.ContentType,
    SharedDocumentFactory
  >();

  /**
   * Add the factory of a content type.
   *
   * @throws Error if the type has one.
   */
  registerDocumentFactory(
    type: Contents.ContentType,
    factory: SharedDocumentFactory
  ): void {
    if (this.documentFactories.has(type)) {
      throw new Error(`The content type ${type} has a document factory.`);
    }
    this.documentFactories.set(type, factory);
  }

  /**
   * Make a shared document.
   *
   * @returns The document, or `undefined` if it is not to be shared: then the
   * file is opened as without collaboration.
   */
  createNew(
    options: Contents.ISharedFactoryOptions
  ): YDocument<DocumentChange> | undefined {
    const factory = this.documentFactories.get(options.contentType);
    if (!options.collaborative || !options.format || !factory) {
      return undefined;
    }
    const model = factory(options);
    this._onCreate(options, model);
    return model;
  }
}
