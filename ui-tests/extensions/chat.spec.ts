// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * jupyterlab-chat: no message is lost, whatever happens to the server. [C1]
 */

import { expect } from '../support/fixtures';
import type { Person } from '../support/fixtures';
import { openOther, testIn } from './environments';

const NAME = 'talk.chat';
const test = testIn('chat');

async function say(person: Person, text: string): Promise<void> {
  const input = person.page.locator('.jp-chat-input-textfield textarea');
  await input.first().fill(text);
  await input.first().press('Enter');
}

/**
 * The messages that a person sees, each time that one is there.
 */
async function messages(person: Person): Promise<string[]> {
  const shown = person.page.locator('.jp-chat-rendered-message');
  const texts = await shown.allInnerTexts();
  return texts.map(text => text.trim()).sort();
}

test('messages survive a restart, and arrive that were sent meanwhile', async ({
  ada,
  grace,
  server
}) => {
  test.setTimeout(180_000);
  server.write(NAME, '{}');
  await Promise.all([openOther(ada, NAME), openOther(grace, NAME)]);
  const said: string[] = [];
  for (const number of [1, 2, 3]) {
    for (const person of [ada, grace]) {
      said.push(`${person.nickname} ${number}`);
      await say(person, `${person.nickname} ${number}`);
      await expect.poll(() => messages(person)).toEqual([...said].sort());
    }
  }
  await server.stop();
  said.push('Ada offline');
  await say(ada, 'Ada offline');
  await server.start();
  for (const person of [ada, grace]) {
    await expect
      .poll(() => messages(person), { timeout: 60_000 })
      .toEqual([...said].sort());
  }
  const onDisk = () => {
    const { messages } = JSON.parse(server.read(NAME)) as {
      messages?: { body: string }[];
    };
    return (messages ?? []).map(({ body }) => body).sort();
  };
  await expect.poll(onDisk).toEqual([...said].sort());
  await grace.page.reload();
  await expect
    .poll(() => messages(grace), { timeout: 40_000 })
    .toEqual([...said].sort());
});
