// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The runs of cells that the server does for one document. [R1] [R3]
 *
 * Knows requests and their replies; knows nothing of notebooks and kernels.
 */

import { PromiseDelegate, UUID } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { IReply } from '../protocol';
import { encodeRequest } from '../protocol';
import type {
  ICaptured,
  ICellRun,
  IDocumentRuns,
  IEndedRuns,
  IOrigin,
  IRunRequest,
  IRunResult
} from '../tokens';

/**
 * Why the server did not take a request. The message is for users.
 */
export class RunRefused extends Error {
  /**
   * @param message Why, in words.
   */
  constructor(message: string) {
    super(message);
    this.name = 'RunRefused';
  }
}

/**
 * The runs of one document.
 */
export class CellRuns implements IDocumentRuns, IDisposable {
  /**
   * @param options What it needs.
   */
  constructor(options: CellRuns.IOptions) {
    this._options = options;
  }

  get list(): readonly ICellRun[] {
    return this._lists.size === 1
      ? [...this._lists.values()][0]
      : [...this._lists.values()].flat();
  }

  get isAvailable(): boolean {
    return !this._options.isInFork();
  }

  get changed(): ISignal<unknown, void> {
    return this._changed;
  }

  get ended(): ISignal<unknown, IEndedRuns> {
    return this._ended;
  }

  get captured(): ISignal<unknown, ICaptured> {
    return this._captured;
  }

  get origins(): ReadonlyMap<string, IOrigin> {
    return this._origins;
  }

  get originsChanged(): ISignal<unknown, readonly string[]> {
    return this._originsChanged;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  isOwn(run: ICellRun): boolean {
    return this._pending.has(run.id);
  }

  run(request: IRunRequest): Promise<IRunResult> {
    if (this._isDisposed) {
      return Promise.reject(new RunRefused(this._closed()));
    }
    const pending: IPending = {
      id: UUID.uuid4(),
      request,
      isKnown: false,
      delegate: new PromiseDelegate<IRunResult>()
    };
    this._pending.set(pending.id, pending);
    if (this._isLive) {
      this._send(pending);
    }
    return pending.delegate.promise;
  }

  async cancel(run: ICellRun): Promise<void> {
    await this._ask('cancel', { id: run.id });
  }

  async answer(id: string, value: string): Promise<void> {
    await this._ask('input', { id, value });
  }

  /**
   * The document is in sync: ask for what waits, and for what became of the
   * rest.
   */
  live(): void {
    if (!this._isLive) {
      this._isLive = true;
      this._pending.forEach(pending => this._send(pending));
    }
  }

  /**
   * The connection is lost: the server goes on with what it has.
   */
  lost(): void {
    this._isLive = false;
    this._sent.clear();
    const asked = [...this._asked.values()];
    this._asked.clear();
    const message = this._options.trans.__(
      'The connection to the server was lost.'
    );
    asked.forEach(each => each.reject(new RunRefused(message)));
    if (this._lists.size > 0) {
      this._lists.clear();
      this._changed.emit();
    }
  }

  /**
   * Take a message of the server.
   *
   * @returns Whether it was about runs.
   */
  receive(reply: IReply): boolean {
    switch (reply.type) {
      case 'run':
        this._settle(reply);
        return true;
      case 'runs':
        this._take(reply);
        return true;
      case 'runs_ended':
        this._ended.emit({
          cells: reply.ended ?? [],
          outcome: reply.outcome ?? '',
          reason: reply.reason ?? '',
          by: reply.by ?? null
        });
        return true;
      case 'provenance': {
        const found = Object.entries(reply.origins ?? {});
        found.forEach(([cell, origin]) => this._origins.set(cell, origin));
        this._originsChanged.emit(found.map(([cell]) => cell));
        return true;
      }
      case 'widget':
        this._captured.emit({
          kernel: reply.kernel ?? '',
          comm: reply.comm ?? '',
          outputs: reply.outputs ?? []
        });
        return true;
      case 'cancel':
      case 'input': {
        const delegate = this._asked.get(reply.responseTo ?? -1);
        this._asked.delete(reply.responseTo ?? -1);
        if (reply.status === 'success') {
          delegate?.resolve();
        } else {
          delegate?.reject(new RunRefused(reply.reason ?? ''));
        }
        return true;
      }
      default:
        return false;
    }
  }

  /**
   * Forget the runs; the server goes on with them.
   */
  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._isLive = false;
    for (const { delegate } of this._pending.values()) {
      delegate.reject(new RunRefused(this._closed()));
    }
    for (const delegate of this._asked.values()) {
      delegate.reject(new RunRefused(this._closed()));
    }
    this._pending.clear();
    this._asked.clear();
    Signal.clearData(this);
  }

  private _closed(): string {
    return this._options.trans.__('The document was closed.');
  }

  private _send(pending: IPending): void {
    const number = this._number++;
    this._sent.set(number, pending);
    const body = {
      ...pending.request,
      id: pending.id,
      // The server may have been restarted, and must not run the cell again.
      ...(pending.isKnown ? { again: true } : {})
    };
    this._options.send(encodeRequest(`run ${JSON.stringify(body)}`, number));
  }

  private _ask(name: 'cancel' | 'input', body: object): Promise<void> {
    const number = this._number++;
    const delegate = new PromiseDelegate<void>();
    this._asked.set(number, delegate);
    const sent = this._options.send(
      encodeRequest(`${name} ${JSON.stringify(body)}`, number)
    );
    if (!sent) {
      this._asked.delete(number);
      return Promise.reject(
        new RunRefused(
          this._options.trans.__('There is no connection to the server.')
        )
      );
    }
    return delegate.promise;
  }

  private _settle(reply: IReply): void {
    const pending = this._sent.get(reply.responseTo ?? -1);
    if (!pending) {
      return;
    }
    this._sent.delete(reply.responseTo ?? -1);
    this._pending.delete(pending.id);
    if (reply.status === 'success') {
      pending.delegate.resolve({
        outcome: reply.outcome ?? '',
        reason: reply.reason ?? '',
        by: reply.by ?? null,
        count: reply.count ?? null,
        error: reply.error ?? null
      });
    } else {
      pending.delegate.reject(new RunRefused(reply.reason ?? ''));
    }
    this._changed.emit();
  }

  private _take(reply: IReply): void {
    const runs = reply.runs ?? [];
    for (const { id } of runs) {
      const own = this._pending.get(id);
      if (own) {
        own.isKnown = true;
      }
    }
    if ((reply.more ?? 0) > 0) {
      // Any of these may be among the runs that the list leaves out.
      this._sent.forEach(own => (own.isKnown = true));
    }
    if (runs.length > 0) {
      this._lists.set(reply.kernel ?? '', runs);
    } else {
      this._lists.delete(reply.kernel ?? '');
    }
    this._changed.emit();
  }

  private _asked = new Map<number, PromiseDelegate<void>>();
  private _captured = new Signal<this, ICaptured>(this);
  private _changed = new Signal<this, void>(this);
  private _ended = new Signal<this, IEndedRuns>(this);
  private _isDisposed = false;
  private _isLive = false;
  private _lists = new Map<string, readonly ICellRun[]>();
  private _number = 1;
  private _options: CellRuns.IOptions;
  private _origins = new Map<string, IOrigin>();
  private _originsChanged = new Signal<this, readonly string[]>(this);
  private _pending = new Map<string, IPending>();
  private _sent = new Map<number, IPending>();
}

/**
 * A run that was asked for here.
 */
interface IPending {
  id: string;
  request: IRunRequest;
  /** Whether the server is known to have the request. */
  isKnown: boolean;
  delegate: PromiseDelegate<IRunResult>;
}

/**
 * Types of the runs.
 */
export namespace CellRuns {
  /**
   * What the runs need.
   */
  export interface IOptions {
    /** Whether a fork is shown in place of the document. */
    isInFork: () => boolean;
    /** Sends bytes; tells whether that was possible. */
    send: (data: Uint8Array) => boolean;
    /** Translates the reasons of failures. */
    trans: TranslationBundle;
  }
}
