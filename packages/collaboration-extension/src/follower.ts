// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Follows a person through the documents that they go to.
 */

import type { Following, IDocumentUser } from '@jupyter/collaboration';
import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { IDocumentWidget } from '@jupyterlab/docregistry';
import type { Awareness } from 'y-protocols/awareness';

import type { IOpenPresence, Presences } from './presences';
import type { PresenceSettings } from './presenceSettings';

/**
 * Follows one person at a time.
 */
export class Follower {
  /**
   * @param _app Opens documents.
   * @param _presences Who is in them.
   * @param _global Who is at which document; `null` stays in one.
   * @param _settings Whether to follow into other documents.
   */
  constructor(
    private _app: JupyterFrontEnd,
    private _presences: Presences,
    private _global: Awareness | null,
    private _settings: PresenceSettings
  ) {
    _global?.on('change', () => void this._goAfter());
  }

  /**
   * Whether somebody is followed.
   */
  get isFollowing(): boolean {
    return this._person !== null;
  }

  /**
   * Follow somebody who is in a document.
   */
  follow(opened: IOpenPresence, person: IDocumentUser): void {
    this.stop();
    this._person = person;
    this._start(opened);
  }

  /**
   * Follow nobody.
   */
  stop(): void {
    this._person = null;
    this._following?.stop();
  }

  private _start({ following, presence }: IOpenPresence): void {
    const person = this._person;
    if (!person) {
      return;
    }
    if (following.start(person.key)) {
      this._following = following;
      following.personChanged.connect(this._onStopped, this);
      return;
    }
    // The document has just been opened: who is there comes soon.
    const wait = () => {
      if (this._person !== person || presence.find(person.key)) {
        presence.changed.disconnect(wait);
        if (this._person === person) {
          this._start({ following, presence } as IOpenPresence);
        }
      }
    };
    presence.changed.connect(wait);
  }

  /**
   * The user did something else; nobody is followed into other documents.
   */
  private _onStopped(following: Following, person: IDocumentUser | null): void {
    if (!person) {
      following.personChanged.disconnect(this._onStopped, this);
      if (this._following === following) {
        this._following = null;
        this._person = null;
      }
    }
  }

  private async _goAfter(): Promise<void> {
    const path = this._person && this._pathOf(this._person);
    const { current } = this._presences;
    if (
      !path ||
      this._isOpening ||
      !this._settings.value.followFiles ||
      path === current?.widget.context.path
    ) {
      return;
    }
    this._isOpening = true;
    try {
      const before = this._following;
      this._following = null; // it ends here, and goes on there
      const widget = (await this._app.commands.execute('docmanager:open', {
        path
      })) as IDocumentWidget | undefined;
      before?.stop();
      await widget?.context.ready;
      const opened = widget && this._presences.of(widget);
      if (opened) {
        this._start(opened);
      }
    } finally {
      this._isOpening = false;
    }
  }

  /**
   * The path of the document that somebody looks at; `null` if it is not known.
   */
  private _pathOf({ username }: IDocumentUser): string | null {
    for (const state of this._global?.getStates().values() ?? []) {
      const { current, user } = state as {
        current?: unknown;
        user?: { username?: string };
      };
      if (
        username !== null &&
        user?.username === username &&
        typeof current === 'string'
      ) {
        return current.replace(/^[a-z]+:/, '');
      }
    }
    return null;
  }

  private _following: Following | null = null;
  private _isOpening = false;
  private _person: IDocumentUser | null = null;
}
