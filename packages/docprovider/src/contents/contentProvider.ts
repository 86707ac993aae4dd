// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Serves shared documents to JupyterLab as it serves files.
 *
 * Knows what JupyterLab's document context expects of `get`, `save` and
 * `fileChanged`; knows nothing of messages, widgets and dialogs. The content
 * of a shared document never passes here: it comes through its provider.
 */

import type { ICollaborativeContentProvider } from '@jupyter/collaborative-drive';
import type { DocumentChange, StateChange, YDocument } from '@jupyter/ydoc';
import type {
  Contents,
  IContentProvider,
  ServerConnection,
  User
} from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';
import { DisposableDelegate } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import * as Y from 'yjs';

import type { IOpenDocument } from './openDocuments';
import { learn, OpenDocuments } from './openDocuments';
import { SaveError } from '../session/requests';
import { SharedModelFactory } from './sharedModelFactory';
import { editWhatDiffers } from './smallEdits';
import type {
  IBaseProvider,
  IDocumentProvider,
  IDocumentProviderFactory,
  IDocumentProviders,
  IRefusedEdits
} from '../tokens';

/** The failures of a save that the status or a notification tells of. */
const TOLD_ELSEWHERE = ['deleted', 'read_only', 'viewer'];

/**
 * The content provider of collaborative documents.
 */
export class RtcContentProvider
  implements ICollaborativeContentProvider, IDocumentProviders, IDisposable
{
  /**
   * @param _options See the interface.
   */
  constructor(private _options: RtcContentProvider.IOptions) {
    this.sharedModelFactory = new SharedModelFactory((options, model) =>
      this._onCreate(options, model)
    );
    _options.drive.fileChanged.connect(this._onFileChanged, this);
  }

  /**
   * The registry of shared document types.
   */
  readonly sharedModelFactory: SharedModelFactory;

  /**
   * The providers of open documents by `format:type:path`.
   */
  get providers(): Map<string, IBaseProvider> {
    return this._documents.providers;
  }

  get all(): IDocumentProvider[] {
    return [...this._documents].flatMap(({ provider }) => provider ?? []);
  }

  /**
   * A signal emitted when a document was shared for the first time.
   */
  get opened(): ISignal<this, IDocumentProvider> {
    return this._opened;
  }

  /**
   * A signal emitted when a user wanted to save a document and has view-only
   * access, or its file is read-only.
   */
  get saveDenied(): ISignal<this, IDocumentProvider> {
    return this._saveDenied;
  }

  /**
   * A signal emitted when the server wrote, renamed or moved a shared file.
   */
  get fileChanged(): ISignal<this, Contents.IChangedArgs> {
    return this._fileChanged;
  }

  /**
   * Whether the content provider is disposed.
   */
  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /**
   * The provider of a shared document.
   */
  providerOf(model: unknown): IDocumentProvider | undefined {
    return this._documentOf(model)?.provider ?? undefined;
  }

  /**
   * Say that JupyterLab calls a shared document by another path now.
   *
   * It may learn a new path elsewhere, from the kernel's session; what it saves
   * under that path must still go to the server's document. [F8]
   */
  setPath(model: unknown, path: string): void {
    const document = this._documentOf(model);
    if (document && document.path !== path) {
      this._documents.rename(document, path);
    }
  }

  /**
   * Announce no saves by the server until the returned object is disposed.
   *
   * While a *Save As* is in progress, JupyterLab takes any saved file for the
   * copy: it closes the document, and opens that file.
   */
  holdSaves(): IDisposable {
    this._holds += 1;
    return new DisposableDelegate(() => {
      this._holds -= 1;
      if (this._holds === 0) {
        const saves = [...this._heldSaves.values()];
        this._heldSaves.clear();
        saves.forEach(change => this._fileChanged.emit(change));
      }
    });
  }

  /**
   * Get a file.
   *
   * For a shared document: with content, wait until it is synchronized or, if
   * it is open already, have the server read the file again; the answer has no
   * content. Without content, repeat what JupyterLab knows about the file:
   * changes on disk are the server's to merge. [F4]
   *
   * @throws RefusedError if the server refuses the document.
   * @throws SaveError if the server could not read the file again.
   */
  async get(
    path: string,
    options: Contents.IFetchOptions = {}
  ): Promise<Contents.IModel> {
    const wantsContent = options.content !== false;
    const document = this._documents.find(path, options, wantsContent);
    if (!document) {
      return this._options.files.get(path, withoutProvider(options));
    }
    if (!wantsContent) {
      return document.known ?? this._ask(document);
    }
    if (document.isOpened) {
      await document.provider?.saves.revert();
    } else {
      await document.base.ready;
      document.isOpened = true;
    }
    document.known = await this._ask(document);
    return document.known;
  }

  /**
   * Save a file.
   *
   * A shared document is written by the server, from what it has. [F2]
   *
   * @throws SaveError if the server could not write the file.
   */
  async save(
    path: string,
    options: Partial<Contents.IModel> & Contents.IContentProvisionOptions = {}
  ): Promise<Contents.IModel> {
    const document = this._documents.find(path, options);
    if (!document?.known) {
      return this._options.files.save(path, withoutProvider(options));
    }
    const { hash } = await this._save(document);
    let model: Contents.IModel;
    try {
      model = await this._ask(document);
    } catch {
      // It is written all the same.
      model = { ...document.known, ...(hash ? { hash } : {}) };
    }
    this._documents.at(path).forEach(each => learn(each, model));
    return model;
  }

  /**
   * The content of a shared document, as the Contents API takes it.
   *
   * @param provider The provider of the document.
   * @param edits Edits that the server did not take; by default the content is
   * that of the document as it is.
   * @throws Error if the document is not open, or its type not known.
   */
  contentOf(
    provider: IDocumentProvider,
    edits?: Pick<IRefusedEdits, 'state'>
  ): Pick<Contents.IModel, 'content' | 'format' | 'type'> {
    const { contentType: type, path } = provider;
    const format = provider.format as Contents.FileFormat;
    const open = this._documents
      .at(path)
      .find(each => each.provider === provider);
    if (!edits && open) {
      return { content: open.model.getSource(), format, type };
    }
    const create = this.sharedModelFactory.documentFactories.get(type);
    const model = create?.({
      path,
      contentType: type,
      format,
      collaborative: false
    });
    if (!edits || !model) {
      throw new Error(`There is no document at ${path}.`);
    }
    try {
      Y.applyUpdate(model.ydoc, edits.state);
      return { content: model.getSource(), format, type };
    } finally {
      model.dispose();
    }
  }

  /**
   * Save a copy of a shared document as an ordinary file.
   *
   * @param provider The provider of the document.
   * @param path The local path of the copy.
   * @param edits See `contentOf`.
   * @returns Whether it was saved; it is not where a file is already.
   * @throws Error if the server could not save it.
   */
  async saveCopy(
    provider: IDocumentProvider,
    path: string,
    edits?: Pick<IRefusedEdits, 'state'>
  ): Promise<boolean> {
    const { drive } = this._options;
    try {
      await drive.get(path, { content: false });
      return false;
    } catch (error) {
      const { response } = error as { response?: Response };
      if (response?.status !== 404) {
        throw error;
      }
    }
    await drive.save(path, this.contentOf(provider, edits));
    return true;
  }

  /**
   * Dispose the providers of all documents.
   */
  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._options.drive.fileChanged.disconnect(this._onFileChanged, this);
    for (const document of this._documents) {
      document.base.dispose();
      this._documents.remove(document);
    }
    Signal.clearData(this);
  }

  private _documentOf(model: unknown): IOpenDocument | undefined {
    for (const document of this._documents) {
      if (document.model === model) {
        return document;
      }
    }
    return undefined;
  }

  private async _save(document: IOpenDocument): Promise<{ hash?: string }> {
    const { base, provider } = document;
    if (!provider) {
      await base.save?.(); // without it, the server saves by itself
      return {};
    }
    try {
      return await provider.saves.save();
    } catch (error) {
      if (
        error instanceof SaveError &&
        (error.isConnectionLost || TOLD_ELSEWHERE.includes(error.code))
      ) {
        // Under this name JupyterLab shows no dialog, which would take the
        // keyboard from the user; the status tells instead. [M10] [F8]
        error.name = 'ModalCancelError';
        if (error.code === 'read_only' || error.code === 'viewer') {
          this._saveDenied.emit(provider);
        }
      }
      throw error;
    }
  }

  /**
   * What the server says about a document's file.
   */
  private async _ask(document: IOpenDocument): Promise<Contents.IModel> {
    const { path, contentType, format } = document;
    const model = await this._options.files.get(path, {
      type: contentType,
      content: false,
      hash: true
    });
    return {
      ...model,
      // The role tells who may change the document, and follows what changes.
      writable: true,
      content: null,
      format: format as Contents.FileFormat,
      type: contentType
    };
  }

  private _onCreate(
    options: Contents.ISharedFactoryOptions,
    model: YDocument<DocumentChange>
  ): void {
    const { drive, providerFactory, serverSettings, translator, user } =
      this._options;
    const created = {
      path: options.path,
      contentType: options.contentType,
      format: options.format ?? 'text'
    };
    const base = providerFactory.create({
      ...created,
      model,
      user,
      translator,
      serverSettings,
      drive
    });
    const document = this._documents.add(model, base, created);
    editWhatDiffers(model);
    model.changed.connect((_, change) => {
      (change.stateChange ?? []).forEach((each: StateChange<unknown>) =>
        this._onStateChanged(document, each)
      );
    });
    model.disposed.connect(() => {
      base.dispose();
      this._documents.remove(document);
    });
    if (document.provider) {
      this._opened.emit(document.provider);
    }
  }

  /**
   * The server has written or renamed the file of a document.
   */
  private _onStateChanged(
    document: IOpenDocument,
    { name, newValue }: StateChange<unknown>
  ): void {
    if (!document.known || typeof newValue !== 'string') {
      return;
    }
    const { path } = document;
    if (name === 'hash' && newValue !== document.known.hash) {
      const value = { hash: newValue, last_modified: new Date().toISOString() };
      this._documents.at(path).forEach(each => learn(each, value));
      this._announceSave({ ...document.known, ...value, path });
    } else if (name === 'path') {
      void this._follow(document, newValue.replace(/^\/+/, ''));
    }
  }

  private _announceSave(newValue: Contents.IModel): void {
    const change = { type: 'save', oldValue: null, newValue } as const;
    if (this._holds) {
      this._heldSaves.set(newValue.path, change);
    } else {
      this._fileChanged.emit(change);
    }
  }

  /**
   * Follow a document to another path, if the server has a file there. [F8]
   */
  private async _follow(document: IOpenDocument, path: string): Promise<void> {
    const oldPath = document.path;
    if (path === oldPath) {
      return;
    }
    let model: Contents.IModel;
    try {
      model = await this._options.files.get(path, { content: false });
    } catch {
      return;
    }
    const { hash, hash_algorithm, ...value } = model;
    if (!this._isDisposed && document.path === oldPath) {
      this._fileChanged.emit({
        type: 'rename',
        oldValue: { path: oldPath },
        newValue: value
      });
    }
  }

  private _onFileChanged(_: unknown, change: Contents.IChangedArgs): void {
    if (change.type === 'rename' && change.oldValue?.path && change.newValue) {
      this._documents.move(change.oldValue.path, change.newValue);
    }
  }

  private _documents = new OpenDocuments();
  private _fileChanged = new Signal<this, Contents.IChangedArgs>(this);
  private _heldSaves = new Map<string, Contents.IChangedArgs>();
  private _holds = 0;
  private _isDisposed = false;
  private _opened = new Signal<this, IDocumentProvider>(this);
  private _saveDenied = new Signal<this, IDocumentProvider>(this);
}

/**
 * Types of the content provider.
 */
export namespace RtcContentProvider {
  /**
   * What the content provider needs.
   */
  export interface IOptions {
    /** The drive that holds the files. */
    drive: Pick<Contents.IDrive, 'fileChanged'> & Contents.IDrive;
    /** Gets and saves files that are not shared. */
    files: Pick<IContentProvider, 'get' | 'save'>;
    /** Makes the providers of shared documents. */
    providerFactory: IDocumentProviderFactory;
    /** How to reach the server. */
    serverSettings?: ServerConnection.ISettings;
    /** Translates the messages that users see. */
    translator: TranslationBundle;
    /** Whom to present to the others. */
    user: User.IManager;
  }
}

function withoutProvider<T extends Contents.IContentProvisionOptions>(
  options: T
): T {
  const { contentProviderId, ...rest } = options;
  return rest as T;
}
