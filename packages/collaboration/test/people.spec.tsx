// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

// @vitest-environment jsdom

import { Signal } from '@lumino/signaling';
import * as React from 'react';
import { act } from 'react';
import type { Root } from 'react-dom/client';
import { createRoot } from 'react-dom/client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Awareness } from 'y-protocols/awareness';

import type {
  ICollaboratorsViewProps,
  IOwnIdentity
} from '../src/people/collaboratorsView';
import { CollaboratorsView } from '../src/people/collaboratorsView';
import type { IConnectionModel } from '../src/status/connectionDetails';
import { ConnectionDetails } from '../src/status/connectionDetails';
import type { IOnlinePerson } from '../src/people/peopleOnline';
import { peopleOnline } from '../src/people/peopleOnline';
import { USER_COLORS } from '../src/people/userColor';
import type { IUsersItemProps } from '../src/people/usersItem';
import { badgesFor, UsersItem } from '../src/people/usersItem';
import { Company } from './fakes';
import { trans } from './support';

declare global {
  // React asks for this in tests.
  var IS_REACT_ACT_ENVIRONMENT: boolean;
}
globalThis.IS_REACT_ACT_ENVIRONMENT = true;

let company: Company;
let host: HTMLElement;
let root: Root;

beforeEach(() => {
  company = new Company();
  host = document.body.appendChild(document.createElement('div'));
  root = createRoot(host);
});

afterEach(() => {
  act(() => root.unmount());
  host.remove();
  company.dispose();
});

function all(selector: string): HTMLElement[] {
  return Array.from(host.querySelectorAll<HTMLElement>(selector));
}

const textsOf = (selector: string) =>
  all(selector).map(({ textContent }) => textContent);

/** Let React hear of an event of the page. */
function send(target: HTMLElement, event: Event): void {
  act(() => void target.dispatchEvent(event));
}

// [P2]
describe('Badges', () => {
  let gone: string[];
  let offered: string[][];
  let place: string | null;

  beforeEach(() => {
    gone = [];
    offered = [];
    place = 'cell 2 of 3';
  });

  function show(props: Partial<IUsersItemProps> = {}): void {
    act(() =>
      root.render(
        <UsersItem
          awareness={company.own}
          translator={trans}
          placeOf={() => place}
          goTo={({ name }) => gone.push(name)}
          offer={people => offered.push(people.map(({ name }) => name))}
          {...props}
        />
      )
    );
  }

  const badges = () => all('.jp-UsersItem-button');

  it('are five at most, and a number for the others', () => {
    const names = ['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H'];
    names.slice(0, 5).forEach(name => company.joins(name));
    show();
    expect(badges()).toHaveLength(5);
    expect(all('.jp-UsersItem-more')).toEqual([]);

    const later: Awareness[] = [];
    act(() => names.slice(5).forEach(name => later.push(company.joins(name))));
    expect(textsOf('.jp-UsersItem-button')).toEqual(names.slice(0, 5));
    const [more] = all('.jp-UsersItem-more');
    expect(more.textContent).toBe('+3');
    expect(more.title).toBe('F, G, H');
    expect(more.getAttribute('aria-label')).toBe('3 more people');
    more.click();
    expect(offered).toEqual([['F', 'G', 'H']]);
    act(() => later[0].setLocalState(null));
    expect(more.textContent).toBe('+2');
    expect(all('[role="listitem"]')).toHaveLength(6);
  });

  it.each([
    [200, 1],
    [420, 2],
    [700, 4],
    [2000, 5]
  ])('are as many as fit: %i pixels for %i', (width, most) => {
    expect(badgesFor(width)).toBe(most);
    ['A', 'B', 'C', 'D', 'E', 'F'].forEach(name => company.joins(name));
    show({ most });
    expect(badges()).toHaveLength(most);
    expect(all('.jp-UsersItem-more')[0].textContent).toBe(`+${6 - most}`);
  });

  // [P10]
  it('only say who is there where nobody has a place', () => {
    ['A', 'B', 'C'].forEach(name => company.joins(name));
    show({ most: 1, placeOf: undefined, goTo: undefined, offer: undefined });
    expect(all('button')).toEqual([]);
    const [badge] = all('.jp-UsersItem-badge');
    expect(badge.getAttribute('aria-label')).toBe('A');
    const [more] = all('.jp-UsersItem-more');
    expect(more.textContent).toBe('+2');
    expect(more.title).toBe('B, C');
    expect(more.getAttribute('role')).toBe('img');
    expect(more.tabIndex).toBe(0);
  });

  it('keep a click on the number from the toolbar around it', () => {
    ['A', 'B', 'C'].forEach(name => company.joins(name));
    let clicks = 0;
    const count = () => clicks++;
    document.body.addEventListener('click', count);
    try {
      show({ most: 2 });
      send(
        all('.jp-UsersItem-more')[0],
        new MouseEvent('click', { bubbles: true })
      );
      expect(offered).toEqual([['C']]);
      expect(clicks).toBe(0);
    } finally {
      document.body.removeEventListener('click', count);
    }
  });

  it('go to a person, and offer more by pointer and by keyboard', () => {
    company.joins('Grace');
    show();
    const [badge] = badges();
    badge.click();
    expect(gone).toEqual(['Grace']);
    expect(badge.getAttribute('aria-haspopup')).toBe('menu');
    const down = { bubbles: true, cancelable: true };
    const menu = new MouseEvent('contextmenu', down);
    send(badge, menu);
    expect(menu.defaultPrevented).toBe(true);
    const arrow = new KeyboardEvent('keydown', { key: 'ArrowDown', ...down });
    send(badge, arrow);
    expect(arrow.defaultPrevented).toBe(true);
    send(badge, new KeyboardEvent('keydown', { key: 'a', ...down }));
    expect(offered).toEqual([['Grace'], ['Grace']]);
    expect(gone).toHaveLength(1);
  });

  it('say where somebody is when they are asked', () => {
    const user = { username: 'g', name: 'Grace', role: 'viewer', since: 60 };
    company.joins('Grace', { user });
    show();
    const [badge] = badges();
    place = 'cell 3 of 3';
    send(badge, new MouseEvent('mouseover', { bubbles: true }));
    expect(badge.title).toMatch(/^Grace · viewing · cell 3 of 3 · since \S+/);
    place = null;
    act(() => badge.focus());
    expect(badge.title).toMatch(/^Grace · viewing · since /);
    expect(badge.getAttribute('aria-label')).toBe(badge.title);
  });

  it('pale while somebody is idle, and have an eye on who is followed', () => {
    const grace = company.joins('Grace', { isIdle: true });
    show();
    expect(all('.jp-mod-idle')).toHaveLength(1);
    act(() => grace.setLocalStateField('isIdle', false));
    expect(all('.jp-mod-idle')).toEqual([]);
    expect(all('.jp-UsersItem-follower')).toEqual([]);
    act(() => grace.setLocalStateField('following', 'ada'));
    expect(all('.jp-UsersItem-follower')).toHaveLength(1);
    expect(badges()[0].getAttribute('aria-label')).toContain('follows you');
  });
});

// [P7]
describe('The people online', () => {
  let done: string[];
  const changed = new Signal<object, void>({});

  beforeEach(() => {
    done = [];
  });

  function show(
    own: Partial<IOwnIdentity> | null = {},
    props: Partial<ICollaboratorsViewProps> = {}
  ): void {
    const model = {
      get own() {
        const identity = { name: 'Ada L', color: USER_COLORS[1] };
        return (
          own && { ...identity, mayRename: false, mayRecolor: false, ...own }
        );
      },
      get people() {
        return peopleOnline(company.own);
      },
      changed
    };
    const open = (path: string, { user }: IOnlinePerson) =>
      done.push(`open ${path} of ${user.name}`);
    act(() =>
      root.render(
        <CollaboratorsView
          model={model}
          rename={() => done.push('rename')}
          recolor={color => done.push(`recolor ${color}`)}
          open={open}
          invite={null}
          translator={trans}
          {...props}
        />
      )
    );
  }

  const button = (text: string) =>
    all('button').find(({ textContent }) => textContent === text);

  it('are shown with what they have open, which a click opens', () => {
    show();
    expect(host.textContent).toContain('Nobody else is here.');
    const grace = company.joins('Grace', {
      current: 'notebook:folder/b.ipynb',
      documents: ['a.py', 'folder/b.ipynb']
    });
    company.joins('Bob', { isIdle: true });
    act(() => changed.emit());
    expect(host.textContent).not.toContain('Nobody else is here.');
    expect(textsOf('.jp-Collaborator-name')).toEqual(['Bob', 'Grace']);
    expect(textsOf('.jp-Collaborator-idle')).toEqual(['idle']);
    expect(textsOf('.jp-Collaborator-document')).toEqual(['b.ipynb', 'a.py']);
    const [current, other] = all('.jp-Collaborator-document');
    expect(current.title).toBe('Grace looks at folder/b.ipynb');
    expect(current.dataset.current).toBe('true');
    expect(other.title).toBe('Grace has a.py open');
    current.click();
    expect(done).toEqual(['open folder/b.ipynb of Grace']);
    grace.setLocalState(null);
    act(() => changed.emit());
    expect(textsOf('.jp-Collaborator-name')).toEqual(['Bob']);
  });

  it('show markup in names and paths as it is', () => {
    company.joins('<b>', { current: 'editor:<img src=x>' });
    show();
    expect(all('img, b')).toEqual([]);
    expect(textsOf('.jp-Collaborator-document')).toEqual(['<img src=x>']);
  });

  it('are oneself first, who chooses what the server lets them choose', () => {
    show();
    expect(textsOf('.jp-UserInfo-Name')).toEqual(['Ada L']);
    expect(button('AL')?.getAttribute('aria-label')).toBe('You: Ada L');
    expect(button('Rename…')).toBeUndefined();
    expect(all('[role="radio"]')).toEqual([]);

    show({ mayRename: true, mayRecolor: true });
    act(() => button('Rename…')?.click());
    const colors = all('[role="radio"]');
    expect(colors).toHaveLength(USER_COLORS.length);
    expect(
      colors.map(color => color.getAttribute('aria-checked')).indexOf('true')
    ).toBe(1);
    act(() => colors[4].click());
    expect(done).toEqual(['rename', `recolor ${USER_COLORS[4]}`]);
    show(null);
    expect(all('.jp-UserInfoPanel')).toEqual([]);
  });

  it('offer the menu of the user, and an invitation to a document', () => {
    show(
      {},
      { offer: ({ textContent }) => done.push(`menu at ${textContent}`) }
    );
    act(() => button('AL')?.click());
    expect(button('Share This Document…')).toBeUndefined();
    show({}, { invite: () => done.push('invite') });
    act(() => button('Share This Document…')?.click());
    expect(done).toEqual(['menu at AL', 'invite']);
  });
});

// [P8]
describe('The details of a connection', () => {
  let model: IConnectionModel & { changed: Signal<object, void> };
  let pings: (number | null)[];
  let retries: number;
  let answer: (words: string) => void;
  let history: () => Promise<string>;

  beforeEach(() => {
    vi.useFakeTimers();
    pings = [12.4, null, 30];
    retries = 0;
    const words = new Promise<string>(resolve => (answer = resolve));
    history = () => words;
    model = {
      path: 'folder/a.ipynb',
      status: 'live',
      sessionName: 'live',
      isDirty: false,
      isFileDeleted: false,
      isSavedManually: false,
      autosavedFor: [],
      unacknowledged: 2,
      saveError: null,
      reason: null,
      role: 'editor',
      roleReason: '',
      hasPrivateHistory: false,
      savedAt: null,
      changed: new Signal<object, void>({}),
      ping: async () => pings.shift() ?? null,
      retry: () => retries++
    };
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  async function show(): Promise<void> {
    await act(async () =>
      root.render(
        <ConnectionDetails
          model={model}
          roomId="json:notebook:7"
          history={history}
          translator={trans}
        />
      )
    );
  }

  const rows = () =>
    Object.fromEntries(
      all('dt').map(({ nextSibling, textContent }) => [
        textContent,
        nextSibling?.textContent
      ])
    );

  const wait = (time: number) =>
    act(async () => {
      await vi.advanceTimersByTimeAsync(time);
    });

  it('are told, and measured anew now and then', async () => {
    await show();
    expect(rows()).toEqual({
      State: 'Live · saved',
      Connection: 'Live',
      Document: 'folder/a.ipynb',
      Room: 'json:notebook:7',
      Latency: '12 ms',
      'Unsaved changes': '2',
      'Last saved': 'not since it was opened',
      History: '…'
    });
    await act(async () => answer('Kept: 90 days'));
    expect(rows().History).toBe('Kept: 90 days');
    await wait(5000);
    expect(rows()['Latency']).toBe('–');
    await wait(5000);
    expect(rows()['Latency']).toBe('30 ms');
  });

  it('follow the connection', async () => {
    await show();
    const savedAt = new Date(2026, 0, 1, 10, 20, 30).getTime();
    Object.assign(model, { savedAt, unacknowledged: 0, status: 'offline' });
    await act(async () => model.changed.emit());
    expect(rows()).toMatchObject({
      State: 'Offline',
      Latency: '–',
      'Unsaved changes': '0',
      'Last saved': new Date(savedAt).toLocaleTimeString()
    });
    for (const [sessionName, words] of [
      ['connecting', 'Connecting'],
      ['syncing', 'Synchronizing'],
      ['rebasing', 'Merging with the history of the server'],
      ['switching', 'Switching to another document'],
      ['offline', 'Offline'],
      ['refused', 'Refused']
    ] as const) {
      Object.assign(model, { sessionName });
      await act(async () => model.changed.emit());
      expect(rows().Connection).toBe(words);
    }
    expect(pings).toHaveLength(2); // nobody is asked who cannot answer
  });

  // [H7] [P8]
  it('say that another server keeps the history', async () => {
    await show();
    expect(rows()).not.toHaveProperty('Private history');
    Object.assign(model, { hasPrivateHistory: true });
    await act(async () => model.changed.emit());
    expect(rows()['Private history']).toContain(
      'keeps a separate, private history'
    );
  });

  it('offer to connect anew, and measure no more once they are gone', async () => {
    await show();
    act(() => all('.jp-ConnectionDetails-retry')[0].click());
    expect(retries).toBe(1);
    act(() => root.render(null));
    await wait(20000);
    expect(pings).toHaveLength(2);
    expect(vi.getTimerCount()).toBe(0);
  });
});
