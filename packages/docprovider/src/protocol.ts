// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The messages of a collaboration room, as bytes and as values.
 *
 * Pure: knows lib0's encoding and Jupyter's public message types (sync 0,
 * awareness 1, raw 2; see https://github.com/yjs/y-protocols for the first two),
 * and those of this package (part 100).
 * Knows nothing of sockets and documents.
 */

import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';

import type { ICellRun, IOrigin, IRunPerson } from './tokens';

const SYNC = 0;
const AWARENESS = 1;
const RAW = 2;
const PART = 100;

/** The size of a part, which leaves room for its head below 1 MiB. */
const PART_BYTES = 2 ** 20 - 32;

const STEP1 = 0;
const STEP2 = 1;
const UPDATE = 2;

const REQUESTS = ['save', 'ack', 'revert', 'recreate'] as const;

/**
 * The names of the requests that a client may make.
 */
export type RequestName = (typeof REQUESTS)[number];

/**
 * The names of the requests about runs of cells, whose argument is JSON.
 */
export type RunRequestName = 'run' | 'cancel' | 'input';

/**
 * A JSON message of the server. Unknown types are to be ignored.
 */
export interface IReply {
  /**
   * `save`, `ack`, `revert`, `recreate` (answers), `autosave`, `error`,
   * `save_mode`, `role`, `repaired`, `restored` or something newer.
   */
  type: string;

  /**
   * The id of the request that is answered.
   */
  responseTo?: number;

  /**
   * How the request ended: `success`, `skipped` (nothing to do) or `failed`.
   */
  status?: string;

  /**
   * Why it failed, in words.
   */
  reason?: string;

  /**
   * Why the document cannot be opened, in words; the reason of the close that
   * follows has room for their beginning only.
   */
  detail?: string;

  /**
   * Why it failed, for programs: `deleted` if the file is gone, or other words.
   */
  code?: string;

  /**
   * The hash of the written file.
   */
  hash?: string;

  /**
   * What the user may do: `editor`, `viewer` or something newer.
   */
  role?: string;

  /**
   * What was refused, such as `edit`.
   */
  action?: string;

  /**
   * The number of cells that were repaired.
   */
  cells?: number;

  /**
   * The username of who has restored a version.
   */
  username?: string;

  /**
   * The id of the cell that was restored; `null` for the whole document.
   */
  cell?: string | null;

  /**
   * Whether only explicit saves write the file.
   */
  manual?: boolean;

  /**
   * The id of a kernel.
   */
  kernel?: string;

  /**
   * What runs and waits on it.
   */
  runs?: ICellRun[];

  /**
   * How many more run and wait, which are not listed.
   */
  more?: number;

  /**
   * How a run has ended.
   */
  outcome?: string;

  /**
   * The ids of cells whose runs have ended together.
   */
  ended?: string[];

  /**
   * Where the outputs of cells come from.
   */
  origins?: Record<string, IOrigin>;

  /**
   * The comm of a widget.
   */
  comm?: string;

  /**
   * What code has captured with it, as a notebook has outputs.
   */
  outputs?: object[];

  /**
   * The number of the execution.
   */
  count?: number | null;

  /**
   * Who has ended a run.
   */
  by?: IRunPerson;

  /**
   * The exception that ended a run.
   */
  error?: { ename: string; evalue: string };

  /**
   * The conflicts of the document that nobody has decided yet.
   */
  conflicts?: ISharedConflict[];
}

/**
 * A conflict as the server shows it to everybody in a document.
 */
export interface ISharedConflict {
  id: string;
  origin: 'disk' | 'rebase' | 'restore';
  kind: 'text' | 'deleted' | 'value';
  key: string;
  cell: string | null;
  /** What the document had. */
  ours: string;
  /** What the other side had. */
  theirs: string;
  merged: string;
}

/**
 * A decoded message.
 */
export type Message =
  | { kind: 'sync1'; stateVector: Uint8Array }
  | { kind: 'sync2'; update: Uint8Array }
  | { kind: 'update'; update: Uint8Array }
  | { kind: 'awareness'; update: Uint8Array }
  | { kind: RequestName; id: number }
  | { kind: 'reply'; reply: IReply }
  | { kind: 'part'; size: number; offset: number; data: Uint8Array }
  | { kind: 'unknown' };

/**
 * Encode sync step 1.
 *
 * @param stateVector What the sender has, as encoded by Yjs.
 */
export function encodeSyncStep1(stateVector: Uint8Array): Uint8Array {
  return encodeSync(STEP1, stateVector);
}

/**
 * Encode sync step 2.
 *
 * @param update What the receiver lacks, as encoded by Yjs.
 */
export function encodeSyncStep2(update: Uint8Array): Uint8Array {
  return encodeSync(STEP2, update);
}

/**
 * Encode an edit.
 *
 * @param update The edit, as encoded by Yjs.
 */
export function encodeUpdate(update: Uint8Array): Uint8Array {
  return encodeSync(UPDATE, update);
}

/**
 * Encode presence.
 *
 * @param update The states, as encoded by y-protocols.
 */
export function encodeAwareness(update: Uint8Array): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, AWARENESS);
  encoding.writeVarUint8Array(encoder, update);
  return encoding.toUint8Array(encoder);
}

/**
 * Cut a message into parts, between which others can be sent. [M4]
 *
 * @param message A message of any size.
 * @returns Messages for servers that take parts: the message itself if it is
 * small.
 */
export function inParts(message: Uint8Array): Uint8Array[] {
  if (message.length <= PART_BYTES) {
    return [message];
  }
  const parts: Uint8Array[] = [];
  for (let offset = 0; offset < message.length; offset += PART_BYTES) {
    const encoder = encoding.createEncoder();
    encoding.writeVarUint(encoder, PART);
    encoding.writeVarUint(encoder, message.length);
    encoding.writeVarUint(encoder, offset);
    encoding.writeUint8Array(
      encoder,
      message.subarray(offset, offset + PART_BYTES)
    );
    parts.push(encoding.toUint8Array(encoder));
  }
  return parts;
}

/**
 * Encode a request of a client.
 *
 * @param name What is asked for.
 * @param id A number that the answer repeats.
 */
export function encodeRequest(
  name: RequestName | `${'resolve' | RunRequestName} ${string}`,
  id: number
): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, RAW);
  encoding.writeVarString(encoder, name);
  encoding.writeVarUint(encoder, id);
  return encoding.toUint8Array(encoder);
}

/**
 * Encode an answer of the server.
 */
export function encodeReply(reply: IReply): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, RAW);
  encoding.writeVarString(encoder, JSON.stringify(reply));
  return encoding.toUint8Array(encoder);
}

/**
 * Decode a message of either direction.
 *
 * @throws Error if the bytes are no message.
 */
export function decodeMessage(data: Uint8Array): Message {
  const decoder = decoding.createDecoder(data);
  switch (decoding.readVarUint(decoder)) {
    case SYNC:
      return decodeSync(decoder);
    case AWARENESS:
      return {
        kind: 'awareness',
        update: decoding.readVarUint8Array(decoder)
      };
    case RAW:
      return decodeRaw(decoder);
    case PART:
      return {
        kind: 'part',
        size: decoding.readVarUint(decoder),
        offset: decoding.readVarUint(decoder),
        data: decoding.readTailAsUint8Array(decoder)
      };
    default:
      return { kind: 'unknown' };
  }
}

function encodeSync(step: number, payload: Uint8Array): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, SYNC);
  encoding.writeVarUint(encoder, step);
  encoding.writeVarUint8Array(encoder, payload);
  return encoding.toUint8Array(encoder);
}

function decodeSync(decoder: decoding.Decoder): Message {
  const step = decoding.readVarUint(decoder);
  const payload = decoding.readVarUint8Array(decoder);
  switch (step) {
    case STEP1:
      return { kind: 'sync1', stateVector: payload };
    case STEP2:
      return { kind: 'sync2', update: payload };
    case UPDATE:
      return { kind: 'update', update: payload };
    default:
      return { kind: 'unknown' };
  }
}

function decodeRaw(decoder: decoding.Decoder): Message {
  const text = decoding.readVarString(decoder);
  const name = REQUESTS.find(each => each === text);
  if (name) {
    return { kind: name, id: decoding.readVarUint(decoder) };
  }
  const value: unknown = JSON.parse(text);
  if (!isReply(value)) {
    return { kind: 'unknown' };
  }
  return { kind: 'reply', reply: value };
}

function isReply(value: unknown): value is IReply {
  return (
    typeof value === 'object' &&
    value !== null &&
    'type' in value &&
    typeof value.type === 'string'
  );
}
