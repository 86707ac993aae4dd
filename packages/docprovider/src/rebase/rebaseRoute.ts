// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The REST client of the rebase route: edits of another history. [S4]
 *
 * Knows HTTP; knows nothing of sockets and documents.
 */

import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import { toBase64 } from 'lib0/buffer';

import {
  RefusedError,
  refusalOfStatus,
  unknownSession
} from '../connection/closeReasons';
import { roomPart } from '../connection/sessionApi';
import type { IConflict } from '../tokens';

const ROUTE = 'api/collaboration/rebase';

/**
 * A replica whose edits are to be placed into the server's document.
 */
export interface IReplicaState {
  /** The name of the replica's history. */
  sessionId: string;
  /** The replica as one Yjs update. */
  state: Uint8Array;
  /** The replica as it was last known to be saved; `null` if unknown. */
  base: Uint8Array | null;
}

/**
 * What became of the edits.
 */
export interface IPlacement {
  /** The name of the history that holds them now; empty if it is not told. */
  sessionId: string;
  /** What could not be placed without a choice. */
  conflicts: IConflict[];
  /** Whether the user may edit the document; else nothing was placed. */
  mayEdit: boolean;
}

/**
 * Have the server place the edits of a replica into its document.
 *
 * @param roomId The id of the document's room.
 * @param replica The replica.
 * @param settings How to reach the server.
 * @param trans Translates the reason of a refusal.
 * @throws RefusedError if the server cannot do it at all.
 * @throws Error if it could not be reached or answered otherwise.
 */
export async function requestRebase(
  roomId: string,
  replica: IReplicaState,
  settings: ServerConnection.ISettings,
  trans: TranslationBundle
): Promise<IPlacement> {
  const { base, sessionId, state } = replica;
  const response = await ServerConnection.makeRequest(
    URLExt.join(settings.baseUrl, ROUTE, roomPart(roomId)),
    {
      method: 'PUT',
      body: JSON.stringify({
        sessionId,
        state: toBase64(state),
        base: base && toBase64(base)
      })
    },
    settings
  );
  switch (response.status) {
    case 200: {
      const answer: Partial<IPlacement> = await response.json();
      return {
        sessionId: answer.sessionId ?? '',
        conflicts: answer.conflicts ?? [],
        mayEdit: true
      };
    }
    case 403:
      return { sessionId: '', conflicts: [], mayEdit: false };
    case 400:
    case 404:
      throw new RefusedError(unknownSession(trans, response.status));
  }
  const refusal = refusalOfStatus(response.status, trans);
  throw refusal
    ? new RefusedError(refusal)
    : new Error(`${response.status} ${response.statusText}`);
}
