// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The sharing of a server through its hub, over the routes of the server. [P13]
 */

import type {
  IRecipient,
  IShare,
  IShareCode,
  ISharingModel
} from '@jupyter/collaboration';
import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';

interface ISharing {
  available: boolean;
  search: IRecipient['kind'][];
  shares: IShare[];
  codes: IShareCode[];
}

/**
 * The sharing of the server of a page.
 */
export class HubSharing implements ISharingModel {
  /**
   * @param _settings How to reach the server.
   * @param _document The address of the document that an invitation leads to.
   */
  constructor(
    private _settings: ServerConnection.ISettings,
    private _document: string
  ) {}

  /** Emitted when anything that is shown has changed. */
  readonly changed = new Signal<this, void>(this);

  /** Which kinds can be searched. */
  get searchable(): readonly IRecipient['kind'][] {
    return this._sharing?.search ?? [];
  }

  /** The users and groups with access. */
  get shares(): readonly IShare[] {
    return this._sharing?.shares ?? [];
  }

  /** The invitations that are valid. */
  get codes(): readonly IShareCode[] {
    return this._sharing?.codes ?? [];
  }

  /** What the last search has found, without those who have access. */
  get found(): readonly IRecipient[] {
    return this._found.filter(
      ({ kind, name }) =>
        !this.shares.some(each => each.kind === kind && each.name === name)
    );
  }

  /** The link of the invitation that was created last. */
  get link(): string {
    return this._link;
  }

  /** Why the last request was refused. */
  get problem(): string {
    return this._problem;
  }

  /**
   * Read who has access.
   *
   * @returns Whether the user may share the server.
   */
  async load(): Promise<boolean> {
    await this._attempt(async () => {
      this._sharing = (await this._ask('GET')) as ISharing;
    });
    return this._sharing?.available ?? false;
  }

  /** Search users and groups. */
  async search(text: string): Promise<void> {
    const search = ++this._searches;
    await this._attempt(async () => {
      const query = `people?search=${encodeURIComponent(text)}`;
      const found = (await this._ask('GET', query)) as IRecipient[];
      if (search === this._searches) {
        this._found = found;
      }
    });
  }

  /** Give access. */
  share(recipient: IRecipient): Promise<void> {
    return this._change('PUT', pathOf(recipient));
  }

  /** Take access away. */
  revoke(recipient: IRecipient): Promise<void> {
    return this._change('DELETE', pathOf(recipient));
  }

  /** Create an invitation that is valid for so many seconds. */
  async invite(seconds: number): Promise<void> {
    await this._attempt(async () => {
      const body = { expires_in: seconds };
      const made = (await this._ask('POST', 'codes', body)) as { link: string };
      this._link = invitationLink(this._document, made.link);
    });
    await this.load();
  }

  /** Make an invitation invalid. */
  async withdraw({ id }: IShareCode): Promise<void> {
    this._link = '';
    await this._change('DELETE', `codes/${id}`);
  }

  private async _change(method: string, path: string): Promise<void> {
    await this._attempt(async () => {
      await this._ask(method, path);
      this._sharing = (await this._ask('GET')) as ISharing;
    });
  }

  private async _attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this._problem = '';
    } catch (error) {
      this._problem = error instanceof Error ? error.message : String(error);
    }
    this.changed.emit();
  }

  private async _ask(
    method: string,
    path = '',
    body?: object
  ): Promise<unknown> {
    const base = 'api/collaboration/sharing';
    const response = await ServerConnection.makeRequest(
      URLExt.join(this._settings.baseUrl, base, path),
      { method, body: body && JSON.stringify(body) },
      this._settings
    );
    if (!response.ok) {
      throw await ServerConnection.ResponseError.create(response);
    }
    return response.status === 204 ? null : response.json();
  }

  private _found: IRecipient[] = [];
  private _link = '';
  private _problem = '';
  private _searches = 0;
  private _sharing: ISharing | null = null;
}

function pathOf({ kind, name }: IRecipient): string {
  return `${kind}/${encodeURIComponent(name)}`;
}

/**
 * The address at which an invitation is accepted, which then leads to a
 * document.
 *
 * @param document The document's address.
 * @param path The hub's path for accepting.
 */
export function invitationLink(document: string, path: string): string {
  const { origin, pathname } = new URL(document);
  const link = new URL(path, origin);
  link.searchParams.set('next', pathname);
  return link.toString();
}
