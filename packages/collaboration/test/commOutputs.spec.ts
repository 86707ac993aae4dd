// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import type { ICaptured } from '@jupyter/docprovider';
import { Signal } from '@lumino/signaling';
import { describe, expect, it, vi } from 'vitest';

import { CommOutputs } from '../src';

const sender = {};
const signal = () => new Signal<object, never>(sender);

// [R14]
describe('Outputs that need a comm', () => {
  it('say why a widget cannot show what code captures', async () => {
    const captured = new Signal<object, ICaptured>(sender);
    const kernel = {
      id: 'k',
      connectionStatus: 'connected',
      hasComm: () => true
    };
    const session = {
      session: { kernel },
      iopubMessage: signal(),
      connectionStatusChanged: signal()
    };
    const warn = vi.spyOn(console, 'warn').mockReturnValue(undefined);
    const reason = new Error('There is no view.');
    const outputs = new CommOutputs({
      cells: Object.assign([], { changed: signal() }),
      notebook: {},
      session,
      restore: async () => undefined,
      captured,
      show: () => Promise.reject(reason)
    } as unknown as CommOutputs.IOptions);
    captured.emit({ kernel: 'k', comm: 'c', outputs: [] });
    await vi.waitFor(() =>
      expect(warn).toHaveBeenCalledWith(expect.any(String), reason)
    );
    outputs.dispose();
    warn.mockRestore();
  });
});
