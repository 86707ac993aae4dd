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

import type { IBaseProvider, IDocumentProvider } from '../tokens';

/**
 * One open and shared document.
 */
export interface IOpenDocument {
  /** The shared document. */
  readonly model: YDocument<DocumentChange>;
  /** What keeps it the same as the server's, maybe of another extension. */
  readonly base: IBaseProvider;
  /** The same, if it is one of ours: features that need one are absent else. */
  readonly provider: IDocumentProvider | null;
  /** The content type. */
  readonly contentType: string;
  /** The format. */
  readonly format: string;
  /** The local path; set when the file moves. */
  path: string;
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
export class OpenDocuments implements Iterable<IOpenDocument> {
  /**
   * The providers by `format:type:path`.
   */
  readonly providers = new Map<string, IBaseProvider>();

  /**
   * Iterate over the documents.
   */
  [Symbol.iterator](): Iterator<IOpenDocument> {
    return this._documents[Symbol.iterator]();
  }

  /**
   * Add a document.
   *
   * @param options What it was created with.
   */
  add(
    model: YDocument<DocumentChange>,
    base: IBaseProvider,
    options: Pick<IOpenDocument, 'contentType' | 'format' | 'path'>
  ): IOpenDocument {
    const { contentType, format, path } = options;
    const document = {
      model,
      base,
      provider: isDocumentProvider(base) ? base : null,
      contentType,
      format,
      path,
      isOpened: false,
      known: null
    };
    this._documents.add(document);
    this._index();
    return document;
  }

  /**
   * Remove a document.
   */
  remove(document: IOpenDocument): void {
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
  ): IOpenDocument | undefined {
    const fitting = this.at(path).filter(
      ({ contentType, format }) =>
        (!options.type || options.type === contentType) &&
        (!options.format || options.format === format)
    );
    return fitting.find(each => each.isOpened !== isNew) ?? fitting[0];
  }

  /**
   * All documents of one file.
   */
  at(path: string): IOpenDocument[] {
    return [...this._documents].filter(document => document.path === path);
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
      if (document.path === oldPath) {
        setPath(document, newPath);
        learn(document, { ...value, content: null });
      } else if (document.path.startsWith(`${oldPath}/`)) {
        setPath(document, newPath + document.path.slice(oldPath.length));
        learn(document, {
          last_modified: value.created,
          path: document.path
        });
      }
    }
    this._index();
  }

  /**
   * JupyterLab calls the file of a document by another path now.
   */
  rename(document: IOpenDocument, path: string): void {
    setPath(document, path);
    learn(document, { path });
    this._index();
  }

  private _index(): void {
    this.providers.clear();
    for (const document of this._documents) {
      this.providers.set(keyOf(document), document.base);
    }
  }

  private _documents = new Set<IOpenDocument>();
}

/**
 * JupyterLab is told something new about a document's file.
 */
export function learn(
  document: IOpenDocument,
  change: Partial<Contents.IModel>
): void {
  if (document.known) {
    document.known = { ...document.known, ...change };
  }
}

function setPath(document: IOpenDocument, path: string): void {
  document.path = path;
  if (document.provider) {
    document.provider.path = path;
  }
}

function keyOf({ contentType, format, path }: IOpenDocument): string {
  return `${format}:${contentType}:${path}`;
}

/**
 * Whether a provider has what those of this package have: others may have only
 * the public part.
 */
function isDocumentProvider(
  provider: IBaseProvider
): provider is IDocumentProvider {
  const { connection, saves } = provider as Partial<IDocumentProvider>;
  return connection !== undefined && saves !== undefined;
}
