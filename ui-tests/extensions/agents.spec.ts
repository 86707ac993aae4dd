// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Agents: jupyter-mcp-server works in an open notebook, and a persona of jupyter-ai answers. [C1]
 */

import { cellsOnDisk, notebook } from '../support/documents';
import { expect, test as base } from '../support/fixtures';
import { openOther, run, testIn } from './environments';

/**
 * A client of jupyter-mcp-server, which calls its tools.
 */
const CLIENT = `
import asyncio, sys
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client


async def main(url, token, path):
    args = ["-m", "jupyter_mcp_server", "start", "--transport", "stdio"]
    args += ["--jupyter-url", url, "--jupyter-token", token]
    server = StdioServerParameters(command=sys.executable, args=args)
    async with stdio_client(server) as streams, ClientSession(*streams) as session:
        await session.initialize()
        for name, arguments in [
            ("use_notebook", {"notebook_name": "work", "notebook_path": path}),
            ("read_notebook", {"notebook_name": "work", "response_format": "detailed"}),
            ("insert_cell", {"cell_index": 1, "cell_type": "code", "cell_source": "agent = 1"}),
        ]:
            print(name, await session.call_tool(name, arguments))


asyncio.run(main(*sys.argv[1:]))
`;

testIn('agents')(
  'jupyter-mcp-server reads what people type, and inserts a cell',
  async ({ ada, grace, server }) => {
    base.setTimeout(180_000);
    const name = server.write('agent.ipynb', notebook('x = 1'));
    await Promise.all([ada.open(name), grace.open(name)]);
    await ada.typeInCell(0, '2');
    await expect.poll(() => grace.sources()).toEqual(['x = 12']);
    const script = ['-c', CLIENT, server.url, server.token, name];
    expect(await run('agents', server, ...script)).toContain('x = 12');
    for (const person of [ada, grace]) {
      await expect
        .poll(() => person.sources())
        .toEqual(['x = 12', 'agent = 1']);
    }
    await expect
      .poll(() => cellsOnDisk(server, name))
      .toEqual(['x = 12', 'agent = 1']);
  }
);

/**
 * A persona without a model: it repeats what it is told.
 */
const PERSONA = `
import os

from jupyter_ai_persona_manager import BasePersona, PersonaDefaults

AVATAR = os.path.join(os.path.dirname(__file__), "echo.svg")


class EchoPersona(BasePersona):
    @property
    def defaults(self):
        return PersonaDefaults(
            name="Echo", description="Repeats.", avatar_path=AVATAR, system_prompt=""
        )

    async def process_message(self, message):
        self.send_message("I heard: " + message.body.split()[-1])
`;

testIn('personas')(
  'a persona of jupyter-ai answers in a chat of two people',
  async ({ ada, grace, server }) => {
    base.setTimeout(180_000);
    server.write('.jupyter/personas/echo_persona.py', PERSONA);
    server.write(
      '.jupyter/personas/echo.svg',
      '<svg xmlns="http://www.w3.org/2000/svg"/>'
    );
    server.write('talk.chat', '{}');
    await Promise.all([
      openOther(ada, 'talk.chat'),
      openOther(grace, 'talk.chat')
    ]);
    const input = ada.page.locator('.jp-chat-input-textfield textarea').first();
    await input.fill('@Echo hello');
    await input.press('Enter');
    for (const { page } of [ada, grace]) {
      await expect(
        page.locator('.jp-chat-rendered-message', { hasText: 'I heard: hello' })
      ).toHaveCount(1, { timeout: 60_000 });
    }
  }
);
