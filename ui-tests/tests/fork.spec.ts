// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { notebook } from '../support/documents';
import { expect, test } from '../support/fixtures';

/** What a page knows of the document that it has open. */
interface IForkProvider {
  connectToForkDoc(room: string, session: string): Promise<void>;
  reconnect(): Promise<void>;
}

test('a fork is edited apart from its root, and merged into it', async ({
  server,
  file,
  ada,
  grace
}) => {
  // [K3] [K4] [K5]
  const name = server.write(file('ipynb'), notebook('x = 1', 'y = 2'));
  await Promise.all([ada.open(name), grace.open(name)]);
  const room = await ada.room();
  const route = `${server.url}/api/collaboration/fork`;
  const headers = { Authorization: `token ${server.token}` };
  const made = await fetch(`${route}/${room}`, {
    method: 'PUT',
    headers,
    body: JSON.stringify({ synchronize: true })
  });
  expect(made.status).toBe(201);
  const { fork_roomid: fork, sessionId } = (await made.json()) as Record<
    string,
    string
  >;

  await ada.withProvider<IForkProvider>(
    (provider, [id, session]) => provider.connectToForkDoc(id, session),
    [fork, sessionId]
  );
  await ada.typeInCell(0, ' + "mine"');
  await grace.typeInCell(1, ' + "hers"');
  // What is done in the root flows into the fork, and nothing back.
  await expect
    .poll(() => ada.sources())
    .toEqual(['x = 1 + "mine"', 'y = 2 + "hers"']);
  expect(await grace.sources()).toEqual(['x = 1', 'y = 2 + "hers"']);

  const merged = await fetch(`${route}/${fork}?merge=true`, {
    method: 'DELETE',
    headers
  });
  expect(merged.ok).toBe(true);
  const both = ['x = 1 + "mine"', 'y = 2 + "hers"'];
  await expect.poll(() => grace.sources()).toEqual(both);
  await ada.withProvider<IForkProvider>(provider => provider.reconnect(), []);
  await grace.typeInCell(1, '!');
  await expect
    .poll(() => ada.sources())
    .toEqual(['x = 1 + "mine"', 'y = 2 + "hers"!']);
});
