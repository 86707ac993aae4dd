// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Makes, lists and deletes forks, and tells what others do.
 *
 * Knows the fork route and the events of the server; knows nothing of sockets
 * and of what documents hold.
 */

import type { ICollaborativeContentProvider } from '@jupyter/collaborative-drive';
import { URLExt } from '@jupyterlab/coreutils';
import type { Event } from '@jupyterlab/services';
import { ServerConnection } from '@jupyterlab/services';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type {
  IAllForksResponse,
  IForkChangedEvent,
  IForkCreationResponse,
  IForkManager,
  IForkProvider
} from './forkTokens';
import { roomPart } from '../connection/sessionApi';

const ROUTE = 'api/collaboration/fork';

const EVENTS = 'https://schema.jupyter.org/jupyter_collaboration/fork/v1';

/**
 * The forks of a server's documents. [K1]
 */
export class ForkManager implements IForkManager {
  /**
   * @param _options See the interface.
   */
  constructor(private _options: ForkManager.IOptions) {
    this._settings =
      _options.serverSettings ?? _options.eventManager.serverSettings;
    _options.eventManager.stream.connect(this._onEvent, this);
  }

  /**
   * Whether the manager is disposed.
   */
  get isDisposed(): boolean {
    return this._isDisposed;
  }

  get forkAdded(): ISignal<this, IForkChangedEvent> {
    return this._forkAdded;
  }

  get forkDeleted(): ISignal<this, IForkChangedEvent> {
    return this._forkDeleted;
  }

  getProvider(options: {
    documentPath: string;
    format: string;
    type: string;
  }): IForkProvider | undefined {
    const { documentPath, format, type } = options;
    const { providers } = this._options.contentProvider;
    // Some callers name the drive, others do not.
    const localPath = documentPath.replace(/^[^/:]*:/, '');
    const provider: object | undefined =
      providers.get(`${format}:${type}:${documentPath}`) ??
      providers.get(`${format}:${type}:${localPath}`);
    return provider && isForkProvider(provider) ? provider : undefined;
  }

  async createFork(options: {
    rootId: string;
    synchronize: boolean;
    title?: string;
    description?: string;
  }): Promise<IForkCreationResponse> {
    const { rootId, synchronize, title, description } = options;
    const body = JSON.stringify({ synchronize, title, description });
    const response = await this._ask(rootId, { method: 'PUT', body });
    return (await response.json()) as IForkCreationResponse;
  }

  async getAllForks(documentId: string): Promise<IAllForksResponse> {
    const response = await this._ask(documentId, { method: 'GET' });
    return (await response.json()) as IAllForksResponse;
  }

  async deleteFork(options: { forkId: string; merge: boolean }): Promise<void> {
    const { forkId, merge } = options;
    const query = URLExt.objectToQueryString({ merge: String(merge) });
    await this._ask(forkId, { method: 'DELETE' }, query);
  }

  /**
   * Listen to no more events.
   */
  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._options.eventManager.stream.disconnect(this._onEvent, this);
    Signal.clearData(this);
  }

  private async _ask(
    roomId: string,
    init: RequestInit,
    query = ''
  ): Promise<Response> {
    const url = URLExt.join(this._settings.baseUrl, ROUTE, roomPart(roomId));
    const response = await ServerConnection.makeRequest(
      url + query,
      init,
      this._settings
    );
    if (!response.ok) {
      throw await ServerConnection.ResponseError.create(response);
    }
    return response;
  }

  private _onEvent(_: Event.IManager, emission: Event.Emission): void {
    if (emission.schema_id !== EVENTS) {
      return;
    }
    const { action, fork_info, fork_roomid, username } =
      emission as unknown as IForkChangedEvent & { action: string };
    const change = { fork_info, fork_roomid, username };
    if (action === 'create') {
      this._forkAdded.emit(change);
    } else if (action === 'delete') {
      this._forkDeleted.emit(change);
    }
  }

  private _forkAdded = new Signal<this, IForkChangedEvent>(this);
  private _forkDeleted = new Signal<this, IForkChangedEvent>(this);
  private _isDisposed = false;
  private _settings: ServerConnection.ISettings;
}

/**
 * Types of the fork manager.
 */
export namespace ForkManager {
  /**
   * What a fork manager needs.
   */
  export interface IOptions {
    /**
     * Knows the providers of open documents.
     */
    contentProvider: Pick<ICollaborativeContentProvider, 'providers'>;

    /**
     * Where the server tells what happens.
     */
    eventManager: Pick<Event.IManager, 'serverSettings' | 'stream'>;

    /**
     * How to reach the server; by default as the events.
     */
    serverSettings?: ServerConnection.ISettings;
  }
}

function isForkProvider(provider: object): provider is IForkProvider {
  return 'connectToForkDoc' in provider && 'reconnect' in provider;
}
