// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

// @vitest-environment jsdom

import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Signal } from '@lumino/signaling';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { openAt } from '../src/people/openAt';
import type { IPresences } from '@jupyter/collaboration';

// [P7]
describe('A document that is opened for somebody in it', () => {
  let opened: string[];
  let jumps: number;
  let isHere: boolean;
  let node: HTMLElement;
  const changed = new Signal<object, void>({});

  beforeEach(() => {
    vi.useFakeTimers();
    opened = [];
    jumps = 0;
    isHere = false;
    node = document.createElement('div');
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  async function open(isShared = true): Promise<void> {
    const widget = { context: { ready: Promise.resolve() }, node };
    const execute = async (_: string, { path }: { path: string }) => {
      opened.push(path);
      return widget;
    };
    const presence = {
      changed,
      find: (key: string) => (isHere && key === 'user:grace' ? {} : undefined),
      stateOf: () => ({}),
      places: { jump: () => ++jumps > 0 }
    };
    await openAt(
      { commands: { execute } } as unknown as JupyterFrontEnd,
      { of: () => (isShared ? { presence } : null) } as unknown as IPresences,
      'a.ipynb',
      'user:grace'
    );
  }

  /** Somebody's presence in the document changes. */
  const change = () => changed.emit();

  it('is shown where they are', async () => {
    isHere = true;
    await open();
    expect(opened).toEqual(['a.ipynb']);
    expect(jumps).toBe(1);
    change();
    expect(jumps).toBe(1);
  });

  it('is shown there once that is known', async () => {
    await open();
    change();
    expect(jumps).toBe(0);
    isHere = true;
    change();
    change();
    expect(jumps).toBe(1);
  });

  it.each(['pointerdown', 'keydown', 'wheel'])(
    'stays where the user goes meanwhile: %s',
    async deed => {
      await open();
      node.dispatchEvent(new Event(deed));
      isHere = true;
      change();
      expect(jumps).toBe(0);
    }
  );

  it('stays where it is after a while', async () => {
    await open();
    vi.advanceTimersByTime(10_000);
    isHere = true;
    change();
    expect(jumps).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is only opened where presence is not known', async () => {
    isHere = true;
    await open(false);
    expect(opened).toEqual(['a.ipynb']);
    expect(jumps).toBe(0);
  });
});
