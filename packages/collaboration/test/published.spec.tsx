// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

// @vitest-environment jsdom

import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { MessageLoop } from '@lumino/messaging';
import { Signal } from '@lumino/signaling';
import { VirtualDOM } from '@lumino/virtualdom';
import { Panel, Widget } from '@lumino/widgets';
import { LabIcon } from '@jupyterlab/ui-components';
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
  Collaborator,
  CollaboratorsBody,
  CollaboratorsPanel
} from '../src/people/publishedPanel';
import {
  RendererUserMenu,
  UserDetailsBody,
  UserIconComponent,
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

describe('The people on a server [C1]', () => {
  let opened: string[];
  const open = (path: string) => void opened.push(path);
  const user = (identity: typeof ADA | null = ADA) => ({
    identity,
    isReady: identity !== null,
    userChanged: new Signal<object, void>({})
  });
  const texts = (selector: string) =>
    [...host.querySelectorAll(selector)].map(({ textContent }) => textContent);

  beforeEach(() => {
    opened = [];
  });

  it('are shown by a panel, with what they have open', () => {
    grace.setLocalState({ user: { username: 'g', name: 'Grace' } });
    const panel = new CollaboratorsPanel(user() as never, own, open);
    expect(panel).toBeInstanceOf(Panel);
    showing(panel, () => {
      expect(panel.hasClass('jp-CollaboratorsPanel')).toBe(true);
      // Also whoever was there before.
      expect(texts('.jp-CollaboratorsList .jp-Collaborator-name')).toEqual([
        'Grace'
      ]);
      act(() => {
        grace.setLocalStateField('current', 'notebook:a/b.ipynb');
        grace.setLocalStateField('documents', ['c.py', 'a/b.ipynb']);
      });
      expect(texts('.jp-Collaborator-document')).toEqual(['b.ipynb', 'c.py']);
      const [current, other] = host.querySelectorAll('button');
      expect(current.title).toBe('a/b.ipynb');
      expect(current.dataset.current).toBe('true');
      other.click();
      current.click();
      expect(opened).toEqual(['c.py', 'a/b.ipynb']);
      act(() => grace.setLocalState(null));
      expect(texts('.jp-Collaborator')).toEqual([]);
    });
    // A panel that is gone hears nothing any more.
    grace.setLocalState({ user: { username: 'g', name: 'Grace' } });
    expect(host.textContent).toBe('');
  });

  it('are not oneself in another tab, once the user is known', () => {
    own.setLocalState({});
    grace.setLocalState({ user: ADA });
    const me = user(null);
    showing(new CollaboratorsPanel(me as never, own, open), () => {
      expect(texts('.jp-Collaborator-name')).toEqual(['Ada L']);
      act(() => {
        me.identity = ADA;
        me.userChanged.emit();
      });
      expect(texts('.jp-Collaborator-name')).toEqual([]);
    });
  });

  it('are what a signal says, in a list of others', () => {
    const collaboratorsChanged = new Signal<never, object[]>({} as never);
    const root = createRoot(host);
    act(() =>
      root.render(
        <CollaboratorsBody
          collaboratorsChanged={collaboratorsChanged as never}
          fileopener={open}
        />
      )
    );
    expect(texts('.jp-Collaborator')).toEqual([]);
    // As the published panel does: once for each tab with another document.
    act(() =>
      collaboratorsChanged.emit([
        { user: ADA, current: 'notebook:a.ipynb' },
        { user: ADA, documents: ['b.py'] }
      ])
    );
    expect(texts('.jp-Collaborator-document')).toEqual(['a.ipynb', 'b.py']);
    act(() => root.unmount());
  });

  it('have the icons of the file types', () => {
    const svgstr = '<svg xmlns="http://www.w3.org/2000/svg"><path/></svg>';
    const icon = new LabIcon({ name: 'test:cad', svgstr });
    const getFileTypesForPath = (path: string) =>
      path.endsWith('.jcad') ? [{ name: 'any' }, { icon }] : [];
    const root = createRoot(host);
    act(() =>
      root.render(
        <Collaborator
          collaborator={{ user: ADA, documents: ['a.jcad', 'b.ipynb'] }}
          fileopener={open}
          docRegistry={{ getFileTypesForPath } as never}
        />
      )
    );
    const icons = [...host.querySelectorAll('button svg')];
    expect(icons.map(each => each.getAttribute('data-icon'))).toEqual([
      'test:cad',
      'ui-components:notebook'
    ]);
    act(() => root.unmount());
  });

  it('are oneself, as a badge', () => {
    const me = user(null);
    const clicked: string[] = [];
    const root = createRoot(host);
    act(() =>
      root.render(
        <UserIconComponent
          userManager={me as never}
          onClick={() => clicked.push('badge')}
        />
      )
    );
    const badge = () => host.querySelector<HTMLElement>('.jp-UserInfo-Icon');
    expect(badge()?.textContent).toBe('');
    act(() => {
      me.identity = ADA;
      me.userChanged.emit();
    });
    expect(badge()?.textContent).toBe('AL');
    expect(badge()?.title).toBe('Ada L');
    badge()?.click();
    expect(clicked).toEqual(['badge']);
    act(() => {
      me.identity = {
        ...ADA,
        avatar_url: 'https://example.org/a.png'
      } as never;
      me.userChanged.emit();
    });
    const picture = host.querySelector('img');
    expect(picture?.src).toBe('https://example.org/a.png');
    // A picture that cannot be loaded.
    act(() => void picture?.dispatchEvent(new Event('error')));
    expect(badge()?.textContent).toBe('AL');
    act(() => root.unmount());
  });
});
