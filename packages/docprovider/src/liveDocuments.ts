// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The documents that are open and shared, by path.
 *
 * Knows paths, and what JupyterLab was told about each file; knows nothing of
 * requests.
 */

import type { DocumentChange, YDocument } from '@jupyter/ydoc';
import type { Contents } from '@jupyterlab/services';

import type { IDocumentProvider } from './tokens';

/**
 * One open and shared document.
 */
export interface ILiveDocument {
  /** The shared document. */
  readonly model: YDocument<DocumentChange>;
  /** Its provider, which holds its path. */
  readonly provider: IDocumentProvider;
  /** Whether JupyterLab has got its first answer for it. */
  isOpened: boolean;
  /**
   * The file as JupyterLab knows it, without content; `null` before that.
   *
   * JupyterLab compares this with what it is told before a save, and where the
   * two differ it asks the user whether to overwrite the file.
   */
  known: Contents.IModel | null;
}

/**
 * All open and shared documents.
 */
export class LiveDocuments implements Iterable<ILiveDocument> {
  /**
   * The providers by `format:type:path`.
   */
  readonly providers = new Map<string, IDocumentProvider>();

  /**
   * Iterate over the documents.
   */
  [Symbol.iterator](): Iterator<ILiveDocument> {
    return this._documents[Symbol.iterator]();
  }

  /**
   * Add a document.
   */
  add(
    model: YDocument<DocumentChange>,
    provider: IDocumentProvider
  ): ILiveDocument {
    const document = { model, provider, isOpened: false, known: null };
    this._documents.add(document);
    this.providers.set(keyOf(provider), provider);
    return document;
  }

  /**
   * Remove a document.
   */
  remove(document: ILiveDocument): void {
    this._documents.delete(document);
    this._index();
  }

  /**
   * Find a document.
   *
   * Where several fit, one that was not opened yet comes first if `isNew`.
   *
   * @param options The type and the format, where they matter.
   */
  find(
    path: string,
    options: { type?: string; format?: string | null } = {},
    isNew = false
  ): ILiveDocument | undefined {
    const fitting = this.at(path).filter(
      ({ provider }) =>
        (!options.type || options.type === provider.contentType) &&
        (!options.format || options.format === provider.format)
    );
    return fitting.find(each => each.isOpened !== isNew) ?? fitting[0];
  }

  /**
   * All documents of one file.
   */
  at(path: string): ILiveDocument[] {
    return [...this._documents].filter(
      ({ provider }) => provider.path === path
    );
  }

  /**
   * A file or a folder has another path now.
   *
   * What is known changes exactly as it does in JupyterLab.
   *
   * @param oldPath Its path before.
   * @param value What the server says about it.
   */
  move(oldPath: string, value: Partial<Contents.IModel>): void {
    const newPath = value.path ?? oldPath;
    for (const document of this._documents) {
      const { provider } = document;
      if (provider.path === oldPath) {
        provider.path = newPath;
        learn(document, { ...value, content: null });
      } else if (provider.path.startsWith(`${oldPath}/`)) {
        provider.path = newPath + provider.path.slice(oldPath.length);
        learn(document, {
          last_modified: value.created,
          path: provider.path
        });
      }
    }
    this._index();
  }

  /**
   * JupyterLab calls the file of a document by another path now.
   */
  rename(document: ILiveDocument, path: string): void {
    document.provider.path = path;
    learn(document, { path });
    this._index();
  }

  private _index(): void {
    this.providers.clear();
    for (const { provider } of this._documents) {
      this.providers.set(keyOf(provider), provider);
    }
  }

  private _documents = new Set<ILiveDocument>();
}

/**
 * JupyterLab is told something new about a document's file.
 */
export function learn(
  document: ILiveDocument,
  change: Partial<Contents.IModel>
): void {
  if (document.known) {
    document.known = { ...document.known, ...change };
  }
}

function keyOf(provider: IDocumentProvider): string {
  return `${provider.format}:${provider.contentType}:${provider.path}`;
}
