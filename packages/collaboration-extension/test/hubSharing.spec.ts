// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

// @vitest-environment jsdom

import { ServerConnection } from '@jupyterlab/services';
import { beforeEach, describe, expect, it } from 'vitest';

import { HubSharing, invitationLink } from '../src/people/hubSharing';

const DOCUMENT = 'https://hub.example/user/ada/lab/tree/a%20b.ipynb';

interface ITestShare {
  kind: 'user' | 'group';
  name: string;
  since: string;
}

let asked: string[];
let shares: ITestShare[];
let available: boolean;
let sharing: HubSharing;

/**
 * The routes of a server whose users are Ada, Grace and a group.
 */
async function answer(
  input: RequestInfo | URL,
  init?: RequestInit
): Promise<Response> {
  const request = new Request(input, init);
  // JupyterLab adds the time, so that no answer is cached.
  const url = request.url.replace(/[?&]\d+$/, '');
  const route = url.split('/sharing')[1];
  const body = await request.text();
  asked.push([request.method, route, body].filter(Boolean).join(' '));
  const [, kind, name] = route.split('/');
  if (route.startsWith('/people')) {
    const found = ['Ada', 'Grace'].map(name => ({ kind: 'user', name }));
    return Response.json([...found, { kind: 'group', name: 'Ada' }]);
  }
  if (name === 'nobody') {
    return Response.json({ message: 'No such user: nobody' }, { status: 404 });
  }
  if (route === '/codes') {
    return Response.json({ id: 'sc_1', link: '/hub/accept-share?code=x' });
  }
  if (request.method === 'PUT') {
    shares.push({ kind: kind as 'user', name, since: '2026-01-01' });
  } else if (request.method === 'DELETE') {
    shares = shares.filter(each => each.name !== name);
  } else {
    const search = ['user', 'group'];
    return Response.json({ available, search, shares, codes: [] });
  }
  return new Response(null, { status: 204 });
}

beforeEach(() => {
  asked = [];
  shares = [];
  available = true;
  const baseUrl = 'https://hub.example/user/ada/';
  const settings = ServerConnection.makeSettings({ baseUrl, fetch: answer });
  sharing = new HubSharing(settings, DOCUMENT);
});

// [P13]
describe('The sharing of a server of a hub', () => {
  it('is available to those who may share it', async () => {
    expect(await sharing.load()).toBe(true);
    available = false;
    expect(await sharing.load()).toBe(false);
  });

  it('gives access to a user, who is not found any more', async () => {
    await sharing.load();
    await sharing.search('a b');
    expect(asked).toContain('GET /people?search=a%20b');
    expect(sharing.found).toHaveLength(3);
    await sharing.share({ kind: 'user', name: 'Ada' });
    expect(sharing.shares.map(({ name }) => name)).toEqual(['Ada']);
    expect(sharing.found.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      'user Grace',
      'group Ada'
    ]);
    await sharing.revoke({ kind: 'user', name: 'Ada' });
    expect(sharing.shares).toEqual([]);
  });

  it('says why something was refused, until the next request', async () => {
    await sharing.load();
    await sharing.share({ kind: 'user', name: 'nobody' });
    expect(sharing.problem).toContain('No such user: nobody');
    await sharing.share({ kind: 'user', name: 'Grace' });
    expect(sharing.problem).toBe('');
  });

  it('creates invitations that lead to the document', async () => {
    await sharing.invite(3600);
    expect(asked).toContain('POST /codes {"expires_in":3600}');
    const { searchParams } = new URL(sharing.link);
    expect(searchParams.get('code')).toBe('x');
    expect(searchParams.get('next')).toBe('/user/ada/lab/tree/a%20b.ipynb');
  });

  it('forgets the link of an invitation that is revoked', async () => {
    await sharing.invite(3600);
    await sharing.withdraw({ id: 'sc_1', expires: '', uses: 0 });
    expect(sharing.link).toBe('');
    expect(asked).toContain('DELETE /codes/sc_1');
  });

  it('keeps the prefix of the hub in invitations', () => {
    const link = invitationLink(DOCUMENT, '/jupyter/hub/accept-share?code=x');
    expect(link).toMatch(/^https:\/\/hub\.example\/jupyter\/hub\/accept-share/);
  });
});
