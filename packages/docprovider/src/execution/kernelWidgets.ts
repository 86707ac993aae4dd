// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Opens the widgets of a kernel that were opened before this page. [R14]
 *
 * JupyterLab asks the kernel for them, which answers only once it is idle. The
 * server has followed what the kernel published.
 */

import { URLExt } from '@jupyterlab/coreutils';
import type { Kernel } from '@jupyterlab/services';
import { KernelMessage, ServerConnection } from '@jupyterlab/services';
import type { JSONObject } from '@lumino/coreutils';
import { fromBase64 } from 'lib0/buffer';

import type { ICaptured } from '../tokens';

const ROUTE = 'api/collaboration/widgets';

/** The name of the comms of widgets. */
const TARGET = 'jupyter.widget';

/** How changes of a widget's state are called. */
const UPDATES = ['update', 'echo_update'];

/**
 * A widget as recorded by the server.
 */
interface IWidgetState {
  comm_id: string;
  metadata: KernelMessage.ICommOpenMsg['metadata'];
  date: string;
  state: Record<string, unknown>;
  buffer_paths: string[][];
  buffers: string[];
}

/**
 * What is called when a comm opens, such as by a manager of widgets.
 */
type CommTarget = (
  comm: Kernel.IComm,
  message: KernelMessage.ICommOpenMsg
) => PromiseLike<void> | void;

/**
 * Open the widgets that the server has recorded and this page has not opened yet.
 *
 * @throws Error if the server does not answer.
 */
export async function openWidgets(
  kernel: Kernel.IKernelConnection,
  settings: ServerConnection.ISettings
): Promise<void> {
  const late: KernelMessage.ICommMsgMsg<'iopub'>[] = [];
  const record = (_: unknown, message: KernelMessage.IIOPubMessage) => {
    if (KernelMessage.isCommMsgMsg(message)) {
      late.push(message as KernelMessage.ICommMsgMsg<'iopub'>);
    }
  };
  kernel.iopubMessage.connect(record);
  try {
    const response = await ServerConnection.makeRequest(
      URLExt.join(settings.baseUrl, ROUTE, encodeURIComponent(kernel.id)),
      {},
      settings
    );
    if (!response.ok) {
      throw await ServerConnection.ResponseError.create(response);
    }
    const widgets: IWidgetState[] = await response.json();
    const target = targetOf(kernel);
    if (kernel.isDisposed || !kernel.handleComms || !target) {
      return;
    }
    const opened = new Map<string, { comm: Kernel.IComm; date: string }>();
    // Each one may refer to those after it: all are known before any is made.
    const made = widgets
      .filter(({ comm_id: id }) => !kernel.hasComm(id))
      .map(async widget => {
        const comm = kernel.createComm(TARGET, widget.comm_id);
        opened.set(widget.comm_id, { comm, date: widget.date });
        await target(comm, openingOf(widget, kernel));
      });
    await Promise.allSettled(made);
    // What arrived before they were made.
    for (const message of late) {
      const known = opened.get(message.content.comm_id);
      const isUpdate = UPDATES.includes(String(message.content.data.method));
      if (known && isUpdate && message.header.date > known.date) {
        await known.comm.onMsg?.(message);
      }
    }
  } finally {
    kernel.iopubMessage.disconnect(record);
  }
}

/**
 * Show what a widget has captured, before the kernel says so.
 *
 * Nothing is sent to the kernel.
 */
export async function showCaptured(
  kernel: Kernel.IKernelConnection,
  { comm, outputs }: Pick<ICaptured, 'comm' | 'outputs'>
): Promise<void> {
  const { _comms: comms } = kernel as unknown as {
    _comms?: Map<string, Kernel.IComm>; // there is no public way to get one
  };
  const message = KernelMessage.createMessage<
    KernelMessage.ICommMsgMsg<'iopub'>
  >({
    msgType: 'comm_msg',
    channel: 'iopub',
    session: kernel.clientId,
    username: kernel.username,
    content: {
      comm_id: comm,
      data: { method: 'update', state: { outputs } as JSONObject }
    }
  });
  await comms?.get(comm)?.onMsg?.(message);
}

/**
 * Who opens widgets; `undefined` without a manager of widgets.
 *
 * JupyterLab has no public way to say that a comm has been opened.
 */
function targetOf(kernel: Kernel.IKernelConnection): CommTarget | undefined {
  const { _targetRegistry: targets } = kernel as unknown as {
    _targetRegistry?: Record<string, CommTarget | undefined>;
  };
  return targets?.[TARGET];
}

/**
 * The message of the kernel that would open a widget in its present state.
 */
function openingOf(
  { buffer_paths, buffers, comm_id, metadata, state }: IWidgetState,
  kernel: Kernel.IKernelConnection
): KernelMessage.ICommOpenMsg {
  return KernelMessage.createMessage<KernelMessage.ICommOpenMsg<'iopub'>>({
    msgType: 'comm_open',
    channel: 'iopub',
    session: kernel.clientId,
    username: kernel.username,
    content: {
      comm_id,
      target_name: TARGET,
      data: {
        state,
        buffer_paths
      } as KernelMessage.ICommOpenMsg['content']['data']
    },
    metadata,
    buffers: buffers.map(each => {
      const { buffer, byteLength, byteOffset } = fromBase64(each);
      return new DataView(buffer as ArrayBuffer, byteOffset, byteLength);
    })
  });
}
