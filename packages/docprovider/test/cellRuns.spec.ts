// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import type { INotebookCellExecutor } from '@jupyterlab/notebook';
import { nullTranslator } from '@jupyterlab/translation';
import * as decoding from 'lib0/decoding';
import { beforeEach, describe, expect, it, vi } from 'vitest';

import type { IDocumentProviders } from '../src';
import { CellRuns, NotebookCellServerExecutor, RunRefused } from '../src';

const runCell = vi.fn(async () => true);
class KernelError extends Error {
  constructor(readonly content: { ename: string; evalue: string }) {
    super(`${content.ename}: ${content.evalue}`);
  }
}
vi.mock('@jupyterlab/notebook', () => ({ KernelError, runCell }));

interface ISent {
  name: string;
  body: Record<string, unknown>;
  number: number;
}

let sent: ISent[];
let isSent: boolean;
let isInFork: boolean;
let runs: CellRuns;

function read(data: Uint8Array): ISent {
  const decoder = decoding.createDecoder(data);
  decoding.readVarUint(decoder);
  const text = decoding.readVarString(decoder);
  const at = text.indexOf(' ');
  return {
    name: text.slice(0, at),
    body: JSON.parse(text.slice(at)),
    number: decoding.readVarUint(decoder)
  };
}

beforeEach(() => {
  sent = [];
  isSent = true;
  isInFork = false;
  runCell.mockClear();
  runs = new CellRuns({
    isInFork: () => isInFork,
    send: data => {
      sent.push(read(data));
      return isSent;
    },
    trans: nullTranslator.load('')
  });
});

const cell = { cell: 'c', kernel: 'k' };
const user = { username: 'ada', name: 'Ada' };

function listed(id: unknown): void {
  const run = { id: String(id), cell: 'c', user, since: 1 };
  runs.receive({
    type: 'runs',
    kernel: 'k',
    runs: [{ ...run, state: 'running' }]
  });
}

describe('The runs of a document [R1]', () => {
  it('are asked for once the document is in sync', async () => {
    const ended = runs.run(cell);
    expect(sent).toEqual([]);
    runs.live();
    expect(sent[0]).toMatchObject({ name: 'run', body: cell });
    const responseTo = sent[0].number;
    runs.receive({
      type: 'run',
      responseTo,
      status: 'success',
      outcome: 'error',
      count: 3,
      error: { ename: 'E', evalue: 'v' }
    });
    expect(await ended).toEqual({
      outcome: 'error',
      reason: '',
      by: null,
      count: 3,
      error: { ename: 'E', evalue: 'v' }
    });
  });

  it('are never asked for twice if the server has them', () => {
    runs.live();
    void runs.run(cell);
    void runs.run(cell);
    listed(sent[0].body.id);
    runs.lost();
    runs.live();
    const [first, second, known, unknown] = sent;
    expect(known.body).toEqual({ ...first.body, again: true });
    expect(unknown.body).toEqual(second.body);
  });

  it('are never asked for twice if they are too many to be listed', () => {
    runs.live();
    void runs.run(cell);
    runs.receive({ type: 'runs', kernel: 'k', runs: [], more: 1 });
    runs.lost();
    void runs.run(cell);
    runs.live();
    const [first, known, unknown] = sent;
    expect(known.body).toEqual({ ...first.body, again: true });
    expect(unknown.body).not.toHaveProperty('again');
  });

  it('are refused with a reason', async () => {
    runs.live();
    const ended = runs.run(cell);
    const responseTo = sent[0].number;
    runs.receive({ type: 'run', responseTo, status: 'failed', reason: 'No.' });
    await expect(ended).rejects.toThrow(new RunRefused('No.'));
  });

  it('are listed, with who asked, until they have ended', () => {
    const changed = vi.fn();
    runs.changed.connect(changed);
    runs.live();
    void runs.run(cell);
    listed(sent[0].body.id);
    expect(runs.list).toHaveLength(1);
    expect(runs.isOwn(runs.list[0])).toBe(true);
    listed('other');
    expect(runs.isOwn(runs.list[0])).toBe(false);
    runs.receive({ type: 'runs', kernel: 'k', runs: [] });
    expect(runs.list).toEqual([]);
    expect(changed).toHaveBeenCalledTimes(3);
    expect(runs.receive({ type: 'save' })).toBe(false);
  });

  it('end together', () => {
    const ended = vi.fn();
    runs.ended.connect((_, each) => ended(each));
    const told = { outcome: 'restarted', reason: 'r', by: user };
    runs.receive({ type: 'runs_ended', ended: ['c'], ...told });
    expect(ended).toHaveBeenCalledWith({ cells: ['c'], ...told });
  });

  it('have origins, which stay when the connection is lost [R15]', () => {
    const changed = vi.fn();
    runs.originsChanged.connect((_, cells) => changed(cells));
    const origin = { user, time: 1, source: '1:2', count: 3, isOld: false };
    const origins = { a: origin, b: origin };
    runs.receive({ type: 'provenance', origins });
    runs.receive({
      type: 'provenance',
      origins: { b: { ...origin, isOld: true } }
    });
    runs.lost();
    expect(changed.mock.calls).toEqual([[['a', 'b']], [['b']]]);
    expect(runs.origins.get('a')).toEqual(origin);
    expect(runs.origins.get('b')?.isOld).toBe(true);
  });

  it('say what code captures with widgets [R14]', () => {
    const captured = vi.fn();
    runs.captured.connect((_, each) => captured(each));
    const told = { kernel: 'k', comm: 'c', outputs: [{}] };
    runs.receive({ type: 'widget', ...told });
    expect(captured).toHaveBeenCalledWith(told);
  });

  it('take answers and cancellations, of which one counts [R5] [R10]', async () => {
    runs.live();
    const answered = runs.answer('p', 'v');
    const canceled = runs.cancel({ ...runs.list[0], id: 'x' });
    expect(sent.map(({ name, body }) => [name, body])).toEqual([
      ['input', { id: 'p', value: 'v' }],
      ['cancel', { id: 'x' }]
    ]);
    const [first, second] = sent.map(({ number }) => number);
    runs.receive({ type: 'input', responseTo: first, status: 'success' });
    runs.receive({
      type: 'cancel',
      responseTo: second,
      status: 'failed',
      reason: 'It runs already.'
    });
    await answered;
    await expect(canceled).rejects.toThrow('It runs already.');
    isSent = false;
    await expect(runs.answer('p', 'v')).rejects.toThrow('no connection');
    isSent = true;
    const lost = runs.answer('p', 'v');
    runs.lost();
    await expect(lost).rejects.toThrow('lost');
  });

  it('are rejected when the document is closed', async () => {
    const ended = runs.run(cell);
    const answered = runs.answer('p', 'v');
    const isRejected = Promise.all([
      expect(ended).rejects.toThrow('closed'),
      expect(answered).rejects.toThrow('closed')
    ]);
    runs.dispose();
    runs.dispose();
    await isRejected;
    await expect(runs.run(cell)).rejects.toThrow('closed');
  });
});

describe('The executor [R12]', () => {
  const kernel = { id: 'k' };
  let session: Record<string, unknown>;
  let model: Record<string, unknown>;
  let events: unknown[];
  let isOn: boolean;
  let refused: string[];

  function options(more: object = {}): INotebookCellExecutor.IRunCellOptions {
    return {
      cell: { model, isDisposed: false, outputHidden: true } as unknown,
      notebook: { sharedModel: 'shared', deletedCells: ['gone'] } as unknown,
      notebookConfig: { recordTiming: true } as unknown,
      sessionContext: session as unknown,
      onCellExecutionScheduled: () => events.push('scheduled'),
      onCellExecuted: ({
        success,
        error
      }: {
        success: boolean;
        error?: Error;
      }) => events.push([success, error?.message]),
      ...more
    } as INotebookCellExecutor.IRunCellOptions;
  }

  function run(more: object = {}): Promise<boolean> {
    const documents = {
      providerOf: (shared: unknown) =>
        shared === 'shared' ? { runs } : undefined
    } as unknown as IDocumentProviders;
    return new NotebookCellServerExecutor({
      documents,
      isOn: () => isOn,
      onRefused: reason => refused.push(reason)
    }).runCell(options(more));
  }

  async function ends(reply: object): Promise<void> {
    await vi.waitFor(() => expect(sent).not.toEqual([]));
    runs.receive({ type: 'run', responseTo: sent[0].number, ...reply });
  }

  beforeEach(() => {
    events = [];
    refused = [];
    isOn = true;
    session = {
      session: { kernel },
      hasNoKernel: false,
      ready: Promise.resolve()
    };
    model = {
      type: 'code',
      trusted: false,
      clearExecution: vi.fn(),
      sharedModel: { getId: () => 'c', transact: (work: () => void) => work() }
    };
    runs.live();
  });

  it('runs cells on the server with the signals of JupyterLab', async () => {
    const ran = run();
    await ends({ status: 'success', outcome: 'ok', count: 1 });
    expect(await ran).toBe(true);
    expect(sent[0].body).toMatchObject({
      cell: 'c',
      kernel: 'k',
      recordTiming: true,
      deletedCells: ['gone']
    });
    expect(events).toEqual(['scheduled', [true, undefined]]);
    expect(model.trusted).toBe(true);
    expect(runCell).not.toHaveBeenCalled();
  });

  it('throws the error of the kernel', async () => {
    const ran = run();
    const error = { ename: 'E', evalue: 'v' };
    await ends({ status: 'success', outcome: 'error', count: 1, error });
    await expect(ran).rejects.toThrow('E: v');
    expect(events).toEqual(['scheduled', [false, 'E: v']]);
  });

  it.each(['canceled', 'stopped', 'restarted', 'something newer'])(
    'ends quietly when a run was %s',
    async outcome => {
      const ran = run();
      await ends({ status: 'success', outcome });
      expect(await ran).toBe(false);
      expect(events).toEqual(['scheduled', [false, undefined]]);
      expect(refused).toEqual([]);
    }
  );

  it('says why the server does not run a cell', async () => {
    const ran = run();
    await ends({ status: 'failed', reason: 'No permission.' });
    expect(await ran).toBe(false);
    expect(refused).toEqual(['No permission.']);
  });

  it('waits for a kernel that is on its way', async () => {
    session.session = null;
    session.ready = Promise.resolve().then(() => {
      session.session = { kernel };
    });
    const ran = run();
    await ends({ status: 'success', outcome: 'ok' });
    expect(await ran).toBe(true);
  });

  it('offers a kernel where there is none', async () => {
    session.hasNoKernel = true;
    session.session = null;
    session.startKernel = async () => true;
    const selectKernel = vi.fn();
    expect(await run({ sessionDialogs: { selectKernel } })).toBe(true);
    expect(selectKernel).toHaveBeenCalled();
    expect(model.clearExecution).toHaveBeenCalled();
    expect(sent).toEqual([]);
  });

  it.each([
    ['the user wants it so', () => (isOn = false)],
    ['a fork is shown', () => (isInFork = true)],
    ['it is no code', () => (model.type = 'markdown')],
    ['the kernel terminates', () => (session.isTerminating = true)]
  ])('leaves the cell to JupyterLab if %s', async (_, prepare) => {
    prepare();
    expect(await run()).toBe(true);
    expect(runCell).toHaveBeenCalled();
    expect(sent).toEqual([]);
  });

  it('leaves notebooks that are not shared to JupyterLab', async () => {
    expect(await run({ notebook: { sharedModel: 'own' } })).toBe(true);
    const bare = new NotebookCellServerExecutor();
    expect(await bare.runCell(options())).toBe(true);
    expect(runCell).toHaveBeenCalledTimes(2);
  });
});
