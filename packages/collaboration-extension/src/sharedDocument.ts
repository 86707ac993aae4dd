// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The shared document that is looked at.
 */

import type {
  IDocumentProvider,
  IDocumentProviders
} from '@jupyter/docprovider';
import { VersionClient } from '@jupyter/docprovider';
import type { DocumentChange, YDocument } from '@jupyter/ydoc';
import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { IDocumentWidget } from '@jupyterlab/docregistry';
import type { ServerConnection } from '@jupyterlab/services';
import type { Widget } from '@lumino/widgets';

/**
 * A document that is open, and shared.
 */
export interface ISharedDocument {
  /** Where it is edited. */
  widget: IDocumentWidget;
  /** Its provider. */
  provider: IDocumentProvider;
  /** The shared document. */
  model: YDocument<DocumentChange>;
}

/**
 * Whether a widget shows a document.
 */
export function isDocument(widget: Widget | null): widget is IDocumentWidget {
  return widget !== null && 'context' in widget;
}

/**
 * The document that is looked at; `null` if it is none, or not shared.
 */
export function currentDocument(
  { shell }: JupyterFrontEnd,
  documents: IDocumentProviders
): ISharedDocument | null {
  const widget = shell.currentWidget;
  return isDocument(widget) ? sharedDocument(widget, documents) : null;
}

/**
 * The document of a widget; `null` if it is not shared.
 */
export function sharedDocument(
  widget: IDocumentWidget,
  documents: IDocumentProviders
): ISharedDocument | null {
  const model = widget.context.model.sharedModel as YDocument<DocumentChange>;
  const provider = documents.providerOf(model);
  return provider ? { widget, provider, model } : null;
}

/**
 * The id of the room of a document.
 */
export function roomOf({ ydoc }: YDocument<DocumentChange>): string {
  return String(ydoc.getMap('state').get('document_id'));
}

/**
 * What asks the server for the versions of a document.
 */
export function versionsOf(
  model: YDocument<DocumentChange>,
  settings: ServerConnection.ISettings
): VersionClient {
  return new VersionClient(roomOf(model), settings);
}
