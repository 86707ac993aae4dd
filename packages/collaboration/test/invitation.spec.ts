// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

// @vitest-environment jsdom

import { Dialog } from '@jupyterlab/apputils';
import { PageConfig } from '@jupyterlab/coreutils';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import {
  isLoopback,
  linkTo,
  linkToPage,
  showSharedLinkDialog
} from '../src/people/invitation';

const LAB = 'http://localhost:8888/lab/tree/x.ipynb?reset#cell';

// [P7]
describe('An invitation', () => {
  it('opens the document in the same application', () => {
    expect(linkTo(LAB, '/', 'a/b.ipynb', '')).toBe(
      'http://localhost:8888/lab/tree/a/b.ipynb'
    );
    const workspace = 'http://localhost:8888/lab/workspaces/auto-k/tree/x.py';
    expect(linkTo(workspace, '/', 'a/b.py', '')).toBe(
      'http://localhost:8888/lab/tree/a/b.py'
    );
    const notebook = 'http://localhost:8888/notebooks/x.ipynb';
    expect(linkTo(notebook, '/', 'a/b.ipynb', '')).toBe(
      'http://localhost:8888/notebooks/a/b.ipynb'
    );
    const edit = 'http://localhost:8888/edit/x.py';
    expect(linkTo(edit, '/', 'a/b.py', '')).toBe(
      'http://localhost:8888/edit/a/b.py'
    );
  });

  it('keeps the base URL of a server, as of a user of a hub', () => {
    const base = '/user/ada%40example.org/';
    const origin = 'https://hub.example.org';
    expect(linkTo(`${origin}${base}lab`, base, 'a.ipynb', '')).toBe(
      `${origin}${base}lab/tree/a.ipynb`
    );
    expect(linkTo(`${origin}${base}notebooks/a.py`, base, 'a.py', '')).toBe(
      `${origin}${base}edit/a.py`
    );
    // A user may be called so.
    const lab = '/user/lab/';
    expect(linkTo(`${origin}${lab}edit/a.py`, lab, 'a.py', '')).toBe(
      `${origin}${lab}edit/a.py`
    );
  });

  it('opens it in the simple interface, where that is the page', () => {
    const page = 'http://localhost:8888/doc/tree/x.ipynb';
    expect(linkTo(page, '/', 'a.ipynb', '')).toBe(
      'http://localhost:8888/doc/tree/a.ipynb'
    );
  });

  it.each([
    ['my notes/a b.ipynb', 'my%20notes/a%20b.ipynb'],
    ['Übung/数.ipynb', '%C3%9Cbung/%E6%95%B0.ipynb'],
    ['100%?/a#1.ipynb', '100%25%3F/a%231.ipynb']
  ])('has every path: %s', (path, encoded) => {
    const link = linkTo(LAB, '/', path, '');
    expect(link).toBe(`http://localhost:8888/lab/tree/${encoded}`);
    const { pathname } = new URL(link);
    expect(decodeURIComponent(pathname)).toBe(`/lab/tree/${path}`);
  });

  it.each([
    ['localhost', true],
    ['lab.localhost', true],
    ['127.0.0.1', true],
    ['127.0.1.1', true],
    ['[::1]', true],
    ['hub.example.org', false],
    ['localhost.example.org', false],
    ['mylocalhost', false],
    ['192.168.127.1', false]
  ])('says whether it works only on this computer: %s', (host, expected) => {
    expect(isLoopback(host)).toBe(expected);
  });

  it('has the token only if it is given', () => {
    const link = linkTo(LAB, '/', 'a.ipynb', 'a+b/c&d');
    expect(new URL(link).searchParams.get('token')).toBe('a+b/c&d');
    expect(linkTo(`${LAB}&token=secret`, '/', 'a.ipynb', '')).not.toContain(
      'secret'
    );
  });
});

describe('A link to a page', () => {
  const origin = 'https://hub.example.org';

  it.each([
    ['/lab/tree/a%20b.ipynb?reset#cell', '/', '/lab/tree/a%20b.ipynb'],
    ['/lab/workspaces/auto-k/tree/x.py', '/', '/lab/tree/x.py'],
    ['/doc/workspaces/mine', '/', '/doc'],
    ['/lab/tree/workspaces/x/a.py', '/', '/lab/tree/workspaces/x/a.py'],
    ['/user/ada/lab/workspaces/w/tree/x', '/user/ada/', '/user/ada/lab/tree/x'],
    ['/notebooks/a.ipynb?token=secret', '/', '/notebooks/a.ipynb']
  ])('has the document, and nothing of the user: %s', (page, base, link) => {
    expect(linkToPage(origin + page, base, '')).toBe(origin + link);
    expect(linkToPage(origin + page, base, 'a&b')).toBe(
      `${origin}${link}?token=a%26b`
    );
  });
});

// [C1]
describe('The dialog that other packages show', () => {
  beforeEach(() => {
    history.replaceState(null, '', '/lab/workspaces/mine/tree/a.ipynb?reset');
    PageConfig.setOption('baseUrl', '/');
    PageConfig.setOption('token', 'secret');
  });

  afterEach(() => {
    Dialog.flush();
    history.replaceState(null, '', '/');
    PageConfig.setOption('hubPrefix', '');
  });

  const inDialog = async <T extends Element>(selector: string): Promise<T> => {
    await expect.poll(() => document.querySelector(selector)).not.toBeNull();
    return document.querySelector<T>(selector) as T;
  };

  it('gives the link to whoever asked for it', async () => {
    const asked = showSharedLinkDialog({ translator: null });
    const link = await inDialog<HTMLInputElement>('.jp-Invitation > input');
    expect(link.value).toBe(`${location.origin}/lab/tree/a.ipynb`);
    (await inDialog<HTMLInputElement>('label > input')).click();
    (await inDialog<HTMLElement>('.jp-Dialog .jp-mod-accept')).click();
    const { button, value } = await asked;
    expect(button.accept).toBe(true);
    expect(value).toBe(`${location.origin}/lab/tree/a.ipynb?token=secret`);
  });

  it('does not offer the token of a user of a hub', async () => {
    PageConfig.setOption('hubPrefix', '/hub/');
    const asked = showSharedLinkDialog({});
    await inDialog('.jp-Invitation > input');
    expect(document.querySelector('.jp-Invitation label')).toBeNull();
    (await inDialog<HTMLElement>('.jp-Dialog .jp-mod-reject')).click();
    expect((await asked).button.accept).toBe(false);
  });
});
