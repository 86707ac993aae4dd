// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * People without a browser: each a document, a presence and a socket, by the public protocol.
 */

import { once } from 'node:events';

import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import WebSocket from 'ws';
import { Awareness, encodeAwarenessUpdate } from 'y-protocols/awareness';
import * as sync from 'y-protocols/sync';
import * as Y from 'yjs';

import type { Server } from './server';

const SYNC = 0;
const AWARENESS = 1;
const RAW = 2;

/**
 * Somebody in a document.
 */
export class Simulated {
  readonly doc = new Y.Doc();
  readonly awareness = new Awareness(this.doc);

  private constructor(private _socket: WebSocket) {
    this.doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin !== this) {
        this._send(SYNC, encoder => sync.writeUpdate(encoder, update));
      }
    });
    this.awareness.on('update', ({ updated }: { updated: number[] }) => {
      if (updated.includes(this.doc.clientID)) {
        const state = encodeAwarenessUpdate(this.awareness, updated);
        this._send(AWARENESS, encoder =>
          encoding.writeVarUint8Array(encoder, state)
        );
      }
    });
  }

  /**
   * Open a document, and wait until all of it is there.
   */
  static async open(server: Server, path: string): Promise<Simulated> {
    const isNotebook = path.endsWith('.ipynb');
    const answer = await fetch(
      `${server.url}/api/collaboration/session/${encodeURIComponent(path)}`,
      {
        method: 'PUT',
        headers: { Authorization: `token ${server.token}` },
        body: JSON.stringify({
          format: isNotebook ? 'json' : 'text',
          type: isNotebook ? 'notebook' : 'file'
        })
      }
    );
    const { fileId, format, sessionId, type } = (await answer.json()) as Record<
      string,
      string
    >;
    const room = `${format}:${type}:${fileId}`;
    const socket = new WebSocket(
      `${server.url.replace('http', 'ws')}/api/collaboration/room/${room}` +
        `?sessionId=${sessionId}&token=${server.token}`
    );
    socket.binaryType = 'arraybuffer';
    const person = new Simulated(socket);
    await once(socket, 'open');
    await person._synced();
    return person;
  }

  /**
   * The room of the document.
   */
  get room(): string {
    return String(this.doc.getMap('state').get('document_id'));
  }

  /**
   * The text of a cell.
   */
  cell(index: number): Y.Text {
    return this.doc.getArray<Y.Map<Y.Text>>('cells').get(index).get('source')!;
  }

  /**
   * Ask the server for something, and wait for the answer.
   */
  async ask(request: 'save' | 'ack'): Promise<void> {
    const id = ++this._asked;
    this._send(RAW, encoder => {
      encoding.writeVarString(encoder, request);
      encoding.writeVarUint(encoder, id);
    });
    await new Promise<void>(resolve => this._waiting.set(id, resolve));
  }

  /**
   * Go on without what others do: for many people on the computer that is measured, on which reading
   * it would take longer than what is measured.
   */
  readNoMore(): void {
    this._socket.removeAllListeners('message');
  }

  /**
   * Leave.
   */
  leave(): void {
    this.awareness.destroy();
    this.doc.destroy();
    this._socket.close();
  }

  private async _synced(): Promise<void> {
    const done = new Promise<void>(resolve => {
      this._socket.on('message', (data: ArrayBuffer) => {
        const decoder = decoding.createDecoder(new Uint8Array(data));
        const kind = decoding.readVarUint(decoder);
        if (kind === SYNC) {
          const encoder = encoding.createEncoder();
          encoding.writeVarUint(encoder, SYNC);
          const part = sync.readSyncMessage(decoder, encoder, this.doc, this);
          if (encoding.length(encoder) > 1) {
            this._socket.send(encoding.toUint8Array(encoder));
          }
          if (part === sync.messageYjsSyncStep2) {
            resolve();
          }
        } else if (kind === RAW) {
          const { responseTo } = JSON.parse(
            decoding.readVarString(decoder)
          ) as { responseTo?: number };
          this._waiting.get(responseTo ?? 0)?.();
        }
      });
    });
    this._send(SYNC, encoder => sync.writeSyncStep1(encoder, this.doc));
    await done;
  }

  private _send(
    kind: number,
    write: (encoder: encoding.Encoder) => void
  ): void {
    if (this._socket.readyState === WebSocket.OPEN) {
      const encoder = encoding.createEncoder();
      encoding.writeVarUint(encoder, kind);
      write(encoder);
      this._socket.send(encoding.toUint8Array(encoder));
    }
  }

  private _asked = 0;
  private _waiting = new Map<number, () => void>();
}
