// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

// @vitest-environment jsdom

import type { Role, RoleReason } from '@jupyter/docprovider';
import * as React from 'react';
import { act } from 'react';
import { createRoot } from 'react-dom/client';
import type { Root } from 'react-dom/client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  applyAwarenessUpdate,
  Awareness,
  encodeAwarenessUpdate
} from 'y-protocols/awareness';
import { Signal } from '@lumino/signaling';
import * as Y from 'yjs';

import { ConnectionItem } from '../src/status/connectionItem';
import type { IDocumentStatusModel } from '../src/status/documentStatusItem';
import {
  DocumentStatusItem,
  documentStatusText
} from '../src/status/documentStatusItem';
import { otherUsers, UsersStore } from '../src/people/users';
import { collaboratorPill } from '../src/people/publishedUsers';
import { UsersItem } from '../src/people/usersItem';
import { ViewingItem } from '../src/status/viewingItem';
import { trans } from './support';

declare global {
  // React asks for this in tests.
  var IS_REACT_ACT_ENVIRONMENT: boolean;
}
globalThis.IS_REACT_ACT_ENVIRONMENT = true;

let own: Awareness;
let made: Awareness[];
let host: HTMLElement;
let root: Root;

function client(): Awareness {
  const awareness = new Awareness(new Y.Doc());
  made.push(awareness);
  return awareness;
}

/** Somebody else, whose presence arrives here whenever it changes. */
function other(state: Record<string, unknown> | null): Awareness {
  const awareness = client();
  awareness.on('update', () => {
    const ids = [awareness.clientID];
    applyAwarenessUpdate(own, encodeAwarenessUpdate(awareness, ids), 'network');
  });
  awareness.setLocalState(state);
  return awareness;
}

beforeEach(() => {
  made = [];
  own = client();
  own.setLocalState({ user: { username: 'ada', name: 'Ada' } });
  host = document.body.appendChild(document.createElement('div'));
  root = createRoot(host);
});

afterEach(() => {
  act(() => root.unmount());
  host.remove();
  made.forEach(awareness => awareness.destroy());
});

describe('otherUsers', () => {
  it('groups by username, and leaves oneself out', () => {
    other({ user: { username: 'grace', name: 'Grace' } });
    other({ user: { username: 'grace', name: 'Grace' } });
    other({ user: { username: 'ada', name: 'Ada elsewhere' } });
    other({ user: { name: 'Bob' } });
    other({ user: { name: 'Bob' } });
    other({ cursors: [] });
    other({ user: 'garbage' });
    expect(otherUsers(own).map(user => user.name)).toEqual([
      'Bob',
      'Bob',
      'Grace'
    ]);
    const names = otherUsers(own, { ownUsername: 'grace' });
    expect(names.map(user => user.name)).toEqual(['Bob', 'Bob']);
  });

  it('tells only of changes of people', () => {
    const grace = other({ user: { username: 'grace', name: 'Grace' } });
    const store = new UsersStore(own);
    const before = store.read();
    let told = 0;
    const end = store.subscribe(() => told++);
    grace.setLocalStateField('cursors', [{ head: 1 }]);
    expect(told).toBe(0);
    expect(store.read()).toBe(before);
    grace.setLocalStateField('user', { username: 'grace', name: 'G. H.' });
    expect(told).toBe(1);
    grace.setLocalState(null);
    expect(told).toBe(2);
    expect(store.read()).toEqual([]);
    end();
    grace.setLocalState({ user: { username: 'grace' } });
    expect(told).toBe(2);
  });
});

describe('UsersItem', () => {
  it('shows a badge for each person, with name and key', () => {
    const color = '#00008b';
    const grace = other({ user: { username: 'g', name: 'Grace H', color } });
    act(() => root.render(<UsersItem awareness={own} translator={trans} />));
    const list = host.querySelector('.jp-toolbar-users-item[role="list"]');
    expect(list?.getAttribute('aria-label')).toBe('People in this document');
    const [badge] = host.querySelectorAll<HTMLElement>('[title="Grace H"]');
    expect(badge.getAttribute('aria-label')).toBe('Grace H');
    expect(badge.tabIndex).toBe(0);
    expect(badge.textContent).toBe('GH');
    expect(badge.style.color).toBe('white');

    act(() =>
      grace.setLocalStateField('user', {
        username: 'g',
        name: 'Grace H',
        avatar_url: 'https://example.org/g.png'
      })
    );
    expect(host.querySelector('img')?.getAttribute('src')).toBe(
      'https://example.org/g.png'
    );
    act(() => grace.setLocalState(null));
    expect(host.querySelector('[title]')).toBeNull();
  });

  // [M3]
  it('shows who is a guest', () => {
    const user = { username: 'x', name: 'Grace', anonymous: true };
    other({ user });
    act(() => root.render(<UsersItem awareness={own} translator={trans} />));
    const badge = host.querySelector('[title="Grace (guest)"]');
    expect(badge?.getAttribute('aria-label')).toBe('Grace (guest)');
  });

  it('does not render when cursors move', () => {
    const grace = other({ user: { username: 'g', name: 'Grace' } });
    let renders = 0;
    const renderer = (): React.ReactElement => {
      renders++;
      return <i />;
    };
    act(() =>
      root.render(
        <UsersItem awareness={own} translator={trans} iconRenderer={renderer} />
      )
    );
    const before = renders;
    act(() => grace.setLocalStateField('cursors', [{ head: 1 }]));
    expect(renders).toBe(before);
  });
});

// [M2]
describe('ViewingItem', () => {
  it('follows the role, and says why', () => {
    const model = {
      role: 'editor' as Role,
      reason: '' as RoleReason,
      changed: new Signal<object, void>({})
    };
    act(() => root.render(<ViewingItem model={model} translator={trans} />));
    expect(host.innerHTML).toBe('');

    Object.assign(model, { role: 'viewer', reason: 'permission' });
    act(() => model.changed.emit());
    expect(host.textContent).toBe('Viewing');
    const mark = host.querySelector<HTMLElement>('.jp-ViewingItem');
    const why = 'You have view-only access to this document.';
    expect(mark?.title).toBe(why);
    expect(mark?.getAttribute('aria-label')).toBe(`Viewing: ${why}`);
    expect(mark?.tabIndex).toBe(0);

    Object.assign(model, { role: 'editor', reason: 'file' });
    act(() => model.changed.emit());
    expect(host.textContent).toBe('Read-only file');

    model.reason = '';
    act(() => model.changed.emit());
    expect(host.innerHTML).toBe('');
  });

  it('is empty for what is not shared', () => {
    act(() => root.render(<ViewingItem model={null} translator={trans} />));
    expect(host.innerHTML).toBe('');
  });
});

describe('A name that looks like markup', () => {
  const NAME = '<img src=x onerror=alert(1)>';
  const user = { username: 'x', name: NAME, initials: '<b>', anonymous: true };

  it('is shown as it is in badges and pills', () => {
    other({ user });
    act(() => root.render(<UsersItem awareness={own} translator={trans} />));
    expect(host.querySelector('img, b')).toBeNull();
    expect(host.textContent).toBe('<b>');
    expect(host.querySelector('[title]')?.getAttribute('title')).toBe(
      `${NAME} (guest)`
    );
    const pill = collaboratorPill({ ...user, display_name: NAME, color: '' });
    expect(pill.querySelector('img, b')).toBeNull();
    expect(pill.textContent).toContain(NAME);
  });

  it('is shown as it is in the status', () => {
    const model = {
      status: 'refused' as const,
      isDirty: false,
      isFileDeleted: false,
      isSavedManually: false,
      autosavedFor: [],
      unacknowledged: 0,
      saveError: null,
      reason: NAME,
      role: 'editor' as const,
      roleReason: '' as const,
      changed: new Signal<object, void>({})
    };
    act(() =>
      root.render(<DocumentStatusItem model={model} translator={trans} />)
    );
    expect(host.querySelector('img')).toBeNull();
    expect(host.textContent).toContain(NAME);
  });
});

describe('DocumentStatusItem', () => {
  const sender = {};
  const base = {
    isDirty: false,
    isFileDeleted: false,
    isSavedManually: false,
    autosavedFor: [],
    unacknowledged: 0,
    saveError: null,
    reason: null,
    role: 'editor' as const,
    roleReason: '' as const
  };

  function shown(state: Partial<IDocumentStatusModel>): string | null {
    const changed = new Signal<object, void>(sender);
    const model = { status: 'live' as const, ...base, ...state, changed };
    act(() =>
      root.render(<DocumentStatusItem model={model} translator={trans} />)
    );
    return host.textContent;
  }

  it('says how the document is connected', () => {
    expect(shown({})).toBe('Live · saved');
    expect(shown({ isDirty: true })).toBe('Live · saving…');
    expect(shown({ saveError: 'disk full' })).toBe('Not saved: disk full');
    // [F8]
    expect(shown({ saveError: 'gone', isFileDeleted: true })).toBe(
      'Not saved: the file was deleted on the server'
    );
    // [F13]
    const manual = { isSavedManually: true };
    expect(shown(manual)).toBe('Live · saved');
    expect(shown({ ...manual, isDirty: true })).toBe(
      'Live · not saved, since autosave is off'
    );
    expect(shown({ autosavedFor: ['Ada', 'Bob'] })).toBe(
      'Live · saved automatically for Ada, Bob'
    );
    expect(shown({ status: 'connecting' })).toBe('Connecting…');
    expect(shown({ status: 'reconnecting' })).toBe('Reconnecting…');
    expect(shown({ status: 'offline' })).toBe('Offline');
    const kept = { status: 'offline', isKeptInBrowser: true } as const;
    expect(shown({ ...kept, unacknowledged: 1 })).toBe(
      'Offline — 1 change kept in this browser'
    );
    expect(shown({ ...kept, unacknowledged: 2 })).toBe(
      'Offline — 2 changes kept in this browser'
    );
    expect(shown({ status: 'offline', unacknowledged: 2 })).toBe(
      'Offline — 2 changes kept in this tab only: leave it open'
    );
    expect(shown({ status: 'refused', reason: 'no access' })).toBe(
      'Not connected: no access'
    );
  });

  // [M2]
  it('says that the document is only viewed, and why', () => {
    const viewer = { role: 'viewer', roleReason: 'permission' } as const;
    expect(shown({ ...viewer, saveError: 'disk full' })).toBe('Viewing');
    expect(host.querySelector('.jp-mod-error')).toBeNull();
    expect(host.querySelector('[title]')?.getAttribute('title')).toBe(
      'You have view-only access to this document.'
    );
    const editor = { role: 'editor', roleReason: 'file' } as const;
    expect(shown(editor)).toBe('Live · saved');
    expect(shown({ ...editor, isDirty: true, saveError: 'no' })).toBe(
      'Not saved: the file is read-only'
    );
    expect(shown({ ...viewer, status: 'offline' })).toBe('Offline');
  });

  // [M4]
  it('says why the server wants to be left alone for a while', () => {
    const reason = 'Too many messages.';
    expect(shown({ status: 'reconnecting', reason })).toBe(
      'Reconnecting… Too many messages.'
    );
    expect(shown({ status: 'offline', reason })).toBe(
      'Offline: Too many messages.'
    );
    expect(shown({ status: 'offline', reason, unacknowledged: 2 })).toBe(
      'Offline — 2 changes kept in this tab only: leave it open. Too many messages.'
    );
  });

  it('is read aloud, but not with every save', () => {
    const live = () =>
      host.querySelector('[role="status"]')?.getAttribute('aria-live');
    shown({});
    expect(live()).toBe('off');
    shown({ status: 'offline' });
    expect(live()).toBe('polite');
    shown({ saveError: 'disk full' });
    expect(live()).toBe('polite');
  });

  it('follows the model, and shows nothing without one', () => {
    const changed = new Signal<object, void>(sender);
    const model = {
      status: 'live' as IDocumentStatusModel['status'],
      ...base,
      changed
    };
    act(() =>
      root.render(<DocumentStatusItem model={model} translator={trans} />)
    );
    model.status = 'reconnecting';
    act(() => changed.emit());
    expect(host.textContent).toBe('Reconnecting…');
    expect(host.querySelector('[role="status"]')).not.toBeNull();
    act(() =>
      root.render(<DocumentStatusItem model={null} translator={trans} />)
    );
    expect(host.innerHTML).toBe('');
  });
});

// [P8]
describe('ConnectionItem', () => {
  it.each([
    [{ status: 'live' }, null],
    [{ status: 'connecting' }, null],
    [{ status: 'live', isDirty: true }, null],
    [{ status: 'live', saveError: 'full', role: 'viewer' }, null],
    [{ status: 'live', saveError: 'full' }, 'Not saved'],
    [{ status: 'reconnecting' }, 'Reconnecting…'],
    [{ status: 'offline', unacknowledged: 2 }, 'Offline'],
    [{ status: 'refused' }, 'Not connected']
  ] as [Partial<IDocumentStatusModel>, string | null][])(
    'says what is wrong, and nothing else: %j',
    (state, words) => {
      const changed = new Signal<object, void>({});
      const model: IDocumentStatusModel = {
        status: 'live',
        isDirty: false,
        isFileDeleted: false,
        isSavedManually: false,
        autosavedFor: [],
        unacknowledged: 0,
        saveError: null,
        reason: null,
        role: 'editor',
        roleReason: '',
        changed
      };
      let more = 0;
      act(() =>
        root.render(
          <ConnectionItem
            model={model}
            onMore={() => more++}
            translator={trans}
          />
        )
      );
      const item = host.querySelector('.jp-ConnectionItem');
      expect(item?.getAttribute('role')).toBe('status');
      expect(host.textContent).toBe('');
      Object.assign(model, state);
      act(() => changed.emit());
      // It is the same element, so that the change is read aloud.
      expect(host.querySelector('.jp-ConnectionItem')).toBe(item);
      const button = host.querySelector('button');
      expect(button?.textContent ?? null).toBe(words);
      act(() => button?.click());
      expect(more).toBe(words === null ? 0 : 1);
      if (button) {
        expect(button.title).toBe(documentStatusText(model, trans));
      }
    }
  );
});
