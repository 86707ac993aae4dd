// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import type { ICellRun, IDocumentRuns } from '@jupyter/docprovider';
import type { CodeCell } from '@jupyterlab/cells';
import { nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import { Panel, Widget } from '@lumino/widgets';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { InputPrompts, RunsButton } from '../src';

const trans = nullTranslator.load('');
const ADA = { username: 'ada', name: 'Ada' };

class Runs implements IDocumentRuns {
  list: readonly ICellRun[] = [];
  isAvailable = true;
  changed = new Signal<this, void>(this);
  ended = new Signal<this, never>(this);
  own = new Set<string>();
  isOwn = ({ id }: ICellRun) => this.own.has(id);
  run = vi.fn();
  cancel = vi.fn(async () => undefined);
  answer = vi.fn(async () => undefined);

  show(...list: Partial<ICellRun>[]): void {
    this.list = list.map((run, at) => ({
      id: `run-${at}`,
      cell: 'c1',
      user: ADA,
      since: 0,
      state: 'running',
      ...run
    }));
    this.changed.emit();
  }
}

let runs: Runs;

beforeEach(() => {
  runs = new Runs();
});

describe('The button of what runs [R3] [R5]', () => {
  let button: RunsButton;
  let offered: readonly RunsButton.IItem[];
  const goTo = vi.fn();

  beforeEach(() => {
    button = new RunsButton({
      runs,
      numberOf: cell => (cell === 'c1' ? 1 : null),
      goTo,
      offer: items => {
        offered = items;
      },
      trans
    });
    Widget.attach(button, document.body);
  });

  afterEach(() => {
    button.dispose();
    expect(() => runs.show({})).not.toThrow();
  });

  async function labels(): Promise<string[]> {
    await vi.waitFor(() =>
      expect(button.node.textContent).toBe(String(runs.list.length))
    );
    button.node.querySelector<HTMLElement>('jp-button, button')?.click();
    return offered.map(({ label }) => label.replace(/\d+:\d+.*$/, 'T'));
  }

  it('is there only while anything runs', () => {
    expect(button.isHidden).toBe(true);
    runs.show({});
    expect(button.isHidden).toBe(false);
    runs.show();
    expect(button.isHidden).toBe(true);
  });

  it('says what runs and waits, and cancels what waits', async () => {
    runs.show(
      {},
      { state: 'waiting' },
      { cell: null },
      { cell: null, state: 'waiting' },
      { asks: true }
    );
    expect(await labels()).toEqual([
      'Ada runs cell 1 since T',
      'Cancel: Cell 1 of Ada waits since T',
      'Ada runs a cell elsewhere since T',
      'A cell of Ada elsewhere waits since T',
      'Cell 1 of Ada asks for input'
    ]);
    offered[0].run();
    expect(goTo).toHaveBeenCalledWith(runs.list[0]);
    offered[1].run();
    expect(runs.cancel).toHaveBeenCalledWith(runs.list[1]);
  });
});

describe('Prompts of running cells [R10]', () => {
  let area: Panel;
  let prompts: InputPrompts;
  const asks = { input: { id: 'p1', prompt: 'Who? ', password: false } };
  const inputs = () => [...area.node.querySelectorAll('input')];

  beforeEach(() => {
    area = new Panel();
    Widget.attach(area, document.body);
    const cell = { outputArea: area } as unknown as CodeCell;
    prompts = new InputPrompts({
      runs,
      cellOf: id => (id === 'c1' ? cell : null),
      trans
    });
  });

  afterEach(() => {
    prompts.dispose();
    prompts.dispose();
    expect(inputs()).toEqual([]);
    area.dispose();
  });

  it('are shown once, until they are answered', () => {
    runs.show(asks);
    runs.show(asks);
    expect(inputs()).toHaveLength(1);
    expect(area.node.textContent).toContain('Who? ');
    expect(area.node.textContent).toContain('Ada runs this cell');
    const [input] = inputs();
    input.value = 'me';
    input.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter' }));
    expect(runs.answer).toHaveBeenCalledWith('p1', 'me');
    runs.show({});
    expect(inputs()).toEqual([]);
  });

  it('take the focus only from who runs the cell', () => {
    const other = document.createElement('button');
    document.body.append(other);
    other.focus();
    runs.show(asks);
    expect(document.activeElement).toBe(other);
    runs.show();
    other.blur();
    runs.show(asks);
    expect(document.activeElement).toBe(document.body);
    runs.show();
    runs.own.add('run-0');
    runs.show(asks);
    expect(document.activeElement).toBe(inputs()[0]);
    expect(area.node.textContent).not.toContain('Ada runs this cell');
    other.remove();
  });

  it('hide passwords, and are shown again in a cell that was cleared', () => {
    runs.show({ input: { ...asks.input, password: true } });
    expect(inputs()[0].type).toBe('password');
    area.widgets[0].dispose();
    prompts.update();
    expect(inputs()).toHaveLength(1);
    runs.show({ ...asks, cell: 'elsewhere' });
    expect(inputs()).toHaveLength(1);
  });
});
