// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

// @vitest-environment jsdom

import { nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import { act } from 'react';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type {
  IRecipient,
  IShare,
  ISharingModel
} from '../src/people/sharingView';
import { SharingView } from '../src/people/sharingView';

/**
 * The sharing of a server, in memory.
 */
class TestModel implements ISharingModel {
  readonly changed = new Signal<this, void>(this);
  searchable: IRecipient['kind'][] = ['user', 'group'];
  shares: IShare[] = [{ kind: 'group', name: 'class', since: '2026-01-02' }];
  codes = [{ id: 'sc_1', expires: '2026-01-03T10:00:00Z', uses: 2 }];
  found: IRecipient[] = [];
  link = '';
  problem = '';
  done: string[] = [];

  async search(text: string): Promise<void> {
    this.found = [{ kind: 'user', name: `${text}ce` }];
    this.changed.emit();
  }

  async share({ name }: IRecipient): Promise<void> {
    this.done.push(`share ${name}`);
  }

  async revoke({ name }: IRecipient): Promise<void> {
    this.done.push(`revoke ${name}`);
  }

  async invite(seconds: number): Promise<void> {
    this.done.push(`invite ${seconds}`);
    this.link = 'https://hub.example/accept';
    this.changed.emit();
  }

  async withdraw({ id }: { id: string }): Promise<void> {
    this.done.push(`withdraw ${id}`);
  }
}

let model: TestModel;
let view: SharingView;

beforeEach(async () => {
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
  model = new TestModel();
  view = new SharingView(model, nullTranslator.load('jupyter_collaboration'));
  await act(async () => {
    Widget.attach(view, document.body);
    await view.renderPromise;
  });
});

afterEach(async () => {
  await act(async () => view.dispose());
});

function click(label: string): void {
  const buttons = [...view.node.querySelectorAll('button')];
  const button = buttons.find(
    each => (each.getAttribute('aria-label') ?? each.textContent) === label
  );
  act(() => button!.click());
}

// [P13]
describe('SharingView', () => {
  it("shows dates in JupyterLab's language", async () => {
    document.documentElement.lang = 'fr';
    await act(async () => model.changed.emit());
    document.documentElement.lang = '';
    const date = new Date('2026-01-02').toLocaleDateString('fr');
    expect(view.node.textContent).toContain(date);
    expect(date).not.toBe(new Date('2026-01-02').toLocaleDateString('en'));
  });

  it('shows people with access, and revokes it', () => {
    expect(view.node.textContent).toContain('Group class');
    click('Revoke access of Group class');
    expect(model.done).toEqual(['revoke class']);
  });

  it('gives access to somebody who was found', async () => {
    const input = view.node.querySelector<HTMLInputElement>('[type=search]')!;
    const { set } = Object.getOwnPropertyDescriptor(
      HTMLInputElement.prototype,
      'value'
    )!;
    await act(async () => {
      set!.call(input, 'gra');
      input.dispatchEvent(new Event('input', { bubbles: true }));
    });
    click('Give access to grace');
    expect(model.done).toEqual(['share grace']);
  });

  it('has no search if the user may list nobody', async () => {
    model.searchable = [];
    await act(async () => model.changed.emit());
    expect(view.node.querySelector('[type=search]')).toBeNull();
    expect(view.node.textContent).toContain('Create Invitation');
  });

  it('creates an invitation for a day, shows its link, and revokes it', () => {
    click('Create Invitation');
    expect(model.done).toEqual([`invite ${24 * 3600}`]);
    const link = view.node.querySelector<HTMLInputElement>('.jp-Sharing-link');
    expect(link?.value).toBe('https://hub.example/accept');
    expect(view.node.textContent).toContain('accepted by 2 people');
    click('Revoke invitation sc_1');
    expect(model.done).toContain('withdraw sc_1');
  });

  it('announces why something was refused', async () => {
    model.problem = 'The hub refused this.';
    await act(async () => model.changed.emit());
    const alert = view.node.querySelector('[role=alert]');
    expect(alert?.textContent).toBe('The hub refused this.');
  });
});
