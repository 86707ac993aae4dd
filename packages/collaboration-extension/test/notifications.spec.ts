// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import type {
  IDocumentProvider,
  IRefusedEdits,
  IRemovedContent,
  IRestore,
  Role,
  RoleReason
} from '@jupyter/docprovider';
import { Notification } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import { beforeEach, describe, expect, it, vi } from 'vitest';

import {
  notifyAutosaveOfOthers,
  notifyConflicts,
  notifyDeletion,
  notifyRefusedEdits,
  notifyRemovedContent,
  notifyRepair,
  notifyRestores,
  notifyRole,
  notifySaveDenied,
  notifyUnsaved
} from '../src/status/notifications';

const trans = nullTranslator.load('jupyter_collaboration');

/** The part of a provider that notifications look at. */
class FakeProvider {
  path = 'folder/a.txt';
  isDisposed = false;
  asked: string[] = [];
  readonly ready = Promise.resolve();
  readonly disposed = new Signal<this, void>(this);
  readonly access = {
    role: 'editor' as Role,
    reason: '' as RoleReason,
    changed: new Signal<object, void>({})
  };
  readonly conflicts = {
    list: [] as object[],
    changed: new Signal<object, void>({})
  };
  readonly edits = {
    refused: {
      list: [] as IRefusedEdits[],
      changed: new Signal<object, void>({}),
      discard: (edits: IRefusedEdits) =>
        this.setRefused(...this.refused.filter(each => each !== edits))
    },
    removed: new Signal<object, IRemovedContent[]>({})
  };
  readonly history = {
    repaired: new Signal<object, number>({}),
    restored: new Signal<object, IRestore>({})
  };
  readonly saves = {
    isDirty: false,
    isFileDeleted: false,
    error: null as string | null,
    mode: {
      autosave: null as boolean | null,
      changed: new Signal<object, void>({}),
      isLastEditor: true,
      isManual: false,
      othersWithAutosave: [] as string[]
    },
    dirtyChanged: new Signal<object, void>({}),
    errorChanged: new Signal<object, void>({}),
    save: async () => {
      this.asked.push('save');
      return {};
    },
    revert: async () => {
      this.asked.push('revert');
    }
  };

  get refused(): IRefusedEdits[] {
    return this.edits.refused.list;
  }

  dispose(): void {
    this.isDisposed = true;
    this.disposed.emit();
  }

  setRole(role: Role, reason: RoleReason = ''): void {
    Object.assign(this.access, { role, reason });
    this.access.changed.emit();
  }

  setRefused(...refused: IRefusedEdits[]): void {
    this.edits.refused.list = refused;
    this.edits.refused.changed.emit();
  }

  get asProvider(): IDocumentProvider {
    return this as unknown as IDocumentProvider;
  }
}

let provider: FakeProvider;

const shown = () => Notification.manager.notifications;
const messages = () => shown().map(({ message }) => message);
const press = async (label: string) => {
  const [button] = shown().flatMap(({ options }) =>
    (options.actions ?? []).filter(action => action.label === label)
  );
  button.callback(new MouseEvent('click'));
  await new Promise(resolve => setTimeout(resolve));
};
const edits = (id: string, reason: IRefusedEdits['reason']) => ({
  id,
  reason,
  state: new Uint8Array()
});

beforeEach(() => {
  Notification.manager.dismiss();
  provider = new FakeProvider();
});

// [M2]
describe('A role', () => {
  it('is told when it changes, and not at opening', async () => {
    notifyRole(provider.asProvider, trans);
    provider.setRole('viewer', 'permission');
    await provider.ready;
    expect(messages()).toEqual([]);
    provider.setRole('viewer', 'file');
    expect(messages()).toEqual([]);
    provider.setRole('editor');
    expect(messages()).toEqual(['a.txt: You may change this document now.']);
    provider.setRole('viewer', 'permission');
    expect(messages()).toEqual([
      'a.txt: You have view-only access to this document.'
    ]);
  });

  it('is why a save is denied, and a copy is offered', async () => {
    let saves = 0;
    provider.setRole('viewer', 'file');
    const deny = notifySaveDenied(trans, async () => {
      saves++;
      return true;
    });
    deny(provider.asProvider);
    deny(provider.asProvider);
    expect(messages()).toEqual([
      'a.txt was not saved: The file is read-only: you can edit and run it, but not save.'
    ]);
    await press('Save a copy…');
    expect(saves).toBe(1);
  });
});

// [M2] [M8]
describe('What the server did not take', () => {
  it('is offered until there is a copy', async () => {
    let isSaved = false;
    const one = edits('one', 'not_allowed');
    notifyRefusedEdits(provider.asProvider, trans, async () => isSaved);
    provider.setRefused(one);
    expect(messages()).toEqual([
      'You may not change a.txt. A copy with your changes is kept.'
    ]);
    await press('Save a copy…');
    expect(shown()).toHaveLength(1);
    expect(provider.refused).toEqual([one]);
    isSaved = true;
    await press('Save a copy…');
    expect(shown()).toEqual([]);
    expect(provider.refused).toEqual([]);
  });

  it('is one notification, however many edits they are', async () => {
    provider.edits.refused.list = [edits('one', 'invalid_edit')];
    const saved: string[] = [];
    let mayBeSaved = 1;
    notifyRefusedEdits(provider.asProvider, trans, async ({ id }) => {
      const isSaved = saved.length < mayBeSaved;
      saved.push(...(isSaved ? [id] : []));
      return isSaved;
    });
    expect(messages()).toEqual([
      'a.txt cannot hold what you changed, and was put right. A copy with your changes is kept.'
    ]);
    const others = ['two', 'three'].map(id => edits(id, 'not_allowed'));
    provider.setRefused(...provider.refused, ...others);
    expect(messages()).toEqual([
      '3 changes to a.txt could not be shared. A copy with each of them is kept.'
    ]);
    // Those that were not saved are still offered.
    await press('Save copies…');
    expect(saved).toEqual(['one']);
    expect(messages()).toEqual([
      '2 changes to a.txt could not be shared. A copy with each of them is kept.'
    ]);
    mayBeSaved = 3;
    await press('Save copies…');
    expect(saved).toEqual(['one', 'two', 'three']);
    expect(shown()).toEqual([]);
  });

  it('is forgotten where the user wants it', async () => {
    notifyRefusedEdits(provider.asProvider, trans, async () => false);
    provider.setRefused(
      edits('one', 'invalid_edit'),
      edits('other', 'not_allowed')
    );
    await press('Discard');
    expect(provider.refused).toEqual([]);
    expect(shown()).toEqual([]);
  });
});

// [V5]
describe('A restore', () => {
  const showHistory = vi.fn();

  beforeEach(() => {
    showHistory.mockClear();
    notifyRestores(provider.asProvider, trans, {
      ownUsername: () => 'ada',
      showHistory
    });
  });

  it('by somebody else is told, with the way to the history', async () => {
    const user = { username: 'grace', display_name: 'Grace' };
    provider.history.restored.emit({ username: 'grace', user, isCell: false });
    provider.history.restored.emit({ username: 'grace', user, isCell: true });
    expect(messages()).toEqual([
      'Grace restored an older version of a cell of a.txt.',
      'Grace restored an older version of a.txt.'
    ]);
    await press('Show Version History');
    expect(showHistory).toHaveBeenCalledTimes(1);
  });

  it('of the user is none of the news', () => {
    provider.history.restored.emit({
      username: 'ada',
      user: {},
      isCell: false
    });
    expect(shown()).toEqual([]);
  });
});

// [M13]
it('Notifications go with their document, but for those with content of their own', () => {
  notifyRepair(provider.asProvider, trans);
  notifyRemovedContent(provider.asProvider, trans, () => undefined);
  notifyRefusedEdits(provider.asProvider, trans, async () => false);
  notifyDeletion(provider.asProvider, trans);
  notifyConflicts(provider.asProvider, trans, async () => undefined);
  provider.history.repaired.emit(1);
  provider.setRefused(edits('one', 'too_large'));
  provider.saves.isFileDeleted = true;
  provider.saves.errorChanged.emit();
  provider.conflicts.list = [{}];
  provider.conflicts.changed.emit();
  const removed = { kind: 'text', value: 'x' } as const;
  provider.edits.removed.emit([removed]);
  expect(shown()).toHaveLength(5);
  provider.dispose();
  expect(messages()).toEqual([
    'a.txt: Text that was too large to share was removed.'
  ]);
});

it('Cells that were repaired are told of in words', () => {
  notifyRepair(provider.asProvider, trans);
  provider.history.repaired.emit(2);
  provider.history.repaired.emit(2);
  expect(messages()).toEqual([
    'a.txt: 2 cells of its history could not be read, and are shown as raw cells.'
  ]);
});

// S18 [M4]
it.each<[IRemovedContent, string, string, unknown]>([
  [
    { kind: 'output', value: { name: 'stdout', text: 'printed' } },
    'Save Output to File',
    'a.txt-output.txt',
    'printed'
  ],
  [
    { kind: 'output', value: { data: { 'text/html': ['<a>', '</a>'] } } },
    'Save Output to File',
    'a.txt-output.html',
    '<a></a>'
  ],
  [
    { kind: 'output', value: { data: { 'image/png': 'aaaa' } } },
    'Save Output to File',
    'a.txt-output.json',
    { data: { 'image/png': 'aaaa' } }
  ],
  [{ kind: 'text', value: 'é' }, 'Save Text to File', 'a.txt-text.txt', 'é'],
  [{ kind: 'value', value: [1] }, 'Save Value to File', 'a.txt-value.json', [1]]
])(
  'What was too large is offered as a file: %j',
  async (removed, label, name, content) => {
    const saved: unknown[] = [];
    notifyRemovedContent(provider.asProvider, trans, (...file) =>
      saved.push(file)
    );
    provider.edits.removed.emit([removed]);
    expect(messages()).toHaveLength(1);
    expect(messages()[0]).toContain('too large to share');
    await press(label);
    expect(saved).toEqual([[name, content]]);
  }
);

// [F13]
describe('Autosave', () => {
  it('that is off leaves changes unsaved, which are told of at opening', async () => {
    Object.assign(provider.saves.mode, { autosave: false, isManual: true });
    notifyUnsaved(provider.asProvider, trans);
    expect(messages()).toEqual([]);
    provider.saves.isDirty = true;
    for (const [state, name] of [
      [{ autosave: true }, 'the user wants them to be saved'],
      [{ isLastEditor: false }, 'somebody else works on them'],
      [{ isManual: false }, 'they are being saved']
    ] as const) {
      const before = { ...provider.saves.mode };
      Object.assign(provider.saves.mode, state);
      notifyUnsaved(provider.asProvider, trans);
      expect(messages(), name).toEqual([]);
      Object.assign(provider.saves.mode, before);
    }
    notifyUnsaved(provider.asProvider, trans);
    expect(messages()).toEqual([
      'a.txt has changes that are not in its file yet.'
    ]);
    await press('Save');
    await press('Discard Changes');
    expect(provider.asked).toEqual(['save', 'revert']);
    provider.saves.dirtyChanged.emit();
    expect(messages()).toHaveLength(1);
    provider.saves.isDirty = false;
    provider.saves.dirtyChanged.emit();
    expect(messages()).toEqual([]);
  });

  it('of others is told of when the user switches it off', () => {
    const { mode } = provider.saves;
    mode.othersWithAutosave = ['Grace'];
    notifyAutosaveOfOthers(provider.asProvider, trans);
    const set = (value: boolean | null) => {
      mode.autosave = value;
      mode.changed.emit();
    };
    set(true);
    expect(messages()).toEqual([]);
    set(false);
    mode.changed.emit();
    expect(messages()).toEqual([
      'a.txt is still saved automatically, since autosave is on for Grace.'
    ]);
    set(true);
    mode.othersWithAutosave = [];
    set(false);
    expect(messages()).toHaveLength(1);
  });
});
