// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { nullTranslator } from '@jupyterlab/translation';
import { describe, expect, it } from 'vitest';

import {
  leastDelay,
  refusalOfClose,
  refusalOfStatus,
  troubleOfClose
} from '../src/connection/closeReasons';

const trans = nullTranslator.load('jupyter_collaboration');

describe('A closed connection', () => {
  it.each([1000, 1001, 1006, 1011, 1012, 1013, 4401, 4408, 4429, 4500, 4999])(
    'comes back after code %i',
    code => {
      expect(refusalOfClose(code, 'whatever', trans)).toBeNull();
    }
  );

  // S18 [M4]
  it('stays closed after a message that is too large', () => {
    expect(refusalOfClose(1009, '', trans)).toMatchObject({
      reason: 'too_large',
      reloadable: true
    });
  });

  it.each([4400, 4403, 4404])('stays closed after code %i', code => {
    const refusal = refusalOfClose(code, '', trans);
    expect(refusal?.code).toBe(code);
    expect(refusal?.message).toBeTruthy();
  });

  it('says that somebody may not even read any more', () => {
    expect(refusalOfClose(4403, 'any', trans)).toEqual({
      code: 4403,
      reason: 'forbidden',
      message: 'You may not read this document any more.',
      reloadable: false
    });
  });

  // [M4]
  it('comes back later after too much, and says why', () => {
    const why = 'Too many connections to this document.';
    expect(troubleOfClose(4429, why, trans)).toBe(why);
    expect(troubleOfClose(4429, '', trans)).toBeTruthy();
    expect(troubleOfClose(1006, 'whatever', trans)).toBeNull();
    expect(leastDelay(4429)).toBeGreaterThanOrEqual(5000);
    expect(leastDelay(1006)).toBe(0);
  });

  // [S3]
  it('stays closed and asks for a reload when the history is another', () => {
    const reason = JSON.stringify({
      reason: 'unknown_session',
      sessionId: 'x'
    });
    expect(refusalOfClose(1003, reason, trans)).toMatchObject({
      reason: 'unknown_session',
      reloadable: true
    });
  });

  // [C1]
  it('stays closed and asks for a reload when the server was updated', () => {
    const reason = JSON.stringify({
      reason: 'version_mismatch',
      sessionId: 'x',
      reloadable: true,
      errorReason: 'not shown'
    });
    expect(refusalOfClose(1003, reason, trans)).toEqual({
      code: 1003,
      reason: 'version_mismatch',
      message: 'The server has been updated. Reload the page to continue.',
      reloadable: true
    });
  });

  it('tells why a document could not be opened', () => {
    const reason = JSON.stringify({
      reason: 'initialization_error',
      reloadable: false,
      errorReason: 'not UTF-8'
    });
    const refusal = refusalOfClose(1003, reason, trans);
    expect(refusal?.message).toContain('not UTF-8');
    expect(refusal?.reloadable).toBe(false);
    const detail = 'The whole of what a close reason has no room for.';
    expect(refusalOfClose(1003, reason, trans, detail)?.message).toBe(
      `The server cannot open this document: ${detail}`
    );
  });

  it.each(['', 'no JSON', '7', 'null', '[]', '"text"'])(
    'stays closed after code 1003 with the reason %j',
    reason => {
      expect(refusalOfClose(1003, reason, trans)?.message).toBeTruthy();
    }
  );
});

it('A server in trouble is asked again, one that says no is not', () => {
  const statuses = [400, 401, 403, 404, 429, 500, 502, 503];
  const final = statuses.filter(status => refusalOfStatus(status, trans));
  expect(final).toEqual([400, 401, 403, 404]);
});
