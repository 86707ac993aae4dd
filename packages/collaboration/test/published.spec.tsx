// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

// @vitest-environment jsdom

import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { MessageLoop } from '@lumino/messaging';
import { Signal } from '@lumino/signaling';
import { VirtualDOM } from '@lumino/virtualdom';
import { Widget } from '@lumino/widgets';
import type { ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';
import { act } from 'react';
import { createRoot } from 'react-dom/client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  applyAwarenessUpdate,
  Awareness,
  encodeAwarenessUpdate
} from 'y-protocols/awareness';
import * as Y from 'yjs';

import {
  RendererUserMenu,
  UserDetailsBody,
  UserInfoBody,
  UserInfoPanel,
  UserMenu
} from '../src/people/publishedUserMenu';
import {
  collaboratorPill,
  DefaultIconRenderer,
  UsersItem
} from '../src/people/publishedUsers';

globalThis.IS_REACT_ACT_ENVIRONMENT = true;

const ADA = {
  username: 'ada',
  name: 'Ada L',
  display_name: 'Ada L',
  initials: 'AL',
  color: '#00008b'
};
const trans = nullTranslator.load('jupyter_collaboration');

let own: Awareness;
let grace: Awareness;
let host: HTMLElement;

beforeEach(() => {
  own = new Awareness(new Y.Doc());
  grace = new Awareness(new Y.Doc());
  own.setLocalState({ user: ADA });
  grace.on('update', () => {
    const ids = [grace.clientID];
    applyAwarenessUpdate(own, encodeAwarenessUpdate(grace, ids), 'network');
  });
  host = document.body.appendChild(document.createElement('div'));
});

afterEach(() => {
  own.destroy();
  grace.destroy();
  host.remove();
});

/**
 * The model of a document, as far as it is used.
 */
function model(): never {
  return { sharedModel: { awareness: own } } as never;
}

/**
 * Show a widget until the end of a function.
 */
function showing(widget: Widget, look: () => void): void {
  act(() => {
    Widget.attach(widget, host);
    MessageLoop.flush();
  });
  look();
  act(() => widget.dispose());
}

describe('UsersItem [C1]', () => {
  it('creates a widget with the others in a document', () => {
    const widget: ReactWidget = UsersItem.createWidget({ model: model() });
    showing(widget, () => {
      expect(host.querySelector('.jp-toolbar-users-item')).not.toBeNull();
      expect(host.textContent).toBe('');
      act(() =>
        grace.setLocalState({
          user: { ...ADA, username: 'g', display_name: 'Grace', initials: 'G' }
        })
      );
      const [badge] = host.querySelectorAll('.jp-UserInfo-Icon');
      expect(badge.getAttribute('title')).toBe('Grace');
      expect(badge.textContent).toBe('G');
      act(() => grace.setLocalState(null));
      expect(host.textContent).toBe('');
    });
  });

  it('hands its renderer the user and the model', () => {
    grace.setLocalState({ user: { username: 'g', name: 'Grace' } });
    const seen: UsersItem.IIconRendererProps[] = [];
    const iconRenderer = (props: UsersItem.IIconRendererProps) => {
      seen.push(props);
      return <DefaultIconRenderer {...props} className="mine" />;
    };
    const shared = model();
    const root = createRoot(host);
    act(() =>
      root.render(<UsersItem model={shared} iconRenderer={iconRenderer} />)
    );
    expect(host.querySelectorAll('.mine')).toHaveLength(1);
    const { user, model: given } = seen[0];
    expect(given).toBe(shared);
    expect(user.userId).toBe(grace.clientID);
    expect(user.userData).toMatchObject({ username: 'g', name: 'Grace' });
    act(() => root.unmount());
  });

  it('shows nobody without a document', () => {
    showing(UsersItem.createWidget({ model: null }), () =>
      expect(host.textContent).toBe('')
    );
  });
});

describe('collaboratorPill [C1]', () => {
  it('is an element with the name', () => {
    const pill = collaboratorPill(ADA);
    expect(pill).toBeInstanceOf(HTMLDivElement);
    expect(pill.className).toBe('jp-CollaboratorPill');
    expect(pill.textContent).toBe('ALAda L');
  });

  it('is there for somebody who is not known', () => {
    expect(collaboratorPill(undefined).textContent).toBe('AAnonymous');
  });
});

describe('The menu and the details of the user [C1]', () => {
  const user = {
    identity: ADA,
    isReady: true,
    permissions: { updatable_fields: ['color'] },
    ready: Promise.resolve(),
    userChanged: new Signal<object, void>({})
  };
  const options = { userManager: user as never, trans };

  it('are called by the name of the user', () => {
    const menu = new UserMenu({
      commands: new CommandRegistry(),
      user: user as never
    });
    expect(menu.title.label).toBe('Ada L');
    user.identity = { ...ADA, display_name: 'Countess' };
    user.userChanged.emit();
    expect(menu.title.label).toBe('Countess');
    user.identity = ADA;
    menu.dispose();
  });

  it('render an item of a menu bar', () => {
    const renderer = new RendererUserMenu(user as never);
    const { title } = new Widget();
    const item = renderer.renderItem({ title, active: false } as never);
    expect(VirtualDOM.realize(item).textContent).toBe('ALAda L');
  });

  it('show who the user is', () => {
    showing(new UserInfoPanel(options), () => {
      expect(host.querySelector('.jp-UserInfoPanel')).not.toBeNull();
      expect(host.querySelector('.jp-UserInfo-Icon')?.textContent).toBe('AL');
      expect(host.textContent).toContain('Ada L');
    });
    const body = new UserInfoBody(options);
    expect(body.user).toBe(user);
    body.dispose();
  });

  it('let users edit the fields that the server lets them change', () => {
    const body = new UserDetailsBody({ userManager: user as never });
    showing(body, () => {
      const fields = [...host.querySelectorAll('input')];
      expect(fields.map(({ name, disabled }) => [name, disabled])).toEqual([
        ['name', true],
        ['display_name', true],
        ['initials', true],
        ['color', false]
      ]);
      expect(body.getValue()).toEqual({});
    });
  });
});
