// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { CommandRegistry } from '@lumino/commands';
import { describe, expect, it } from 'vitest';

import { holdCommands, isChanging } from '../src/heldCommands';

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
    const commands = new CommandRegistry();
    const options = {
      describedBy: { args: { type: 'object', properties: {} } },
      execute: () => undefined
    };
    commands.addCommand('notebook:cut-cell', options);
    commands.addCommand('notebook:copy-cell', options);
    let isViewing = false;
    holdCommands(commands, () => isViewing);
    expect(commands.isEnabled('notebook:cut-cell')).toBe(true);
    isViewing = true;
    expect(commands.isEnabled('notebook:cut-cell')).toBe(false);
    expect(commands.isEnabled('notebook:copy-cell')).toBe(true);
    expect(commands.isEnabled('notebook:unknown')).toBe(false);
  });
});
