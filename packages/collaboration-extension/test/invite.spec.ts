// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

// @vitest-environment jsdom

import { describe, expect, it } from 'vitest';

import { isLoopback, linkTo } from '../src/people/invite';

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
