// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { Dialog, showDialog } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';
import { beforeEach, describe, expect, it, vi } from 'vitest';

import {
  askBeforeShutdown,
  keepOnDispose
} from '../src/status/sharedKernelsPlugin';

vi.mock('@jupyterlab/apputils', async load => ({
  ...(await load<object>()),
  showDialog: vi.fn()
}));

const trans = nullTranslator.load('jupyter_collaboration');
const asked = vi.mocked(showDialog);

let shutdowns: number;
let names: string[];
let session: { shutdown: () => Promise<void> };

function answer(accept: boolean): void {
  const button = accept ? Dialog.warnButton() : Dialog.cancelButton();
  asked.mockResolvedValue({ button, isChecked: null, value: null });
}

beforeEach(() => {
  asked.mockReset();
  shutdowns = 0;
  names = [];
  session = {
    shutdown: async () => {
      shutdowns += 1;
    }
  };
  askBeforeShutdown(
    session,
    () => 'folder/n.ipynb',
    () => names,
    trans
  );
});

// F23 [M14]
describe('A kernel', () => {
  it('that nobody else uses is shut down without a question', async () => {
    await session.shutdown();
    expect(asked).not.toHaveBeenCalled();
    expect(shutdowns).toBe(1);
  });

  it('that others use is shut down only if the user says so', async () => {
    names = ['Grace', 'Bob'];
    answer(false);
    await session.shutdown();
    expect(shutdowns).toBe(0);
    const [{ body, title } = {}] = asked.mock.calls[0];
    expect(title).toContain('n.ipynb');
    expect(body).toContain('Grace, Bob');
    answer(true);
    await session.shutdown();
    expect(shutdowns).toBe(1);
  });

  it('runs on when its session is disposed', () => {
    const kernelPreference = { name: 'python3', shutdownOnDispose: true };
    const disposed = { kernelPreference };
    keepOnDispose(disposed);
    expect(disposed.kernelPreference).toEqual({
      name: 'python3',
      shutdownOnDispose: false
    });
  });
});
