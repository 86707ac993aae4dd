// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * One WebSocket that comes back.
 *
 * Knows sockets, timers and back-off; knows nothing of documents and messages.
 * What it is doing is the state of the session.
 */

import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import { Backoff } from './backoff';
import { Heartbeat } from './heartbeat';
import type { IRefusal } from './closeReasons';
import { leastDelay, RefusedError, TroubleError } from './closeReasons';
import type { DocumentSession } from '../session/documentSession';
import type {
  ConnectionStatus,
  IDocumentConnection,
  SessionName
} from '../tokens';

/** How long opening a socket may take (ms). */
const OPEN_TIMEOUT = 20000;
/** A connection that lived this long lets the back-off start over (ms). */
const STABLE_AFTER = 5000;

/**
 * Keeps one WebSocket open until it is disposed or refused.
 */
export class Connection implements IDocumentConnection, IDisposable {
  /**
   * @param options See the interface. Nothing happens before `connect`.
   */
  constructor(private _options: Connection.IOptions) {
    this._session = _options.session;
    this._backoff = new Backoff({ random: _options.random });
    this._events = _options.events ?? globalThis.window ?? null;
    this._events?.addEventListener('online', this._onOnline);
    this._events?.addEventListener('offline', this._onOffline);
  }

  /**
   * The state of the connection.
   */
  get status(): ConnectionStatus {
    return this._session.status;
  }

  /**
   * The name of its state, which says more.
   */
  get name(): SessionName {
    return this._session.name;
  }

  /**
   * Why the server does not want this connection; `null` unless refused.
   */
  get refusal(): IRefusal | null {
    return this._session.refusal;
  }

  /**
   * Why the server wants to be left alone for a while, in words; or `null`.
   */
  get trouble(): string | null {
    return this._session.trouble;
  }

  /**
   * Whether bytes can be sent now.
   */
  get isOpen(): boolean {
    return this._session.isOpen;
  }

  /**
   * A signal emitted when the status, the name of the state or the trouble
   * changed.
   */
  get changed(): ISignal<DocumentSession, void> {
    return this._session.changed;
  }

  /**
   * A signal emitted when a socket opened.
   */
  get opened(): ISignal<this, void> {
    return this._opened;
  }

  /**
   * A signal emitted when an open socket was closed by either side or dropped.
   */
  get closed(): ISignal<this, void> {
    return this._closed;
  }

  /**
   * A signal emitted for each binary message.
   */
  get message(): ISignal<this, Uint8Array> {
    return this._message;
  }

  /**
   * Whether the connection is disposed.
   */
  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /**
   * Start connecting. Later calls do nothing.
   */
  connect(): void {
    if (this._session.step === 'idle' && !this._isDisposed) {
      void this._attempt();
    }
  }

  /**
   * Send bytes if the socket is open.
   *
   * @returns Whether they were handed to the socket.
   */
  send(data: Uint8Array): boolean {
    if (!this._socket || !this.isOpen) {
      return false;
    }
    this._socket.send(data as Uint8Array<ArrayBuffer>);
    return true;
  }

  /**
   * How long the server takes to answer, in milliseconds.
   *
   * @throws Error if it does not.
   */
  async ping(): Promise<number> {
    const asked = performance.now();
    await this._options.ask?.();
    return performance.now() - asked;
  }

  /**
   * Say that both sides are synchronized: the status becomes `live`.
   */
  markLive(): void {
    if (this.isOpen && this.status !== 'live') {
      this._session.tell({ type: 'synced', now: Date.now() });
    }
  }

  /**
   * Close the socket and come back later.
   */
  drop(): void {
    if (this._socket) {
      this._onLost(1006, '');
    }
  }

  /**
   * Leave where it is connected to, and connect anew at once, even if the
   * server said not to come back.
   */
  restart(): void {
    if (this._isDisposed) {
      return;
    }
    const wasOpen = this.isOpen;
    this._release();
    this._session.tell({ type: 'restarted' });
    if (wasOpen) {
      this._closed.emit();
    }
    void this._attempt();
  }

  /**
   * Close the socket and forget all timers and listeners.
   */
  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._events?.removeEventListener('online', this._onOnline);
    this._events?.removeEventListener('offline', this._onOffline);
    this._clearTimer();
    this._release();
    Signal.clearData(this);
  }

  /**
   * Find out where to connect to, and open a socket there.
   */
  private async _attempt(): Promise<void> {
    this._clearTimer();
    this._session.tell({ type: 'attempt' });
    const { attempt, wasTurnedAway } = this._session;
    const isOver = () =>
      this._isDisposed || !this._session.isResolving(attempt);
    let url: string;
    try {
      url = await this._options.url(wasTurnedAway);
    } catch (error) {
      if (isOver()) {
        return;
      }
      if (error instanceof RefusedError) {
        this._session.tell({ type: 'refused', refusal: error.refusal });
      } else {
        const trouble = error instanceof TroubleError ? error.trouble : null;
        const isOnline = this._isOnline;
        this._session.tell({ type: 'unresolved', isOnline, trouble });
        this._scheduleRetry();
      }
      return;
    }
    if (isOver()) {
      return;
    }
    this._session.tell({ type: 'resolved' });
    const socket = (this._options.createSocket ?? createSocket)(url);
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => this._onOpen();
    socket.onmessage = event => this._onMessage(event);
    socket.onclose = event => this._onLost(event.code, event.reason);
    this._socket = socket;
    this._timer = setTimeout(() => this.drop(), OPEN_TIMEOUT);
  }

  private _onOpen(): void {
    this._clearTimer();
    this._liveness = new Heartbeat(
      () => this.send(this._options.probe()),
      () => this.drop(),
      () => this._socket?.bufferedAmount ?? 0
    );
    this._session.tell({ type: 'opened' });
    this._opened.emit();
  }

  private _onMessage(event: { data: unknown }): void {
    this._liveness?.heard();
    if (event.data instanceof ArrayBuffer) {
      this._message.emit(new Uint8Array(event.data));
    }
  }

  private _onLost(code: number, reason: string): void {
    const { liveSince } = this._session;
    const wasOpen = this.isOpen;
    this._clearTimer();
    this._release();
    if (liveSince !== null && Date.now() - liveSince >= STABLE_AFTER) {
      this._backoff.reset();
    }
    const { refusal, trouble } = this._options.judge(code, reason);
    if (refusal) {
      this._session.tell({ type: 'refused', refusal });
    } else {
      const isOnline = this._isOnline;
      this._session.tell({ type: 'closed', isOnline, trouble });
      this._scheduleRetry(leastDelay(code));
    }
    if (wasOpen) {
      this._closed.emit();
    }
  }

  private _scheduleRetry(least = 0): void {
    const delay = least + this._backoff.next();
    this._timer = setTimeout(() => void this._attempt(), delay);
  }

  private get _isOnline(): boolean {
    return (this._options.isOnline ?? isOnline)();
  }

  private _onOnline = (): void => {
    if (this._liveness) {
      this._liveness.ask();
    } else if (this._session.step === 'waiting') {
      void this._attempt();
    }
  };

  private _onOffline = (): void => {
    const { step } = this._session;
    if (this._liveness) {
      // The server may be on this computer, so this need not mean anything.
      this._liveness.ask();
    } else if (step !== null && step !== 'idle') {
      this._session.tell({ type: 'offline' });
    }
  };

  private _release(): void {
    const socket = this._socket;
    this._socket = null;
    this._liveness?.dispose();
    this._liveness = null;
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    }
  }

  private _clearTimer(): void {
    clearTimeout(this._timer);
    this._timer = undefined;
  }

  private _backoff: Backoff;
  private _closed = new Signal<this, void>(this);
  private _events: EventTarget | null;
  private _isDisposed = false;
  private _liveness: Heartbeat | null = null;
  private _message = new Signal<this, Uint8Array>(this);
  private _opened = new Signal<this, void>(this);
  private _session: DocumentSession;
  private _socket: Connection.ISocket | null = null;
  private _timer: ReturnType<typeof setTimeout> | undefined;
}

/**
 * Types of the connection.
 */
export namespace Connection {
  /**
   * The part of a WebSocket that is used.
   */
  export type ISocket = Pick<
    WebSocket,
    | 'binaryType'
    | 'bufferedAmount'
    | 'close'
    | 'onclose'
    | 'onmessage'
    | 'onopen'
    | 'send'
  >;

  /**
   * What the close of a socket means.
   */
  export interface ICloseMeaning {
    /** Why the server does not want this connection; `null` if it may be. */
    refusal: IRefusal | null;
    /** Why it wants to be left alone for a while, in words; or `null`. */
    trouble: string | null;
  }

  /**
   * What a connection needs, and what tests may replace.
   */
  export interface IEnvironment {
    /**
     * Make a socket; by default a WebSocket of the browser.
     */
    createSocket?: (url: string) => ISocket;

    /**
     * Where `online` and `offline` are announced; by default the window.
     */
    events?: EventTarget;

    /**
     * Whether the browser believes to be online.
     */
    isOnline?: () => boolean;

    /**
     * A number in [0, 1) for the jitter.
     */
    random?: () => number;
  }

  /**
   * What a connection needs.
   */
  export interface IOptions extends IEnvironment {
    /**
     * Where the document is on its way; disposed by the caller.
     */
    session: DocumentSession;

    /**
     * Resolve the URL of the next attempt.
     *
     * `afterFailure` is true if the last socket closed without having opened.
     * A thrown `RefusedError` is final; any other error means to try later, and
     * that of a `TroubleError` is shown.
     */
    url: (afterFailure: boolean) => Promise<string>;

    /**
     * A message that the server answers at once.
     */
    probe: () => Uint8Array;

    /**
     * Tell what a close means.
     */
    judge: (code: number, reason: string) => ICloseMeaning;

    /**
     * Ask the server anything; resolves when it answers.
     */
    ask?: () => Promise<unknown>;
  }
}

function createSocket(url: string): Connection.ISocket {
  return new WebSocket(url);
}

function isOnline(): boolean {
  return globalThis.navigator?.onLine ?? true;
}
