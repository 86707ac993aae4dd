"""What breaks while the server runs cells: the kernel, the page, the server, the disk."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import pytest
from running import QUICK, Runner, act, kernel, saved
from support import Server, code_cell, until

PRINTS = "for i in range(100):\n    print(i, flush=True)\nimport time\ntime.sleep(600)"
ASKS = "print('before')\ninput('who? ')"

STEPS = {
    "while the kernel starts": "1",
    "while it runs": "import time\nprint('begun')\ntime.sleep(600)",
    "while it prints": PRINTS,
    "while it asks": ASKS,
}
"""What a cell does when something breaks."""


async def has_begun(runner: Runner) -> None:
    """Wait until the kernel runs the first cell: an interrupt before that reaches nothing."""
    await runner.sees(lambda: bool(runner.printed("c0")))


async def at_step(step: str, runner: Runner) -> list[int]:
    """Run the first two cells, and wait until the first one is at a step."""
    numbers = runner.start("c0", "c1")
    if step == "while the kernel starts":
        await runner.queue(lambda queue: len(queue["runs"]) == 2)
    elif step == "while it runs":
        await has_begun(runner)
    elif step == "while it prints":
        await runner.sees(lambda: runner.printed("c0").count("\n") > 50)
    else:
        await runner.prompt("who? ")
    return numbers


@pytest.mark.parametrize("step", STEPS)
def test_after_a_kill_of_the_server_no_cell_runs_and_nothing_is_doubled(
    step: str, run: Any, new_server: Callable[..., Server]
) -> None:
    # [R2] [R6] [R15]
    async def test() -> None:
        server = new_server(**QUICK)
        cells = [code_cell(STEPS[step], "c0"), code_cell("2", "c1"), code_cell("3", "c2")]
        fixture = server.notebook_file("a.ipynb", cells)
        await server.start()
        ada = Runner(await server.member(fixture), await kernel(server))
        if step != "while the kernel starts":
            assert (await ada.run("c2"))["outcome"] == "ok"
        await at_step(step, ada)
        await ada.editor.ask("ack")  # what was written is stored
        printed = ada.printed("c0")
        server.crash()
        await server.start()
        ada = Runner(await server.member(fixture), await kernel(server))
        await ada.sees(ada.idle)
        assert ada.printed("c0").startswith(printed) and len(ada.outputs("c0")) <= 1
        assert ada.outputs("c1") == []
        if step != "while the kernel starts":
            message = await ada.editor.reply(lambda reply: reply.get("type") == "provenance", 50)
            assert message["origins"]["c2"]["isOld"] is True
        assert await ada.outcomes(ada.start("c1", "c2")) == ["ok", "ok"]
        await until(lambda: saved(server, 1)["execution_count"] == 1)
        await server.stop()

    run(test())


@pytest.mark.parametrize("step", [step for step in STEPS if "starts" not in step])
def test_after_a_kill_of_the_kernel_no_cell_runs_and_everybody_learns_it(
    step: str, run: Any, running: Any
) -> None:
    # [R6] [R10] [R15]
    async def test() -> None:
        pid = "import os\nprint(os.getpid())"
        async with running(STEPS[step], "2", pid, members=2) as (server, _, ada, grace):
            assert (await ada.run("c2"))["outcome"] == "ok"
            numbers = await at_step(step, ada)
            killed = f"import os\nos.kill({int(ada.printed('c2'))}, 9)"
            status, text = await server.request("POST", "api/kernels", json={"name": "python3"})
            assert status == 201, text
            killer = f"api/kernels/{json.loads(text)['id']}/execute"
            assert (await server.request("POST", killer, json={"code": killed}))[0] == 202
            assert await ada.outcomes(numbers) == ["died", "died"]
            ended = await grace.editor.reply(lambda reply: reply.get("type") == "runs_ended", 50)
            assert set(ended["ended"]) == {"c0", "c1"} and "died" in ended["reason"]
            for person in (ada, grace):
                await person.sees(person.idle)
            await grace.editor.reply(
                lambda reply: (
                    reply.get("type") == "provenance"
                    and reply["origins"].get("c2", {}).get("isOld") is True
                ),
                50,
            )
            assert (await grace.run("c1"))["outcome"] == "ok"

    run(test())


@pytest.mark.parametrize("step", STEPS)
def test_a_page_that_goes_leaves_its_cells_running_and_finds_them(
    step: str, run: Any, running: Any
) -> None:
    # [R1] [R2] [R10]
    async def test() -> None:
        async with running(STEPS[step], "2") as (server, fixture, ada):
            request = ada.request("c0")
            ada.editor.post(request)
            ada._number -= 1  # the same request as the first one below
            if step == "while the kernel starts":
                await ada.queue(lambda queue: bool(queue["runs"]))
            elif step == "while it asks":
                await ada.prompt("who? ")
            else:
                await has_begun(ada)
            ada.editor.socket.abort()
            again = Runner(await server.member(fixture), ada.kernel)
            number = again.editor.post(request)
            if step == "while it asks":
                prompt = await again.prompt("who? ")
                body = json.dumps({"id": prompt["id"], "value": "ada"})
                assert (await again.editor.ask(f"input {body}"))["status"] == "success"
            elif step != "while the kernel starts":
                await act(server, ada.kernel, "interrupt")
            expected = "ok" if step in ("while it asks", "while the kernel starts") else "error"
            assert (await again.reply(number))["outcome"] == expected
            assert (await again.reply(number))["count"] == 1
            await again.sees(again.idle)

    run(test())


def test_a_full_disk_loses_no_outputs(run: Any, running: Any, serving: Any) -> None:
    # [R2] [R7]
    async def test() -> None:
        options = {"contents_manager_class": "managers.Refusing"}
        async with serving(**QUICK, ServerApp=options) as server:
            fixture = server.notebook_file("a.ipynb", [code_cell(ASKS, "c0")])
            ada = Runner(await server.member(fixture), await kernel(server))
            numbers = ada.start("c0")
            prompt = await ada.prompt("who? ")
            await until(lambda: "before" in server.read("a.ipynb"))
            (server.root / "full").touch()
            body = json.dumps({"id": prompt["id"], "value": "ada"})
            assert (await ada.editor.ask(f"input {body}"))["status"] == "success"
            assert await ada.outcomes(numbers) == ["ok"]
            await ada.sees(lambda: "who?  ada" in ada.printed("c0"))
            reply = await ada.editor.ask("save")
            assert reply["status"] == "failed" and "No space left on device" in str(reply)
            assert "who?" not in server.read("a.ipynb").split('"source"')[0]
            (server.root / "full").unlink()
            assert (await ada.editor.ask("save"))["status"] == "success"
            texts = [each["text"] for each in saved(server, 0)["outputs"] if "text" in each]
            assert "".join("".join(text) for text in texts).startswith("before\nwho?  ada\n")

    run(test())


def test_a_kernel_that_is_culled_leaves_no_cell_running(run: Any, serving: Any) -> None:
    # [R6]
    async def test() -> None:
        culling = {"cull_idle_timeout": 1, "cull_interval": 1, "cull_busy": True}
        async with serving(**QUICK, MappingKernelManager=culling) as server:
            cells = [code_cell(STEPS["while it runs"], "c0"), code_cell("2", "c1")]
            fixture = server.notebook_file("a.ipynb", cells)
            ada = Runner(await server.member(fixture), await kernel(server))
            assert await ada.outcomes(ada.start("c0", "c1")) == ["shut_down"] * 2
            ended = await ada.editor.reply(lambda reply: reply.get("type") == "runs_ended")
            assert ended["reason"] == "The kernel was shut down." and ended["ended"] == ["c0", "c1"]
            assert "by" not in ended  # nobody did it
            await ada.sees(ada.idle)

    run(test())


def test_a_kernel_of_another_language_runs_cells(run: Any, running: Any) -> None:
    # [R4] [R7]
    async def test() -> None:
        sources = ("echo one; echo err >&2", "ls /no/such/file", "echo two")
        async with running(*sources) as (server, _, ada):
            spec = server.folder / "home" / "data" / "kernels" / "bash"
            spec.mkdir(parents=True)
            argv = [sys.executable, "-m", "bash_kernel", "-f", "{connection_file}"]
            content = {"argv": argv, "display_name": "Bash", "language": "bash"}
            (spec / "kernel.json").write_text(json.dumps(content))
            bash = Runner(ada.editor, await kernel(server, "bash"))
            outcomes = await bash.outcomes(bash.start("c0", "c1", "c2"))
            assert outcomes == ["ok", "error", "stopped"]
            assert "one\n" in bash.printed("c0") and "err" in bash.printed("c0")
            assert bash.printed("c2") == ""
            await bash.sees(bash.idle)
            assert (await bash.run("c2"))["outcome"] == "ok"
            assert bash.printed("c2") == "two\n"

    run(test())


def test_times_are_stored_only_if_the_user_wants_them(run: Any, running: Any) -> None:
    # [R12]
    async def test() -> None:
        async with running("1") as (_, _, ada):
            assert (await ada.run("c0", recordTiming=True))["outcome"] == "ok"
            times = ada.cell("c0")["metadata"]["execution"]
            # Those of JupyterLab, in their order.
            names = ["status.busy", "execute_input", "status.idle"]
            stored = [times[f"iopub.{name}"] for name in names]
            assert stored == sorted(stored)
            assert times["shell.execute_reply.started"] <= times["shell.execute_reply"]
            assert (await ada.run("c0"))["outcome"] == "ok"
            assert "execution" not in ada.cell("c0")["metadata"]

    run(test())


def test_an_animation_grows_the_history_by_a_bounded_amount(run: Any, running: Any) -> None:
    # [R8]
    # A minute of 5 images of 200 KB a second, without the pauses between them.
    frames = (
        "import base64, os\nfrom IPython.display import display\n"
        "def image(at):\n"
        "    data = base64.b64encode(os.urandom(150_000)).decode()\n"
        "    return {'image/png': data, 'text/plain': f'frame {at}'}\n"
        "shown = display(image(0), raw=True, display_id=True)\n"
        "for at in range(1, 300):\n"
        "    shown.update(image(at), raw=True)\n"
    )

    async def test() -> None:
        async with running(frames, "typed", members=2) as (server, _, ada, grace):
            before = server.store_bytes()
            number = ada.start("c0")[0]
            await ada.sees(lambda: bool(ada.outputs("c0")))
            source = grace.cell("c1")["source"]
            for letter in " by grace":  # others go on meanwhile
                source += letter
                await grace.editor.ask("ack")
            assert (await ada.reply(number))["outcome"] == "ok"
            for person in (ada, grace):
                await person.sees(
                    lambda person=person: (
                        person.outputs("c0")[0]["data"].get("text/plain") == "frame 299"
                    )
                )
            assert str(ada.cell("c1")["source"]) == "typed by grace"
            await ada.editor.ask("ack")
            # 8 MB at once, a little more, and the last frame in the file's base.
            assert server.store_bytes() - before < 20 * 2**20

    run(test())
