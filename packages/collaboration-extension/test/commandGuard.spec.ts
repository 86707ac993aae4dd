// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import type { IDocumentProvider } from '@jupyter/docprovider';
import { CommandRegistry } from '@lumino/commands';
import { describe, expect, it } from 'vitest';

import { holdCommands, isChanging } from '../src/status/commandGuard';

// [M2]
describe('Commands that change a document', () => {
  it.each([
    'notebook:insert-cell-above',
    'notebook:insert-heading-below',
    'notebook:cut-cell',
    'notebook:paste-and-replace-cell',
    'notebook:duplicate-below',
    'notebook:delete-cell',
    'notebook:split-cell-at-cursor',
    'notebook:merge-cells',
    'notebook:move-cell-up',
    'notebook:change-cell-to-heading-1',
    'notebook:change-kernel',
    'notebook:run-cell-and-select-next',
    'notebook:run-all-below',
    'notebook:restart-run-all',
    'notebook:restart-clear-output',
    'notebook:restart-and-run-to-selected',
    'notebook:clear-all-cell-outputs',
    'notebook:undo-cell-action',
    'notebook:trust',
    'fileeditor:paste',
    'editmenu:undo',
    'runmenu:run-all',
    'kernelmenu:restart-and-clear',
    'cell-toolbar:delete',
    'docmanager:reload'
  ])('are known: %s', id => {
    expect(isChanging(id)).toBe(true);
  });

  it.each([
    'notebook:copy-cell',
    'notebook:copy-to-clipboard',
    'notebook:move-cursor-up',
    'notebook:enter-edit-mode',
    'notebook:run-in-console',
    'notebook:interrupt-kernel',
    'notebook:hide-cell-code',
    'fileeditor:copy',
    'editmenu:find',
    'runmenu:open',
    'docmanager:save',
    'docmanager:save-as'
  ])('and no others: %s', id => {
    expect(isChanging(id)).toBe(false);
  });

  it('are disabled while the document is only viewed', () => {
    const { commands, look } = hold();
    expect(commands.isEnabled('notebook:cut-cell')).toBe(true);
    look('a.ipynb');
    expect(commands.isEnabled('notebook:cut-cell')).toBe(false);
    expect(commands.isEnabled('notebook:copy-cell')).toBe(true);
    expect(commands.isEnabled('notebook:unknown')).toBe(false);
  });

  it('do not even try to save what is only viewed, and tell', async () => {
    const { commands, denied, executed, look } = hold();
    await commands.execute('docmanager:save');
    look('a.ipynb');
    await commands.execute('docmanager:save');
    await commands.execute('notebook:copy-cell');
    expect(executed).toEqual(['docmanager:save', 'notebook:copy-cell']);
    expect(denied).toEqual(['a.ipynb']);
  });
});

function hold() {
  const commands = new CommandRegistry();
  const executed: string[] = [];
  for (const id of [
    'docmanager:save',
    'notebook:copy-cell',
    'notebook:cut-cell'
  ]) {
    commands.addCommand(id, {
      describedBy: { args: { type: 'object', properties: {} } },
      execute: () => void executed.push(id)
    });
  }
  const denied: string[] = [];
  let viewed: IDocumentProvider | null = null;
  holdCommands({
    commands,
    denySave: ({ path }) => denied.push(path),
    viewed: () => viewed
  });
  const look = (path: string) => (viewed = { path } as IDocumentProvider);
  return { commands, denied, executed, look };
}
