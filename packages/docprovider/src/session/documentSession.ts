// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Where one document is on its way to its server: one value with named states.
 *
 * The transition function is pure. It knows nothing of sockets, messages and
 * routes: those who do tell what happened, and ask what follows from it. What
 * cannot happen raises an error.
 */

import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import type * as Y from 'yjs';

import type { IRefusal } from '../connection/closeReasons';
import type { ConnectionStatus, IRefusedEdits, SessionName } from '../tokens';

/** Attempts that fail in a row before the status says offline. */
export const OFFLINE_AFTER = 4;

/**
 * How an attempt to connect is going on.
 *
 * - `idle`: nothing was tried yet;
 * - `waiting`: the next attempt comes later;
 * - `resolving`: it is being found out where to connect to;
 * - `opening`: a socket is being opened.
 */
export type AttemptStep = 'idle' | 'waiting' | 'resolving' | 'opening';

/**
 * What users see while nothing is exchanged.
 */
export type AwayStatus = 'connecting' | 'offline' | 'reconnecting';

/**
 * The server's document while the document itself has another history. [S4]
 */
export interface IFollowed {
  /** What the server has. */
  readonly shadow: Y.Doc;
  /** Whether the user may edit it; else nothing is placed there. */
  readonly mayEdit: boolean;
}

/**
 * What all states have but that of a fork switch.
 */
interface IDocumentState {
  /**
   * Why what is in the document is not placed into the server's history, but
   * offered to the user; `null` if it is placed. [M2] [M8]
   */
  readonly abandoned: IRefusedEdits['reason'] | null;
  /** The number of the last attempt to connect. */
  readonly attempt: number;
}

/**
 * There is no connection, and one is tried.
 */
interface IAway extends IDocumentState {
  /** How many attempts in a row have failed. */
  readonly failures: number;
  /** What the last attempt followed; `null` as soon as that is known anew. */
  readonly followed: IFollowed | null;
  readonly step: AttemptStep;
  /** Why the server has closed the last connection, in words. */
  readonly trouble: string | null;
  /** Whether the last socket was closed without having opened. */
  readonly wasTurnedAway: boolean;
}

/**
 * On the way to the server, for the first time or again.
 */
export interface IConnecting extends IAway {
  readonly name: 'connecting';
  readonly status: 'connecting' | 'reconnecting';
}

/**
 * The browser is offline, or several attempts failed; it is still being tried.
 */
export interface IOffline extends IAway {
  readonly name: 'offline';
  readonly status: 'offline';
}

/**
 * There is a connection, and what each side lacks is being exchanged.
 */
export interface ISyncing extends IDocumentState {
  readonly name: 'syncing';
  readonly exchange: 'asked' | 'answered';
  readonly failures: number;
  readonly status: AwayStatus;
  readonly trouble: string | null;
}

/**
 * There is a connection to another history, into which edits are placed. [S4]
 */
export interface IRebasing extends IDocumentState {
  readonly name: 'rebasing';
  readonly failures: number;
  readonly followed: IFollowed;
  /** Whether edits made meanwhile are being placed. */
  readonly placing: 'none' | 'asked';
  readonly status: AwayStatus;
  readonly trouble: string | null;
}

/**
 * Both sides have the same. Each edit is sent as it is made, once the server
 * has asked for what it lacks.
 */
export interface ILive extends IDocumentState {
  readonly name: 'live';
  readonly exchange: 'asked' | 'answered';
  /** Since when, in milliseconds since the epoch. */
  readonly since: number;
  readonly status: 'live';
}

/**
 * The server said not to come back.
 */
export interface IRefusedState extends IDocumentState {
  readonly name: 'refused';
  readonly followed: IFollowed | null;
  readonly refusal: IRefusal;
  readonly status: 'refused';
}

/**
 * The document is on its way into a fork, or back to its file. [K4]
 *
 * - `sending`: what was changed goes to where the document was;
 * - `arriving`: it is being connected to where it goes.
 */
export interface ISwitching {
  readonly name: 'switching';
  readonly phase: 'sending' | 'arriving';
  /** The state of the connection meanwhile. */
  readonly within: ConnectedState;
}

/**
 * The states of a document that is not on its way into another room.
 */
export type ConnectedState =
  IConnecting | IOffline | ISyncing | IRebasing | ILive;

/**
 * All states of a document.
 */
export type SessionState = ConnectedState | IRefusedState | ISwitching;

/**
 * What happens to a document on its way.
 */
export type SessionEvent =
  /** An attempt to connect begins. */
  | { type: 'attempt' }
  /** It is known what to follow: the document's own history, or another one. */
  | { type: 'prepared'; followed: IFollowed | null }
  /** It is known where to connect to. */
  | { type: 'resolved' }
  /** That could not be found out. */
  | { type: 'unresolved'; isOnline: boolean; trouble: string | null }
  /** A socket opened. */
  | { type: 'opened' }
  /** A socket was closed, and another attempt follows. */
  | { type: 'closed'; isOnline: boolean; trouble: string | null }
  /** The browser is offline, and there is no open socket. */
  | { type: 'offline' }
  /** The server was sent what it lacks. */
  | { type: 'answered' }
  /** The document has what the server has. */
  | { type: 'synced'; now: number }
  /** Edits that were made while rebasing are being placed. */
  | { type: 'placing' }
  /** They were placed. */
  | { type: 'placed'; mayEdit: boolean }
  /** The document has gone on in the server's history. */
  | { type: 'adopted' }
  /** The server does not get what is in the document. */
  | { type: 'abandoned'; reason: IRefusedEdits['reason'] }
  /** The server does not want this document. */
  | { type: 'refused'; refusal: IRefusal }
  /** The connection is made anew. */
  | { type: 'restarted' }
  /** The document leaves its room as soon as the server has all of it. */
  | { type: 'leaving' }
  /** It does not leave. */
  | { type: 'staying' }
  /** It has left, and connects elsewhere. */
  | { type: 'left' };

/**
 * Something was told that cannot happen in a state.
 */
export class IllegalTransitionError extends Error {
  constructor(state: SessionState, event: SessionEvent) {
    super(`A document that is ${describe(state)} cannot be ${event.type}.`);
    this.name = 'IllegalTransitionError';
  }
}

/**
 * The state of a document before anything has happened.
 */
export const INITIAL: IConnecting = {
  name: 'connecting',
  status: 'connecting',
  step: 'idle',
  abandoned: null,
  attempt: 0,
  failures: 0,
  followed: null,
  trouble: null,
  wasTurnedAway: false
};

/**
 * The state after something has happened.
 *
 * @throws IllegalTransitionError if that cannot happen.
 */
export function transition(
  state: SessionState,
  event: SessionEvent
): SessionState {
  switch (event.type) {
    case 'leaving':
      if (state.name === 'refused') {
        throw new IllegalTransitionError(state, event);
      }
      return { name: 'switching', phase: 'sending', within: inner(state) };
    case 'left':
      return {
        name: 'switching',
        phase: 'arriving',
        within: state.name === 'refused' ? restarted(state) : inner(state)
      };
    case 'staying':
      if (state.name !== 'switching' || state.phase !== 'sending') {
        throw new IllegalTransitionError(state, event);
      }
      return state.within;
  }
  if (state.name !== 'switching') {
    return connected(state, event);
  }
  const within = connected(state.within, event);
  if (within === state.within) {
    return state;
  }
  const hasArrived = state.phase === 'arriving' && within.name === 'live';
  return within.name === 'refused' || hasArrived
    ? within
    : { ...state, within };
}

type RoomEvent = Exclude<
  SessionEvent,
  { type: 'leaving' } | { type: 'left' } | { type: 'staying' }
>;

/**
 * The state after something has happened in the room where the document is.
 */
function connected(
  state: ConnectedState | IRefusedState,
  event: RoomEvent
): ConnectedState | IRefusedState {
  const { abandoned, attempt } = state;
  switch (event.type) {
    case 'abandoned':
      return { ...state, abandoned: event.reason };
    case 'restarted':
      return restarted(state);
    case 'refused':
      if (state.name !== 'refused') {
        const { refusal } = event;
        const followed = followedOf(state);
        const common = { abandoned, attempt, followed, refusal };
        return { ...common, name: 'refused', status: 'refused' };
      }
      break;
    case 'attempt':
      if (isAt(state, 'idle') || isAt(state, 'waiting')) {
        return { ...state, step: 'resolving', attempt: attempt + 1 };
      }
      break;
    case 'prepared':
      if (isAt(state, 'resolving')) {
        return { ...state, followed: event.followed };
      }
      break;
    case 'resolved':
      if (isAt(state, 'resolving')) {
        return { ...state, step: 'opening' };
      }
      break;
    case 'unresolved':
      if (isAt(state, 'resolving')) {
        const failures = state.failures + 1;
        const { isOnline, trouble } = event;
        return away({ ...state, step: 'waiting', failures, trouble }, isOnline);
      }
      break;
    case 'opened':
      if (isAt(state, 'opening')) {
        const { failures, followed, status, trouble } = state;
        const common = { abandoned, attempt, failures, status, trouble };
        return followed
          ? { ...common, name: 'rebasing', followed, placing: 'none' }
          : { ...common, name: 'syncing', exchange: 'asked' };
      }
      break;
    case 'closed':
      if (isOpen(state) || isAt(state, 'opening')) {
        const isLive = state.name === 'live';
        return away(
          {
            abandoned,
            attempt,
            failures: isLive ? 0 : state.failures + 1,
            followed: followedOf(state),
            status: isLive ? 'reconnecting' : state.status,
            step: 'waiting',
            trouble: event.trouble,
            wasTurnedAway: !isOpen(state)
          },
          event.isOnline
        );
      }
      break;
    case 'offline':
      if (isAway(state) && !isAt(state, 'idle')) {
        return away(state, false);
      }
      break;
    case 'answered':
      if (state.name === 'syncing' || state.name === 'live') {
        return { ...state, exchange: 'answered' };
      }
      break;
    case 'synced':
      if (state.name === 'syncing') {
        const { exchange } = state;
        const common = { abandoned, attempt, exchange, since: event.now };
        return { ...common, name: 'live', status: 'live' };
      }
      break;
    case 'placing':
      if (state.name === 'rebasing' && state.placing === 'none') {
        return { ...state, placing: 'asked' };
      }
      break;
    case 'placed':
      if (state.name === 'rebasing' && state.placing === 'asked') {
        const followed = { ...state.followed, mayEdit: event.mayEdit };
        return { ...state, followed, placing: 'none' };
      }
      break;
    case 'adopted':
      if (state.name === 'rebasing' && state.placing === 'none') {
        const { failures, status, trouble } = state;
        const common = { abandoned: null, attempt, failures, status, trouble };
        return { ...common, name: 'syncing', exchange: 'answered' };
      }
      break;
  }
  throw new IllegalTransitionError(state, event);
}

function restarted(state: ConnectedState | IRefusedState): IConnecting {
  const { abandoned, attempt } = state;
  return { ...INITIAL, abandoned, attempt, followed: followedOf(state) };
}

/**
 * A state without a connection, under the name that fits.
 */
function away(
  state: IAway & { status: AwayStatus },
  isOnline: boolean
): IConnecting | IOffline {
  const { status } = state;
  return !isOnline || state.failures >= OFFLINE_AFTER || status === 'offline'
    ? { ...state, name: 'offline', status: 'offline' }
    : { ...state, name: 'connecting', status };
}

function isAway(state: SessionState): state is IConnecting | IOffline {
  return state.name === 'connecting' || state.name === 'offline';
}

function isAt(
  state: SessionState,
  step: AttemptStep
): state is IConnecting | IOffline {
  return isAway(state) && state.step === step;
}

function isOpen(state: SessionState): state is ISyncing | IRebasing | ILive {
  return (
    state.name === 'syncing' ||
    state.name === 'rebasing' ||
    state.name === 'live'
  );
}

function inner<T extends SessionState>(
  state: T
): ConnectedState | Exclude<T, ISwitching> {
  return state.name === 'switching'
    ? state.within
    : (state as Exclude<T, ISwitching>);
}

function followedOf(state: ConnectedState | IRefusedState): IFollowed | null {
  return 'followed' in state ? state.followed : null;
}

function describe(state: SessionState): string {
  switch (state.name) {
    case 'switching':
      return `switching (${state.phase}, ${describe(state.within)})`;
    case 'connecting':
    case 'offline':
      return `${state.name} (${state.step})`;
    default:
      return state.name;
  }
}

/**
 * The state of one document, and who is told of its changes.
 */
export class DocumentSession implements IDisposable {
  /**
   * The state.
   */
  get state(): SessionState {
    return this._state;
  }

  /**
   * The name of the state.
   */
  get name(): SessionName {
    return this._state.name;
  }

  /**
   * The state as far as users see it.
   */
  get status(): ConnectionStatus {
    return this._inner.status;
  }

  /**
   * Why the server refused the document; `null` if it has not.
   */
  get refusal(): IRefusal | null {
    return this._state.name === 'refused' ? this._state.refusal : null;
  }

  /**
   * Why the server wants to be left alone for a while, in words; or `null`.
   */
  get trouble(): string | null {
    const state = this._inner;
    return 'trouble' in state ? state.trouble : null;
  }

  /**
   * The number of the last attempt to connect.
   */
  get attempt(): number {
    return this._inner.attempt;
  }

  /**
   * How the attempt to connect is going on; `null` if there is a connection, or
   * none is tried.
   */
  get step(): AttemptStep | null {
    const state = this._inner;
    return isAway(state) ? state.step : null;
  }

  /**
   * Whether the last socket was closed without having opened.
   */
  get wasTurnedAway(): boolean {
    const state = this._inner;
    return isAway(state) && state.wasTurnedAway;
  }

  /**
   * Since when the document is live, in milliseconds since the epoch; or `null`.
   */
  get liveSince(): number | null {
    const state = this._inner;
    return state.name === 'live' ? state.since : null;
  }

  /**
   * Whether there is a connection.
   */
  get isOpen(): boolean {
    return isOpen(this._inner);
  }

  /**
   * Whether each edit is sent as it is made.
   */
  get isExchanging(): boolean {
    const state = this._inner;
    return 'exchange' in state && state.exchange === 'answered';
  }

  /**
   * What is followed instead of the document's own history; `null` if that is.
   */
  get followed(): IFollowed | null {
    return followedOf(this._inner);
  }

  /**
   * Why nothing of the document is placed; `null` if it is.
   */
  get abandoned(): IRefusedEdits['reason'] | null {
    return this._inner.abandoned;
  }

  /**
   * Whether the document waits until the server has all of it, to leave.
   */
  get isLeaving(): boolean {
    const state = this._state;
    return state.name === 'switching' && state.phase === 'sending';
  }

  /**
   * Whether there is a connection to another history, on which nothing is asked.
   */
  get mayAdopt(): boolean {
    const state = this._inner;
    return state.name === 'rebasing' && state.placing === 'none';
  }

  /**
   * A signal emitted when `name`, `status` or `trouble` changed.
   */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /**
   * Whether nobody is told any more.
   */
  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /**
   * Whether it is still being found out where an attempt connects to.
   */
  isResolving(attempt: number): boolean {
    return this.step === 'resolving' && this.attempt === attempt;
  }

  /**
   * Whether edits are still being placed on the connection of an attempt.
   */
  isPlacing(attempt: number): boolean {
    const state = this._inner;
    return (
      state.name === 'rebasing' &&
      state.placing === 'asked' &&
      state.attempt === attempt
    );
  }

  /**
   * Take what has happened.
   *
   * @throws IllegalTransitionError if it cannot happen now.
   */
  tell(event: SessionEvent): void {
    const { name, status, trouble } = this;
    this._state = transition(this._state, event);
    if (
      this.name !== name ||
      this.status !== status ||
      this.trouble !== trouble
    ) {
      this._changed.emit();
    }
  }

  /**
   * Tell nobody any more.
   */
  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      Signal.clearData(this);
    }
  }

  private get _inner(): ConnectedState | IRefusedState {
    return inner(this._state);
  }

  private _changed = new Signal<this, void>(this);
  private _isDisposed = false;
  private _state: SessionState = INITIAL;
}
