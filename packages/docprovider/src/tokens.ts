// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The public tokens and interfaces of the provider package.
 *
 * Knows the shapes; knows nothing of sockets, widgets or dialogs.
 */

import type { IDocumentProvider as IPublicProvider } from '@jupyter/collaborative-drive';
import type { DocumentChange, YDocument } from '@jupyter/ydoc';
import type { Contents, ServerConnection, User } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Token } from '@lumino/coreutils';
import type { ISignal } from '@lumino/signaling';

import type { IForkProvider } from './forks/forkTokens';
import type { IRefusal } from './connection/closeReasons';

/**
 * What keeps a shared document the same as the server's, as far as other
 * extensions have to provide it.
 */
export interface IBaseProvider extends IPublicProvider {
  /**
   * Write the document to its file; without it, the server does that by itself.
   */
  save?(): Promise<unknown>;
}

/**
 * How a document is connected to its server.
 *
 * - `connecting`: the first synchronization has not happened yet;
 * - `live`: synchronized, every edit travels at once;
 * - `reconnecting`: the connection was lost a moment ago and is being restored;
 * - `offline`: the browser is offline or several attempts failed; still trying;
 * - `refused`: the server said not to come back; nothing is tried any more.
 */
export type ConnectionStatus =
  'connecting' | 'live' | 'reconnecting' | 'offline' | 'refused';

/**
 * The names of the states of a document on its way to its server; see
 * `DocumentSession`.
 */
export type SessionName =
  | 'connecting'
  | 'live'
  | 'offline'
  | 'rebasing'
  | 'refused'
  | 'switching'
  | 'syncing';

/**
 * What the user may do with a document.
 */
export type Role = 'editor' | 'viewer';

/**
 * What limits a user.
 *
 * - `permission`: a viewer, who may read and not write;
 * - `file`: an editor of a document whose file is read-only, so that it cannot be
 *   saved;
 * - empty: an editor.
 */
export type RoleReason = '' | 'permission' | 'file';

/**
 * What a successful save tells.
 */
export interface ISaveResult {
  /**
   * The hash of the file that was written, if the server computes one.
   */
  hash?: string;
}

/**
 * Edits of this user and of the others that do not go together. [S4]
 */
export interface IConflict {
  /**
   * The id of the cell; `null` for the text of a file, or a whole notebook.
   */
  cell: string | null;

  /**
   * - `text`: both changed the same place; the document holds `merged`;
   * - `deleted`: one side deleted a cell that the other changed; it was kept;
   * - `value`: both changed outputs or metadata; the document holds `theirs`.
   */
  kind: 'text' | 'deleted' | 'value';

  /**
   * What was changed: `source`, `outputs`, `metadata.x` or the like.
   */
  key: string;

  /**
   * The user's text; empty if they deleted the cell.
   */
  yours: string;

  /**
   * The text of the others; empty if they deleted the cell.
   */
  theirs: string;

  /**
   * What the document holds instead: both texts, or the source of the cell.
   */
  merged: string;

  /**
   * The id under which the server shows the conflict to everybody; absent for
   * a conflict that only this page has.
   */
  id?: string;

  /**
   * Where `yours` comes from, if not from this page: the file on disk, a page
   * that was offline, or a restored version.
   */
  origin?: 'disk' | 'rebase' | 'restore';
}

/**
 * What to keep of a conflict.
 */
export type ConflictChoice = 'both' | 'yours' | 'theirs';

/**
 * Edits of this user that the server did not take. [M2] [M8]
 */
export interface IRefusedEdits {
  /**
   * What tells them from others.
   */
  id: string;

  /**
   * - `not_allowed`: the user may not edit the document;
   * - `invalid_edit`: the document cannot hold them;
   * - `too_large`: the server accepts no edit of this size.
   */
  reason: 'not_allowed' | 'invalid_edit' | 'too_large';

  /**
   * The document as the user had it, as one Yjs update.
   */
  state: Uint8Array;
}

/**
 * Edits that did not reach the server and were kept in this browser, for a user
 * with another generated name. [S6]
 */
export interface IRecoveredEdits {
  /**
   * Their id.
   */
  id: string;

  /**
   * The document with them, as one Yjs update.
   */
  state: Uint8Array;
}

/**
 * Content that was too large to share and was removed from the document. [M4]
 */
export interface IRemovedContent {
  /**
   * An output of a cell, text, or something else.
   */
  kind: 'output' | 'text' | 'value';

  /**
   * The output as notebooks hold it, the text, or the value.
   */
  value: unknown;
}

/**
 * A restore of a version. [V5]
 */
export interface IRestore {
  /**
   * The username of who restores it, as the server authenticated them.
   */
  username: string;

  /**
   * Who that is, as the presence of the document has it.
   */
  user: unknown;

  /**
   * Whether it is a single cell of a notebook.
   */
  isCell: boolean;
}

/**
 * Whether a document is saved automatically, and for whom. [F13]
 */
export interface ISaveMode {
  /**
   * Whether only explicit saves write the file, since autosave is off for all
   * editors.
   */
  readonly isManual: boolean;

  /**
   * Whether autosave is on for this user; `null` if that is not known yet.
   */
  autosave: boolean | null;

  /**
   * Whether no other page edits the document.
   */
  readonly isLastEditor: boolean;

  /**
   * The names of the other editors for whom autosave is on.
   */
  readonly othersWithAutosave: readonly string[];

  /**
   * A signal emitted when the mode or the own setting changed.
   */
  readonly changed: ISignal<ISaveMode, void>;
}

/**
 * The connection of a document to its server.
 */
export interface IDocumentConnection {
  /**
   * The state of the connection, as far as users see it.
   */
  readonly status: ConnectionStatus;

  /**
   * The name of its state, which says more.
   */
  readonly name: SessionName;

  /**
   * Why the server refused the document; `null` unless the status is `refused`.
   */
  readonly refusal: IRefusal | null;

  /**
   * Why the server has closed the connection for a while, in words; `null` if
   * it has not, or did not say.
   */
  readonly trouble: string | null;

  /**
   * A signal emitted when `status` or `name` changed.
   */
  readonly changed: ISignal<unknown, void>;

  /**
   * How long the server takes to answer, in milliseconds.
   *
   * Rejects in the same cases as saving.
   */
  ping(): Promise<number>;

  /**
   * Connect anew at once, whatever the state of the connection.
   */
  restart(): void;
}

/**
 * What the user may do with a document. [M2]
 */
export interface IDocumentAccess {
  /**
   * What the user may do.
   */
  readonly role: Role;

  /**
   * Why the user may not do more; empty if nothing limits them.
   */
  readonly reason: RoleReason;

  /**
   * A signal emitted when any of them changed.
   */
  readonly changed: ISignal<unknown, void>;
}

/**
 * The file of a document, as the server writes it.
 */
export interface IDocumentSaves {
  /**
   * Whether there are changes that are not in the file yet, as far as known.
   */
  readonly isDirty: boolean;

  /**
   * When the file was last seen to hold the document, in milliseconds since
   * the epoch; `null` if that was not seen yet.
   */
  readonly savedAt: number | null;

  /**
   * Why the file could not be saved the last time, in words; `null` if it was.
   */
  readonly error: string | null;

  /**
   * Whether the last save failed because the file was deleted. [F8]
   */
  readonly isFileDeleted: boolean;

  /**
   * Whether the document is saved automatically.
   */
  readonly mode: ISaveMode;

  /**
   * A signal emitted when `isDirty` changed.
   */
  readonly dirtyChanged: ISignal<unknown, void>;

  /**
   * A signal emitted when `error` or `isFileDeleted` changed.
   */
  readonly errorChanged: ISignal<unknown, void>;

  /**
   * Ask the server to write the document to its file.
   *
   * Resolves when it is written. Rejects with a `SaveError` when the server
   * could not write, the connection is or gets lost, the provider is disposed
   * or nothing was heard for 60 seconds.
   */
  save(): Promise<ISaveResult>;

  /**
   * Ask the server to write a file that was deleted again. [F8]
   *
   * Rejects in the same cases as `save`.
   */
  recreate(): Promise<ISaveResult>;

  /**
   * Ask the server to read the file into the document again.
   *
   * Rejects in the same cases as `save`.
   */
  revert(): Promise<void>;
}

/**
 * The local changes that the server has not acknowledged yet. [S6]
 */
export interface IUnsentEdits {
  /**
   * Their number.
   */
  readonly count: number;

  /**
   * Whether this browser keeps them, so that a reload or a crash of the page
   * does not lose them.
   */
  readonly isKeptInBrowser: boolean;

  /**
   * A signal emitted when any of them changed.
   */
  readonly changed: ISignal<unknown, void>;
}

/**
 * The edits that the server did not take, until the user has chosen. The
 * document holds what the server has; these are kept beside it. [M2]
 */
export interface IRefusedEditsList {
  /**
   * The edits.
   */
  readonly list: readonly IRefusedEdits[];

  /**
   * A signal emitted when `list` changed.
   */
  readonly changed: ISignal<unknown, void>;

  /**
   * Forget edits.
   */
  discard(edits: IRefusedEdits): void;
}

/**
 * The edits that were kept in this browser for another generated name of the
 * user, until the user has chosen. [S6]
 */
export interface IRecoveredEditsList {
  /**
   * The edits.
   */
  readonly list: readonly IRecoveredEdits[];

  /**
   * A signal emitted when `list` changed.
   */
  readonly changed: ISignal<unknown, void>;

  /**
   * Put edits into the document.
   *
   * Rejects if the server could not be asked to merge them.
   */
  recover(edits: IRecoveredEdits): Promise<void>;

  /**
   * Forget edits.
   */
  discard(edits: IRecoveredEdits): void;
}

/**
 * The edits of this user that are not simply in the document.
 */
export interface IDocumentEdits {
  /**
   * Those that the server has not acknowledged yet.
   */
  readonly unsent: IUnsentEdits;

  /**
   * Those that the server did not take.
   */
  readonly refused: IRefusedEditsList;

  /**
   * Those that an earlier page has left.
   */
  readonly recovered: IRecoveredEditsList;

  /**
   * A signal emitted when content was removed that is larger than the server
   * accepts. [M4]
   */
  readonly removed: ISignal<unknown, IRemovedContent[]>;
}

/**
 * The edits that could not be placed without a choice of the user. [S4]
 */
export interface IDocumentConflicts {
  /**
   * What is to be chosen.
   */
  readonly list: readonly IConflict[];

  /**
   * A signal emitted when `list` changed.
   */
  readonly changed: ISignal<unknown, void>;

  /**
   * Choose what to keep of a conflict.
   *
   * @returns Whether the document was as the conflict says; if not, nothing
   * was changed, and the conflict stays.
   */
  resolve(conflict: IConflict, choice: ConflictChoice): boolean;

  /**
   * The number of the cell of a conflict, from 1; `null` if there is none.
   */
  cellNumber(conflict: IConflict): number | null;
}

/**
 * The history of a document, as far as its connection tells of it.
 */
export interface IDocumentHistory {
  /**
   * Whether another server on the same folder keeps the shared history, so that
   * this server keeps a private one. [H7]
   */
  readonly isPrivate: boolean;

  /**
   * A signal emitted when the server has repaired the document at opening it,
   * with the number of cells that it could not read. [M8]
   */
  readonly repaired: ISignal<unknown, number>;

  /**
   * A signal emitted when somebody in the document, this user included,
   * restores a version. [V5]
   */
  readonly restored: ISignal<unknown, IRestore>;
}

/**
 * Somebody, as the server authenticated them.
 */
export interface IRunPerson {
  username: string;
  name: string;
}

/**
 * A cell that runs or waits on the server. [R3]
 */
export interface ICellRun {
  /**
   * The id of the run.
   */
  id: string;

  /**
   * The id of the cell; `null` if it is in another document.
   */
  cell: string | null;

  /**
   * Who asked for it.
   */
  user: IRunPerson;

  /**
   * When they asked for it, in seconds since the epoch.
   */
  since: number;

  /**
   * Whether it runs, or waits.
   */
  state: 'waiting' | 'running';

  /**
   * Whether its code waits for input.
   */
  asks?: boolean;

  /**
   * What its code asks, for users who may answer. [R10]
   */
  input?: { id: string; prompt: string; password: boolean };
}

/**
 * A request to run a cell.
 */
export interface IRunRequest {
  /**
   * The id of the cell.
   */
  cell: string;

  /**
   * The id of the kernel.
   */
  kernel: string;

  /**
   * Whether the times of the run are stored in the cell's metadata.
   */
  recordTiming?: boolean;

  /**
   * The ids of cells that were deleted since the last run.
   */
  deletedCells?: string[];
}

/**
 * How a run has ended.
 */
export interface IRunResult {
  /**
   * `ok`, `error`, `canceled`, `stopped`, `interrupted`, `restarted`, `died`,
   * `shut_down`, `server_stopped`, `failed` or something newer.
   */
  outcome: string;

  /**
   * Why the cell did not run, or not to its end, in words.
   */
  reason: string;

  /**
   * Who caused that; `null` if nobody did.
   */
  by: IRunPerson | null;

  /**
   * The number of the execution.
   */
  count: number | null;

  /**
   * The exception that ended it.
   */
  error: { ename: string; evalue: string } | null;
}

/**
 * Runs that ended together, such as by a restart of the kernel. [R6]
 */
export interface IEndedRuns extends Pick<
  IRunResult,
  'outcome' | 'reason' | 'by'
> {
  /**
   * The ids of the cells.
   */
  cells: string[];
}

/**
 * Where the outputs of a cell come from. [R15]
 */
export interface IOrigin {
  /**
   * Who ran the cell.
   */
  user: { username: string; name: string };

  /**
   * When it began to run, in seconds since the epoch.
   */
  time: number;

  /**
   * Which text ran, see `sourceMark`.
   */
  source: string;

  /**
   * The number of the execution; `null` if the kernel did not say it.
   */
  count: number | null;

  /**
   * Whether the kernel has been started again since.
   */
  isOld: boolean;
}

/**
 * What code has captured with an Output widget. [R14]
 */
export interface ICaptured {
  /**
   * The id of the kernel.
   */
  kernel: string;

  /**
   * The id of the widget's comm.
   */
  comm: string;

  /**
   * All outputs in the widget, as a notebook has them.
   */
  outputs: object[];
}

/**
 * The cells of a document that the server runs.
 */
export interface IDocumentRuns {
  /**
   * Whether the server can run cells of what is shown: not of a fork.
   */
  readonly isAvailable: boolean;

  /**
   * What runs and waits, in order, on the kernels of this document.
   */
  readonly list: readonly ICellRun[];

  /**
   * A signal emitted when `list` changed.
   */
  readonly changed: ISignal<unknown, void>;

  /**
   * A signal emitted when runs have ended that nobody canceled.
   */
  readonly ended: ISignal<unknown, IEndedRuns>;

  /**
   * A signal emitted when code has captured outputs, which the kernel itself
   * says only when it is idle.
   */
  readonly captured: ISignal<unknown, ICaptured>;

  /**
   * Where the outputs of the cells come from that the server ran, by cell id.
   */
  readonly origins: ReadonlyMap<string, IOrigin>;

  /**
   * A signal emitted with the ids of cells whose origins changed.
   */
  readonly originsChanged: ISignal<unknown, readonly string[]>;

  /**
   * Whether a run was asked for by this page.
   */
  isOwn(run: ICellRun): boolean;

  /**
   * Ask the server to run a cell, with the text that it has now.
   *
   * Resolves when the run has ended, also after a lost connection. Rejects with
   * a `RunRefused` if the server does not run it, or the document is closed.
   */
  run(request: IRunRequest): Promise<IRunResult>;

  /**
   * Cancel a run that waits; rejects if it does not.
   */
  cancel(run: ICellRun): Promise<void>;

  /**
   * Answer what running code asks; rejects if somebody did before.
   *
   * @param id The id of the question.
   * @param value The answer.
   */
  answer(id: string, value: string): Promise<void>;
}

/**
 * Keeps one shared document the same as the server's.
 *
 * Each part is implemented by what owns its values.
 */
export interface IDocumentProvider extends IPublicProvider, IForkProvider {
  /**
   * The local path of the document on its drive; set when the file moves.
   */
  path: string;

  /**
   * The content type of the document, such as `notebook` or `file`.
   */
  readonly contentType: string;

  /**
   * The format of the document, such as `json` or `text`.
   */
  readonly format: string;

  /**
   * The connection to the server.
   */
  readonly connection: IDocumentConnection;

  /**
   * What the user may do.
   */
  readonly access: IDocumentAccess;

  /**
   * The file.
   */
  readonly saves: IDocumentSaves;

  /**
   * The edits of this user that are not simply in the document.
   */
  readonly edits: IDocumentEdits;

  /**
   * The edits that could not be placed without a choice of the user.
   */
  readonly conflicts: IDocumentConflicts;

  /**
   * The history.
   */
  readonly history: IDocumentHistory;

  /**
   * The cells that the server runs.
   */
  readonly runs: IDocumentRuns;

  /**
   * A signal emitted when the provider is disposed.
   */
  readonly disposed: ISignal<IDocumentProvider, void>;
}

/**
 * Makes document providers.
 */
export interface IDocumentProviderFactory {
  /**
   * Create a provider, which connects by itself.
   */
  create(options: IDocumentProviderFactory.IOptions): IBaseProvider;
}

/**
 * The token of the document provider factory.
 */
export const IDocumentProviderFactory = new Token<IDocumentProviderFactory>(
  '@jupyter/docprovider:IDocumentProviderFactory',
  'Creates the providers that keep shared documents in sync with the server.'
);

/**
 * Types of the document provider factory.
 */
export namespace IDocumentProviderFactory {
  /**
   * What a document provider needs.
   */
  export interface IOptions {
    /**
     * WebSocket URL of the room route, without the room; by default
     * `<wsUrl>api/collaboration/room` of the server settings.
     */
    url?: string;

    /**
     * The local path of the document on its drive.
     */
    path: string;

    /**
     * The content type of the document, such as `notebook`.
     */
    contentType: string;

    /**
     * The format of the document, such as `json`.
     */
    format: string;

    /**
     * The shared document; the caller disposes it.
     */
    model: YDocument<DocumentChange>;

    /**
     * Whom to present to the others.
     */
    user: User.IManager;

    /**
     * Translates the messages that users see.
     */
    translator: TranslationBundle;

    /**
     * How to reach the server; by default the settings of this page.
     */
    serverSettings?: ServerConnection.ISettings;

    /**
     * The drive that holds the file.
     */
    drive: Contents.IDrive;
  }
}

/**
 * The open documents that are shared, for extensions: whoever provides the
 * content, and however it is connected.
 */
export interface IDocumentProviders {
  /**
   * The providers of all open documents, but for those of other extensions that
   * have only the public part.
   */
  readonly all: readonly IDocumentProvider[];

  /**
   * A signal emitted when a document was shared for the first time.
   */
  readonly opened: ISignal<IDocumentProviders, IDocumentProvider>;

  /**
   * A signal emitted when a user wanted to save a document and has view-only
   * access, or its file is read-only.
   */
  readonly saveDenied: ISignal<IDocumentProviders, IDocumentProvider>;

  /**
   * The provider of a shared document; `undefined` if it is not shared, or its
   * provider has only the public part.
   */
  providerOf(model: unknown): IDocumentProvider | undefined;

  /**
   * The content of a shared document, as the Contents API takes it.
   *
   * @param edits Edits that the server did not take; by default the content is
   * that of the document as it is.
   */
  contentOf(
    provider: IDocumentProvider,
    edits?: Pick<IRefusedEdits, 'state'>
  ): Pick<Contents.IModel, 'content' | 'format' | 'type'>;

  /**
   * Save a copy of a shared document as an ordinary file.
   *
   * @param path The local path of the copy.
   * @param edits See `contentOf`.
   * @returns Whether it was saved; it is not where a file is already.
   */
  saveCopy(
    provider: IDocumentProvider,
    path: string,
    edits?: Pick<IRefusedEdits, 'state'>
  ): Promise<boolean>;
}

/**
 * The token of the open documents that are shared.
 */
export const IDocumentProviders = new Token<IDocumentProviders>(
  '@jupyter/docprovider:IDocumentProviders',
  'The providers of the open documents that are shared.'
);
