// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import type { Kernel, KernelMessage } from '@jupyterlab/services';
import { ServerConnection } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';
import { beforeEach, describe, expect, it, vi } from 'vitest';

import { openWidgets, showCaptured } from '../src';

type Update = KernelMessage.ICommMsgMsg<'iopub'>;

/** A kernel as a page of JupyterLab has it. */
class FakeKernel {
  id = 'k';
  clientId = 'page';
  username = 'ada';
  handleComms = true;
  isDisposed = false;
  iopubMessage = new Signal<this, unknown>(this);
  _comms = new Map<string, { onMsg?: (message: Update) => void }>();
  _targetRegistry: Record<string, unknown> = {};
  hasComm = (id: string) => this._comms.has(id);
  createComm = (_: string, id: string) => {
    const comm = {};
    this._comms.set(id, comm);
    return comm;
  };
  get connection() {
    return this as unknown as Kernel.IKernelConnection;
  }
}

const widget = (id: string, date = 'd2') => ({
  comm_id: id,
  metadata: { version: '2.1.0' },
  date,
  state: { value: 1 },
  buffer_paths: [['image']],
  buffers: ['b25l']
});

const settings = ServerConnection.makeSettings();
let kernel: FakeKernel;
let respond: () => Promise<Response>;
let opened: [string, KernelMessage.ICommOpenMsg][];
let updates: unknown[];

function update(comm: string, date: string, method = 'update'): void {
  kernel.iopubMessage.emit({
    channel: 'iopub',
    header: { msg_type: 'comm_msg', date },
    content: { comm_id: comm, data: { method, state: { value: date } } }
  });
}

beforeEach(() => {
  kernel = new FakeKernel();
  opened = [];
  updates = [];
  kernel._targetRegistry['jupyter.widget'] = async (
    comm: { onMsg?: (message: Update) => void },
    message: KernelMessage.ICommOpenMsg
  ) => {
    opened.push([message.content.comm_id, message]);
    await Promise.resolve();
    comm.onMsg = ({ content }) => updates.push(content.data);
  };
  vi.spyOn(ServerConnection, 'makeRequest').mockImplementation(() => respond());
});

const answer = (...widgets: object[]) =>
  new Response(JSON.stringify(widgets), { status: 200 });

// [R14]
describe('Widgets that were opened before the page', () => {
  it('are opened in their present state, but for those that are known', async () => {
    kernel.createComm('', 'known');
    respond = async () => answer(widget('known'), widget('a'), widget('b'));
    await openWidgets(kernel.connection, settings);
    expect(opened.map(([id]) => id)).toEqual(['a', 'b']);
    const [, { buffers, content, metadata }] = opened[0];
    expect(metadata).toEqual({ version: '2.1.0' });
    expect(content.data).toEqual({
      state: { value: 1 },
      buffer_paths: [['image']]
    });
    const view = buffers?.[0] as DataView;
    expect(view.byteLength).toBe(3);
    expect(String.fromCharCode(view.getUint8(0))).toBe('o');
  });

  it('get what arrives meanwhile and is later than their state', async () => {
    respond = async () => {
      update('a', 'd1');
      update('a', 'd3');
      update('a', 'd4', 'custom');
      update('other', 'd5');
      return answer(widget('a'));
    };
    await openWidgets(kernel.connection, settings);
    expect(updates).toEqual([{ method: 'update', state: { value: 'd3' } }]);
    update('a', 'd6'); // the kernel's connection itself passes this on
    expect(updates).toHaveLength(1);
  });

  it('do not keep others from being opened if one cannot be made', async () => {
    const target = kernel._targetRegistry['jupyter.widget'] as (
      ...args: unknown[]
    ) => Promise<void>;
    kernel._targetRegistry['jupyter.widget'] = (
      comm: object,
      message: KernelMessage.ICommOpenMsg
    ) => {
      const { comm_id: id } = message.content;
      if (id === 'broken') {
        throw new Error('This widget cannot be made.');
      }
      return id === 'rejected'
        ? Promise.reject(new Error('Nor can this one.'))
        : target(comm, message);
    };
    respond = async () =>
      answer(widget('rejected'), widget('broken'), widget('a'));
    await openWidgets(kernel.connection, settings);
    expect(opened.map(([id]) => id)).toEqual(['a']);
  });

  it('are left to the kernel without a manager of widgets', async () => {
    kernel._targetRegistry = {};
    respond = async () => answer(widget('a'));
    await openWidgets(kernel.connection, settings);
    expect(kernel._comms.size).toBe(0);
  });

  it('are an error if the server does not answer', async () => {
    respond = async () => new Response('{}', { status: 403 });
    await expect(openWidgets(kernel.connection, settings)).rejects.toThrow();
  });

  it('show what code captures, without a message to the kernel', async () => {
    respond = async () => answer(widget('a'));
    await openWidgets(kernel.connection, settings);
    const outputs = [{ output_type: 'stream', name: 'stdout', text: 'x' }];
    await showCaptured(kernel.connection, { comm: 'a', outputs });
    await showCaptured(kernel.connection, { comm: 'unknown', outputs });
    expect(updates).toEqual([{ method: 'update', state: { outputs } }]);
  });
});
