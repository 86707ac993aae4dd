// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Follows a person through the documents that they go to.
 */

import type {
  Following,
  IDocumentUser,
  IOpenPresence,
  IPresences
} from '@jupyter/collaboration';
import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { IDocumentWidget } from '@jupyterlab/docregistry';
import type { Awareness } from 'y-protocols/awareness';

import type { PresenceSettings } from '../people/presenceSettings';
import { isSingle } from '../contents/shells';

/**
 * Follows one person at a time.
 */
export class Follower {
  /**
   * @param _app Opens documents; one that shows one stays in it.
   * @param _presences Who is in them.
   * @param _global Who is at which document; `null` stays in one.
   * @param _settings Whether to follow into other documents.
   */
  constructor(
    private _app: JupyterFrontEnd,
    private _presences: IPresences,
    private _global: Awareness | null,
    private _settings: PresenceSettings
  ) {
    if (!isSingle(_app)) {
      _global?.on('change', () => void this._goAfter());
    }
    _app.shell.currentChanged?.connect(this._onCurrent, this);
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
    this._path = opened.widget.context.path;
    this._start(opened);
  }

  /**
   * Follow nobody.
   */
  stop(): void {
    this._person = null;
    this._opened?.following.stop();
  }

  private _start(opened: IOpenPresence): void {
    const person = this._person;
    if (!person) {
      return;
    }
    const { following, presence } = opened;
    if (following.start(person.key)) {
      this._opened = opened;
      following.personChanged.connect(this._onStopped, this);
      return;
    }
    // The document has just been opened: who is there comes soon.
    const wait = () => {
      if (this._person !== person || presence.find(person.key)) {
        presence.changed.disconnect(wait);
        if (this._person === person) {
          this._start(opened);
        }
      }
    };
    presence.changed.connect(wait);
  }

  /**
   * The user did something, or the person left the document: which is no end
   * if they are followed into another one just now.
   */
  private _onStopped(following: Following, person: IDocumentUser | null): void {
    if (person) {
      return;
    }
    following.personChanged.disconnect(this._onStopped, this);
    if (this._opened?.following === following) {
      const { presence } = this._opened;
      const isLeft = this._person && !presence.find(this._person.key);
      this._opened = null;
      if (!(isLeft && this._isOpening)) {
        this._person = null;
      }
    }
  }

  /**
   * The user went to another document: leave them there.
   */
  private _onCurrent(): void {
    const current = this._app.shell.currentWidget as IDocumentWidget | null;
    const isHere =
      current === this._opened?.widget || current?.context?.path === this._path;
    if (this._person && current && !isHere) {
      this.stop();
    }
  }

  private async _goAfter(): Promise<void> {
    const person = this._person;
    const path = person && this._pathOf(person);
    if (
      !path ||
      this._isOpening ||
      !this._settings.value.followFiles ||
      path === this._path
    ) {
      return;
    }
    this._isOpening = true;
    this._path = path;
    const opened = await this._open(path);
    this._isOpening = false;
    if (this._person !== person) {
      return; // the user did something meanwhile
    }
    const before = this._opened;
    this._opened = null; // it ends there, and goes on here
    before?.following.stop();
    if (opened) {
      this._start(opened);
      await this._goAfter();
    } else {
      this.stop();
    }
  }

  /**
   * Open a document; `null` if it cannot be opened, or nobody is followed
   * into its kind.
   */
  private async _open(path: string): Promise<IOpenPresence | null> {
    try {
      const widget = (await this._app.commands.execute('docmanager:open', {
        path
      })) as IDocumentWidget | undefined;
      await widget?.context.ready;
      return (widget && this._presences.of(widget)) ?? null;
    } catch {
      return null;
    }
  }

  /**
   * The path of the document that somebody looks at; `null` if it is not
   * known. Of several, the one in which they are followed.
   */
  private _pathOf({ username }: IDocumentUser): string | null {
    const paths: string[] = [];
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
        paths.push(current.replace(/^[a-z]+:/, ''));
      }
    }
    return paths.find(path => path === this._path) ?? paths[0] ?? null;
  }

  private _isOpening = false;
  private _opened: IOpenPresence | null = null;
  private _path = '';
  private _person: IDocumentUser | null = null;
}
