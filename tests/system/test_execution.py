"""Cells that the server runs, on real kernels: what members, documents and files get."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest
from jupyter_ydoc import YNotebook
from pycrdt import Text, UndoManager
from running import QUICK, Runner, act, kernel, saved
from support import ENABLED, Editor, Server, answer, code_cell, room_of, until

from jupyter_collaboration.execution.source_hash import source_hash, source_mark
from rtcbench.client import Endpoint


def test_cells_run_in_order_while_the_kernel_starts(run: Any, running: Any) -> None:
    # [R1] [R3] [R7]
    async def test() -> None:
        async with running("x = 1", "print(x)", "x", members=2) as (server, _, ada, grace):
            assert await ada.outcomes(ada.start("c0", "c1", "c2")) == ["ok"] * 3
            for person in (ada, grace):
                await person.sees(person.idle)
                await person.sees(lambda person=person: bool(person.outputs("c2")))
                assert person.outputs("c1") == [
                    {"output_type": "stream", "name": "stdout", "text": "1\n"}
                ]
                assert person.outputs("c2")[0]["data"] == {"text/plain": "1"}
                assert [person.cell(f"c{at}")["execution_count"] for at in range(3)] == [1, 2, 3]
            await until(lambda: saved(server, 2)["outputs"] != [])
            assert saved(server, 1)["execution_count"] == 2

    run(test())


def test_pages_that_open_a_notebook_at_once_get_one_kernel(run: Any, serving: Any) -> None:
    # [R3]
    async def test() -> None:
        async with serving() as server:
            for name in ("a.ipynb", "b.ipynb"):
                server.notebook_file(name, [code_cell("1", "c0")])

            async def session(name: str, kind: str = "notebook") -> tuple[str, str]:
                body = {"path": name, "name": name, "type": kind, "kernel": {"name": "python3"}}
                status, text = await server.request("POST", "api/sessions", json=body)
                assert status == 201, text
                found = json.loads(text)
                return found["id"], found["kernel"]["id"]

            names = ["a.ipynb", "b.ipynb"] * 3
            found = await asyncio.gather(*(session(name) for name in names))
            assert len(set(found)) == 2 and len({found[0], found[2], found[4]}) == 1
            assert await session("a.ipynb") == found[0]
            # A kernel that ended is replaced.
            assert (await server.request("DELETE", f"api/sessions/{found[0][0]}"))[0] == 204
            assert await session("a.ipynb") != found[0]

    run(test())


def test_outputs_arrive_and_are_saved_although_nobody_is_there(run: Any, running: Any) -> None:
    # [R2]
    async def test() -> None:
        slow = "import time\nprint('a')\ntime.sleep(1)\nprint('b')"
        async with running(slow, document_cleanup_delay=0) as (server, _, ada):
            ada.start("c0")
            await ada.queue(lambda queue: queue["runs"][0]["state"] == "running")
            await ada.editor.close()
            await until(lambda: "b\\n" in server.read("a.ipynb"))
            text = "".join(saved(server, 0)["outputs"][0]["text"])
            assert text == "a\nb\n"
            await until(lambda: saved(server, 0)["execution_count"] == 1)

    run(test())


def test_a_request_that_is_repeated_runs_once(run: Any, running: Any) -> None:
    # [R1]
    async def test() -> None:
        async with running("n = globals().get('n', 0) + 1; print(n)") as (server, fixture, ada):
            request = ada.request("c0")
            assert (await ada.editor.ask(request))["outcome"] == "ok"
            await ada.editor.close()
            again = Runner(await server.member(fixture), ada.kernel)
            reply = await again.editor.ask(request)
            assert (reply["outcome"], reply["count"]) == ("ok", 1)
            assert again.printed("c0") == "1\n"
            reply = await again.run("c0", again=True)
            assert (reply["status"], reply["code"]) == ("failed", "unknown")
            assert again.printed("c0") == "1\n"

    run(test())


@pytest.mark.parametrize("catches", [False, True])
def test_an_interrupt_cancels_what_waits_for_the_same_member(
    catches: bool, run: Any, running: Any
) -> None:
    # [R4]
    sleep = "import time\nprint('on', flush=True)\ntime.sleep(60)"
    caught = "import time\ntry:\n    print('on', flush=True)\n    time.sleep(60)\nexcept"
    first = f"{caught} KeyboardInterrupt:\n    pass" if catches else sleep

    async def test() -> None:
        async with running(first, "print(2)", "print(3)", "print(4)", members=2) as (
            server,
            _,
            ada,
            grace,
        ):
            own = ada.start("c0", "c1", "c2")
            await grace.sees(lambda: grace.printed("c0") == "on\n")
            others = grace.start("c3")
            await grace.queue(lambda queue: len(queue["runs"]) == 4)
            await act(server, ada.kernel, "interrupt")
            outcomes = await ada.outcomes(own)
            assert outcomes == ["ok" if catches else "error", "interrupted", "interrupted"]
            assert await grace.outcomes(others) == ["ok"]
            await grace.sees(grace.idle)
            await grace.sees(lambda: grace.printed("c3") == "4\n")
            assert grace.outputs("c1") == grace.outputs("c2") == []
            assert (await ada.reply(own[1]))["by"]["name"]

    run(test())


def test_an_error_stops_only_what_the_same_member_asked_for(run: Any, running: Any) -> None:
    # [R4]
    async def test() -> None:
        sources = ("import time; time.sleep(.5); 1/0", "print(1)", "print(2)", "print(3)")
        async with running(*sources, members=2) as (server, _, ada, grace):
            other = server.notebook_file("b.ipynb", [code_cell("print(4)", "d0")])
            alan = Runner(await server.member(other), ada.kernel)
            own = ada.start("c0", "c1")
            await grace.queue(lambda queue: len(queue["runs"]) == 2)
            others = grace.start("c2")
            elsewhere = alan.start("d0")
            assert await ada.outcomes(own) == ["error", "stopped"]
            assert await grace.outcomes(others) == ["ok"]
            assert await alan.outcomes(elsewhere) == ["ok"]
            failed = await ada.reply(own[0])
            assert failed["error"]["ename"] == "ZeroDivisionError"
            await grace.sees(lambda: grace.outputs("c0") != [])
            output = grace.outputs("c0")[0]
            assert output["output_type"] == "error" and output["traceback"]
            assert grace.outputs("c1") == []
            # The cell says that it may fail.
            ada.cell("c0")["metadata"]["tags"] = ["raises-exception"]
            assert await ada.outcomes(ada.start("c0", "c3")) == ["error", "ok"]

    run(test())


def test_a_restart_ends_all_runs_and_says_by_whom(run: Any, running: Any) -> None:
    # [R6] [R10]
    async def test() -> None:
        async with running("input('name?')", "print(1)", "print(2)", members=2) as (
            server,
            _,
            ada,
            grace,
        ):
            runs = [*ada.start("c0", "c1"), *ada.start("c2")]
            await grace.prompt("name?")
            await act(server, ada.kernel, "restart")
            assert await ada.outcomes(runs) == ["restarted"] * 3
            ended = await grace.editor.reply(lambda reply: reply.get("type") == "runs_ended")
            assert ended["outcome"] == "restarted" and ended["ended"] == ["c0", "c1", "c2"]
            assert ended["by"]["name"]
            await grace.sees(grace.idle)
            assert (
                grace.editor.replies[-1]["type"] != "runs" or not grace.editor.replies[-1]["runs"]
            )
            # The kernel runs on.
            assert (await grace.run("c1"))["outcome"] == "ok"

    run(test())


def test_cells_that_are_run_while_the_kernel_restarts_wait(run: Any, running: Any) -> None:
    # [R3] [R6]
    async def test() -> None:
        slow = "import time\ntime.sleep(0.3)\nx = 1"
        async with running(slow, "print(x)", "import os; os._exit(1)") as (server, _, ada):
            for _ in range(3):  # as "Restart and Run All", while the last one still runs
                await act(server, ada.kernel, "restart")
                runs = ada.start("c0", "c1")
                await ada.queued(2)
            assert await ada.outcomes(runs) == ["ok", "ok"]
            await ada.sees(lambda: ada.printed("c1") == "1\n")
            assert ada.outputs("c1")[0]["text"] == "1\n" and len(ada.outputs("c1")) == 1
            # A kernel that dies is started again by the server.
            assert await ada.outcomes(ada.start("c2", "c1")) == ["died", "died"]
            await ada.sees(ada.idle)
            assert await ada.outcomes(ada.start("c0", "c1")) == ["ok", "ok"]

    run(test())


def test_input_is_shared_and_the_first_answer_counts(run: Any, running: Any) -> None:
    # [R10]
    async def test() -> None:
        asking = "print(repr(input('who? ')))\nimport getpass\nprint(len(getpass.getpass('word ')))"
        async with running(asking, "print('next')", members=2) as (server, fixture, ada, grace):
            runs = ada.start("c0", "c1")
            prompt = await grace.prompt("who? ")
            assert prompt["password"] is False
            late = Runner(await server.member(fixture), ada.kernel)  # joins while it waits
            assert (await late.prompt("who? "))["id"] == prompt["id"]
            body = json.dumps({"id": prompt["id"], "value": "grace"})
            assert (await grace.editor.ask(f"input {body}"))["status"] == "success"
            second = await ada.editor.ask(f"input {body}")
            assert (second["status"], second["reason"]) == ("failed", "It was answered already.")
            word = await ada.prompt("word ")
            assert word["password"] is True
            secret = json.dumps({"id": word["id"], "value": "s3cret"})
            assert (await ada.editor.ask(f"input {secret}"))["status"] == "success"
            assert await ada.outcomes(runs) == ["ok", "ok"]
            await grace.sees(lambda: grace.printed("c1") == "next\n")
            assert grace.printed("c0") == "who?  grace\n'grace'\nword  ········\n6\n"
            await until(lambda: saved(server, 1)["execution_count"] == 2)
            store = (server.root / ".jupyter_ystore.db").read_bytes()
            assert b"s3cret" not in store and "s3cret" not in server.read("a.ipynb")

    run(test())


def test_an_interrupt_ends_a_prompt(run: Any, running: Any) -> None:
    # [R10]
    async def test() -> None:
        async with running("for _ in range(20): input('again? ')", "print(1)", members=2) as (
            server,
            _,
            ada,
            grace,
        ):
            runs = ada.start("c0")
            answered = set()
            for _ in range(3):
                reply = await grace.queue(
                    lambda queue: any(
                        each.get("input", {"id": None})["id"] not in {None, *answered}
                        for each in queue["runs"]
                    )
                )
                name = reply["runs"][0]["input"]["id"]
                answered.add(name)
                body = json.dumps({"id": name, "value": ""})
                assert (await grace.editor.ask(f"input {body}"))["status"] == "success"
            await grace.queue(
                lambda queue: (
                    bool(queue["runs"])
                    and queue["runs"][0].get("input", {"id": ""})["id"] not in {"", *answered}
                )
            )
            await act(server, ada.kernel, "interrupt")
            assert await ada.outcomes(runs) == ["error"]
            assert (await ada.run("c1"))["outcome"] == "ok"

    run(test())


def test_code_that_handles_interrupts_itself_can_still_be_answered(run: Any, serving: Any) -> None:
    # [R10]
    async def test() -> None:
        extensions = {**ENABLED, "short_waits": True}
        handles = "import signal\nsignal.signal(signal.SIGINT, lambda *_: print('not now'))\n"
        async with serving(**QUICK, ServerApp={"jpserver_extensions": extensions}) as server:
            source = handles + "print(input('who? '))"
            fixture = server.notebook_file("a.ipynb", [code_cell(source, "c0")])
            ada = Runner(await server.member(fixture), await kernel(server))
            runs = ada.start("c0")
            prompt = await ada.prompt("who? ")
            ada.editor.replies.clear()
            await act(server, ada.kernel, "interrupt")
            assert await ada.prompt("who? ") == prompt  # once more
            await ada.sees(lambda: "not now" in ada.printed("c0"))
            body = json.dumps({"id": prompt["id"], "value": "ada"})
            assert (await ada.editor.ask(f"input {body}"))["status"] == "success"
            assert await ada.outcomes(runs) == ["ok"]
            assert "who?  ada\nada\n" in ada.printed("c0")

    run(test())


def test_a_waiting_cell_can_be_canceled_by_others(run: Any, running: Any) -> None:
    # [R5]
    async def test() -> None:
        async with running("input()", "print(1)", members=2) as (_server, _, ada, grace):
            runs = ada.start("c0", "c1")
            prompt = await grace.prompt("")

            def both(queue: dict[str, Any]) -> bool:
                return [each["state"] for each in queue["runs"]] == ["running", "waiting"]

            first, second = (await grace.queue(both))["runs"]
            body = json.dumps({"id": second["id"]})
            assert (await grace.editor.ask(f"cancel {body}"))["status"] == "success"
            assert await ada.outcomes(runs[1:]) == ["canceled"]
            body = json.dumps({"id": first["id"]})
            assert "interrupt" in (await grace.editor.ask(f"cancel {body}"))["reason"]
            body = json.dumps({"id": prompt["id"], "value": ""})
            await grace.editor.ask(f"input {body}")
            assert await ada.outcomes(runs[:1]) == ["ok"]
            await grace.sees(grace.idle)
            assert grace.outputs("c1") == []

    run(test())


def test_outputs_are_replaced_by_each_run_and_cleared_ones_stay_away(
    run: Any, running: Any
) -> None:
    # [R7]
    async def test() -> None:
        async with running("print(1)", "print(2)", document_cleanup_delay=0) as (
            server,
            fixture,
            ada,
        ):
            for _ in range(2):
                assert await ada.outcomes(ada.start("c0", "c1")) == ["ok", "ok"]
            await ada.sees(lambda: ada.printed("c1") == "2\n")
            assert len(ada.outputs("c0")) == len(ada.outputs("c1")) == 1
            ada.cell("c0")["outputs"].clear()
            await until(lambda: saved(server, 0)["outputs"] == [])
            await ada.editor.close()
            again = Runner(await server.member(fixture), ada.kernel)
            assert again.outputs("c0") == [] and again.printed("c1") == "2\n"
            assert (await again.run("c1"))["outcome"] == "ok"
            await again.sees(again.idle)
            assert again.outputs("c0") == [] and again.printed("c1") == "2\n"
            assert len(again.outputs("c1")) == 1

    run(test())


def test_displays_are_updated_in_every_document(run: Any, running: Any) -> None:
    # [R7]
    async def test() -> None:
        show = (
            "from IPython.display import display\nh = display({'n': 1}, display_id='x')\nprint(2)"
        )
        async with running(show, "h.update({'n': 3})") as (server, _, ada):
            other = server.notebook_file(
                "b.ipynb", [code_cell("display('here', display_id='x')", "d0")]
            )
            alan = Runner(await server.member(other), ada.kernel)
            assert (await ada.run("c0"))["outcome"] == "ok"
            assert (await alan.run("d0"))["outcome"] == "ok"
            assert (await ada.run("c1"))["outcome"] == "ok"
            for person, name in ((ada, "c0"), (alan, "d0")):

                def updated(person: Runner = person, name: str = name) -> bool:
                    found = person.outputs(name)
                    return bool(found) and found[0].get("data") == {"text/plain": "{'n': 3}"}

                await person.sees(updated)
            assert [each["output_type"] for each in ada.outputs("c0")] == ["display_data", "stream"]
            assert "transient" not in ada.outputs("c0")[0]

    run(test())


def test_outputs_that_are_cleared_paged_late_or_next_inputs(run: Any, running: Any) -> None:
    # [R7]
    clear = (
        "from IPython.display import clear_output\n"
        "for i in range(5):\n    clear_output(wait=True)\n    print(i)"
    )
    thread = (
        "import threading, time\n"
        "def late():\n    time.sleep(0.5)\n    print('late')\n"
        "t = threading.Thread(target=late); t.start()\nprint('soon')"
    )
    bar = "import sys\nfor i in range(3): sys.stdout.write(f'\\r{i} %')\nprint('\\b!')"
    following = "get_ipython().set_next_input('1 + 1')"

    async def test() -> None:
        async with running(clear, bar, "print?", following, thread) as (*_, ada):
            names = [f"c{at}" for at in range(5)]
            assert await ada.outcomes(ada.start(*names)) == ["ok"] * 5
            await ada.sees(lambda: ada.printed("c4") == "soon\nlate\n")
            assert ada.printed("c0") == "4\n" and len(ada.outputs("c0")) == 1
            assert ada.printed("c1") == "2 !\n"
            assert "Prints the values" in ada.outputs("c2")[0]["data"]["text/plain"]
            await ada.sees(lambda: len(ada.editor.cells) == 6)
            assert str(ada.editor.cells[4]["source"]) == "1 + 1"

    run(test())


def test_a_moved_cell_has_all_outputs(run: Any, running: Any) -> None:
    # [R2] [R7]
    async def test() -> None:
        asking = "print('before')\ninput()\nprint('after')"
        async with running(asking, "1") as (_server, _, ada):
            runs = ada.start("c0")
            prompt = await ada.prompt("")
            await ada.sees(lambda: ada.printed("c0") == "before\n")
            clone = {**ada.cell("c0").to_py(), "outputs": [], "execution_state": "idle"}
            clone["source"], clone["metadata"] = asking, {}
            cells = ada.editor.cells
            with ada.editor.doc.transaction():
                del cells[0]
                cells.append(YNotebook().create_ycell(clone))
            await ada.sees(lambda: ada.printed("c0") == "before\n")
            assert ada.cell("c0")["execution_state"] == "running"
            body = json.dumps({"id": prompt["id"], "value": "x"})
            await ada.editor.ask(f"input {body}")
            assert await ada.outcomes(runs) == ["ok"]
            await ada.sees(lambda: ada.printed("c0") == "before\n x\nafter\n")
            await ada.sees(ada.idle)

    run(test())


def origins(replies: Callable[[dict[str, Any]], bool]) -> Callable[[dict[str, Any]], bool]:
    """Return whether a message tells where outputs come from, in a certain way."""
    return lambda reply: reply.get("type") == "provenance" and replies(reply["origins"])


def test_everybody_learns_who_ran_what_and_the_file_stays_as_it_is(run: Any, running: Any) -> None:
    # [R15]
    async def test() -> None:
        async with running("x = 1", "x", members=2) as (server, fixture, ada, grace):
            before = time.time()
            numbers = ada.start("c0")
            asked = (await grace.queue(lambda queue: bool(queue["runs"])))["runs"][0]
            assert await ada.outcomes(numbers) == ["ok"]
            ended = origins(lambda found: "c0" in found and found["c0"]["count"] is not None)
            message = await grace.editor.reply(ended, 50)
            origin = message["origins"]["c0"]
            assert origin["user"] == asked["user"] and asked["user"]["username"]
            assert before - 1 < origin["time"] <= time.time()
            assert (origin["source"], origin["count"]) == (source_mark("x = 1"), 1)
            assert origin["isOld"] is False

            # A user who joins later gets the same; a restart makes it old, for everybody.
            late = await server.member(fixture)
            assert (await late.reply(origins(lambda found: True), 50))["origins"] == {"c0": origin}
            await act(server, ada.kernel, "restart")
            for editor in (grace.editor, late):
                await editor.reply(origins(lambda found: found["c0"]["isOld"]), 50)
            await ada.run("c1")
            message = await grace.editor.reply(origins(lambda found: "c1" in found), 50)
            assert message["origins"]["c1"]["isOld"] is False
            await until(lambda: saved(server, 1)["execution_count"] == 1)
            assert set(saved(server, 0)["metadata"]) <= {"trusted"}
            for part in ("provenance", "origin", asked["user"]["username"]):
                assert part not in server.read("a.ipynb")

    run(test())


def test_outputs_have_their_origin_while_the_cell_still_runs(run: Any, running: Any) -> None:
    # [R15]
    async def test() -> None:
        async with running("print('old')", members=2) as (server, fixture, ada, grace):
            await ada.run("c0")
            source = "print('new'); input('wait')"
            ada.cell("c0")["source"] = Text(source)
            number = grace.start("c0")[0]
            prompt = await ada.prompt("wait")
            assert ada.printed("c0") == "new\n"
            late = await server.member(fixture)
            found = (await late.reply(origins(lambda found: True), 50))["origins"]["c0"]
            assert found["source"] == source_mark(source) and found["count"] is None
            mine = f"{id(grace)}-1"
            shown = await grace.queue(lambda queue: mine in [each["id"] for each in queue["runs"]])
            assert found["user"] == shown["runs"][0]["user"]
            value = json.dumps({"id": prompt["id"], "value": "x"})
            assert (await ada.editor.ask(f"input {value}"))["status"] == "success"
            assert (await grace.reply(number))["outcome"] == "ok"

    run(test())


def printed(cell: dict[str, Any]) -> str:
    """Return what a cell of a file has printed."""
    return "".join("".join(each["text"]) for each in cell["outputs"])


def test_a_cell_deleted_while_it_ran_is_complete_if_it_comes_back_later(
    run: Any, running: Any
) -> None:
    # [R5] [R6]
    async def test() -> None:
        source = "print('begin', flush=True)\ninput('wait')\nprint('end')"
        async with running(source, "1", members=2) as (server, _, ada, grace):
            for how in ("ok", "restarted"):
                number = grace.start("c0")[0]
                prompt = await ada.prompt("wait")
                await ada.sees(lambda: ada.printed("c0") == "begin\n")
                undo = UndoManager(scopes=[ada.editor.cells])
                del ada.editor.cells[0]
                await grace.sees(lambda: len(grace.editor.cells) == 1)
                if how == "ok":
                    value = json.dumps({"id": prompt["id"], "value": "x"})
                    await ada.editor.ask(f"input {value}")
                else:
                    await act(server, ada.kernel, "restart")
                assert (await grace.reply(number))["outcome"] == how
                undo.undo()
                await grace.sees(
                    lambda: (
                        len(grace.editor.cells) == 2
                        and grace.cell("c0").get("execution_state") == "idle"
                    )
                )
                assert grace.printed("c0").endswith("end\n" if how == "ok" else "begin\n")
                text = grace.printed("c0")
                await until(lambda text=text: text == printed(saved(server, 0)))

    run(test())


def test_a_display_with_a_known_id_updates_those_before_it_until_a_restart(
    run: Any, running: Any
) -> None:
    # [R8]
    async def test() -> None:
        shows = "from IPython.display import display\n_ = display({}, display_id='x')"
        sources = (shows.format(1), f"{shows.format(2)}\n{shows.format(3)}", shows.format(4))
        async with running(*sources) as (server, _, ada):

            def shown(cell: str) -> list[str]:
                return [each["data"]["text/plain"] for each in ada.outputs(cell)]

            assert await ada.outcomes(ada.start("c0", "c1")) == ["ok", "ok"]
            await ada.sees(lambda: (shown("c0"), shown("c1")) == (["3"], ["3", "3"]))
            await act(server, ada.kernel, "restart")
            assert (await ada.run("c2"))["outcome"] == "ok"
            await ada.sees(lambda: shown("c2") == ["4"])
            assert (shown("c0"), shown("c1")) == (["3"], ["3", "3"])

    run(test())


def test_who_ran_what_is_known_after_the_server_was_started_again(
    run: Any, new_server: Any
) -> None:
    # [R15]
    async def test() -> None:
        server = new_server(**QUICK)
        fixture = server.notebook_file("a.ipynb", [code_cell("1", "c0"), code_cell("2", "c1")])
        await server.start()
        ada = Runner(await server.member(fixture), await kernel(server))
        assert await ada.outcomes(ada.start("c0", "c1")) == ["ok"] * 2
        await ada.editor.close()
        await server.stop()
        await server.start()
        message = await (await server.member(fixture)).reply(origins(lambda found: True), 50)
        assert {cell: each["isOld"] for cell, each in message["origins"].items()} == {
            "c0": True,
            "c1": True,
        }
        assert message["origins"]["c1"]["count"] == 2
        await server.stop()

    run(test())


OUTPUT_WIDGET = """
from comm import create_comm
state = {"_model_name": "OutputModel", "outputs": [], "msg_id": ""}
version = {"version": "2.1.0"}
out = create_comm(target_name="jupyter.widget", data={"state": state}, metadata=version)
def took(message):
    state.update(message["content"]["data"]["state"])
    if echoes:
        out.send({"method": "echo_update", "state": message["content"]["data"]["state"]})
out.on_msg(took)
def capture(on):
    sys.stdout.flush()
    request = get_ipython().kernel.get_parent()["header"]["msg_id"] if on else ""
    out.send({"method": "update", "state": {"msg_id": request}})
"""


@pytest.mark.parametrize("echoes", [True, False])
def test_what_a_widget_captures_is_not_in_the_cell(
    echoes: bool, run: Any, running: Any, tmp_path: Any
) -> None:
    # [R14]
    async def test() -> None:
        setup = f"import os, sys, time\nechoes = {echoes}\n{OUTPUT_WIDGET}"
        go = tmp_path / "go"
        captures = "capture(True); print('captured'); capture(False); print('beside')"
        waits = f"while not os.path.exists({str(go)!r}): time.sleep(0.01)"
        async with running(setup, f"{captures}\n{waits}", members=2) as (server, _, ada, grace):
            numbers = ada.start("c0", "c1")
            inside = [{"output_type": "stream", "name": "stdout", "text": "captured\n"}]
            # Others see it while the kernel is busy, also those who come later.
            shown = await grace.editor.reply(lambda reply: reply.get("type") == "widget", 50)
            assert shown["outputs"] == inside

            async def known() -> list[dict[str, Any]]:
                url = f"api/collaboration/widgets/{ada.kernel}"
                status, text = await server.request("GET", url)
                assert status == 200
                found: list[dict[str, Any]] = json.loads(text)
                return found

            (widget,) = await known()
            assert widget["comm_id"] == shown["comm"] and widget["state"]["outputs"] == inside
            go.touch()
            assert await ada.outcomes(numbers) == ["ok"] * 2
            printed = "beside\n" if echoes else "beside\ncaptured\n"
            await grace.sees(lambda: grace.printed("c1") == printed)
            await act(server, ada.kernel, "restart")
            assert await known() == []

    run(test())


def test_who_may_not_run_code_changes_nothing(run: Any, guarded: Any) -> None:
    # [R9]
    async def test() -> None:
        async with guarded() as server:
            fixture = server.notebook_file("a.ipynb", [code_cell("print(1)", "c0")])
            (server.root / ".rules.json").write_text(
                '{"editor": ["read", "write", "execute"], "viewer": ["read", "execute"]}'
            )
            kernel_id = await kernel(server)
            ada = Runner(await server.member(fixture), kernel_id)
            url = (await server.endpoint(fixture)).url
            url = url.replace(f"token={server.token}", "token=viewer")
            viewer = Runner(await Editor.open_at(Endpoint(url)), kernel_id)
            reply = await viewer.run("c0")
            assert reply["reason"] == "You have view-only access to this document."
            for other in ("cancel", "input"):
                reply = await viewer.editor.ask(f'{other} {{"id": "x", "value": ""}}')
                assert reply["reason"] == "You have view-only access to this document."
            (server.root / ".rules.json").write_text('{"editor": ["read", "write"]}')
            reply = await ada.run("c0")
            assert reply["reason"] == "You do not have permission to run code."
            assert not any(each.get("type") == "runs" for each in viewer.editor.replies)
            assert ada.cell("c0").get("execution_state") == "idle" and not ada.outputs("c0")
            (server.root / ".rules.json").write_text('{"editor": ["read", "write", "execute"]}')
            reply = await Runner(ada.editor, "00000000-0000-0000-0000-000000000000").run("c0")
            assert "no such kernel" in reply["reason"]
            assert "no such code cell" in (await ada.run("gone"))["reason"]
            for bad in ("run", "run 1", 'run {"id": 1}', "cancel {}", 'input {"id": ""}'):
                assert (await ada.editor.ask(bad))["status"] == "failed"
            assert (await ada.run("c0"))["outcome"] == "ok"

    run(test())


def test_a_kernel_that_a_user_may_not_use_is_refused(run: Any, guarded: Any) -> None:
    # [R9] [R11]
    async def test() -> None:
        async with guarded() as server:
            fixture = server.notebook_file("a.ipynb", [code_cell("print(1)", "c0")])
            rules = {"editor": ["read", "write", "execute"]}
            (server.root / ".rules.json").write_text(json.dumps(rules))
            refused, usable = await kernel(server), await kernel(server)
            rules["kernels"] = [refused]
            (server.root / ".rules.json").write_text(json.dumps(rules))
            ada = Runner(await server.member(fixture), refused)
            reply = await ada.run("c0")
            assert reply["reason"] == "You do not have permission to run code."
            cell = {"cell_id": "c0", "document_id": room_of(await server.endpoint(fixture))}
            route = f"api/kernels/{refused}/execute"
            assert await answer(server, "editor", "POST", route, json=cell) == 403
            widgets = "api/collaboration/widgets"
            assert await answer(server, "editor", "GET", f"{widgets}/{refused}") == 403
            assert await answer(server, "editor", "GET", f"{widgets}/{usable}") == 200
            assert ada.cell("c0").get("execution_state") == "idle" and not ada.outputs("c0")
            assert (await Runner(ada.editor, usable).run("c0"))["outcome"] == "ok"

    run(test())


@pytest.mark.parametrize("is_here", [True, False])
@pytest.mark.parametrize("lost", ["execute", "write"])
def test_a_cell_that_waits_does_not_run_once_its_user_may_not(
    run: Any, guarded: Any, lost: str, is_here: bool
) -> None:
    # [R9]
    everything = ["read", "write", "execute"]

    async def test() -> None:
        async with guarded(role_check_interval=0.1) as server:
            go = server.root / "go"
            waits = f"import os, time\nwhile not os.path.exists({str(go)!r}): time.sleep(0.01)"
            cells = [code_cell(waits, "c0"), *(code_cell("print(1)", f"c{at}") for at in (1, 2, 3))]
            fixture = server.notebook_file("a.ipynb", cells)
            rules = server.root / ".rules.json"
            rules.write_text(json.dumps({"editor": everything, "viewer": everything}))
            kernel_id = await kernel(server)
            endpoint = await server.endpoint(fixture)
            leaves = Runner(await server.member(fixture), kernel_id)
            stays = Runner(
                await Editor.open_at(
                    Endpoint(endpoint.url.replace(f"token={server.token}", "token=viewer"))
                ),
                kernel_id,
            )
            leaves.start("c0", "c1")
            await leaves.queue(lambda queue: queue["runs"][0]["state"] == "running")
            cell = {"cell_id": "c2", "document_id": room_of(endpoint)}
            body = {"code": "print(2)", "metadata": cell}
            url = f"api/kernels/{kernel_id}/execute"
            assert await answer(server, "editor", "POST", url, json=body) == 202
            last = stays.start("c3")
            waiting = {"c1", "c2", "c3"}
            queue = await stays.queue(
                lambda queue: waiting <= {each["cell"] for each in queue["runs"]}
            )
            since = max(each["since"] for each in queue["runs"])
            if not is_here:
                await leaves.editor.close()
            less = [each for each in everything if each != lost]
            rules.write_text(json.dumps({"editor": less, "viewer": everything}))
            await until(lambda: time.time() > since + 0.1)  # the interval of the checks
            go.touch()
            assert await stays.outcomes(last) == ["ok"]
            await stays.sees(stays.idle)
            printed = [stays.printed(f"c{at}") for at in range(4)]
            assert printed == ["", "", "", "1\n"]
            told = [each for each in stays.editor.replies if each.get("type") == "runs_ended"]
            assert [each["ended"] for each in told] == [["c1"], ["c2"]]
            assert all("no longer has permission" in each["reason"] for each in told)

    run(test())


async def call(server: Server, method: str, path: str, **body: Any) -> tuple[int, Any]:
    """Make a request of the published routes."""
    status, text = await server.request(method, path, json=body or None)
    return status, json.loads(text) if text else None


async def finished(server: Server, url: str) -> tuple[int, Any]:
    """Poll a request, as the clients of jupyter-server-nbmodel do, until it has ended."""
    found: list[tuple[int, Any]] = []
    while not found or found[-1][0] == 202:
        found.append(await call(server, "GET", url.lstrip("/")))
    return found[-1]


def test_the_published_executors_run_cells_over_http(run: Any, running: Any) -> None:
    # [R11]
    async def test() -> None:
        async with running("print('own')", "input('who? ')", "1/0") as (server, fixture, ada):
            room = room_of(await server.endpoint(fixture))
            url = f"api/kernels/{ada.kernel}/execute"
            # jupyter-collaboration
            status, answer = await call(server, "POST", url, cell_id="c0", document_id=room)
            assert (status, answer["outcome"]) == (200, "ok")
            await ada.sees(lambda: ada.printed("c0") == "own\n")
            # jupyter-server-nbmodel runs the code that was sent
            metadata = {"cell_id": "c0", "document_id": room, "document_path": "a.ipynb"}
            status, sent = await call(server, "POST", url, code="print('sent')", metadata=metadata)
            assert (status, sent["request_status"], sent["pending"]) == (202, "queued", True)
            status, answer = await finished(server, sent["request_url"])
            assert (status, answer["status"], answer["request_status"]) == (200, "ok", "complete")
            assert json.loads(answer["outputs"])[0]["text"] == "sent\n"
            await ada.sees(lambda: ada.printed("c0") == "sent\n")
            assert str(ada.cell("c0")["source"]) == "print('own')"
            for more in ({}, {"document_id": "json:notebook:gone"}):  # found by its path
                metadata = {"cell_id": "c0", "document_path": "a.ipynb", **more}
                code = f"print('by path', {more!r})"
                status, sent = await call(server, "POST", url, code=code, metadata=metadata)
                assert (status, sent["document_path"]) == (202, "a.ipynb")
                assert (await finished(server, sent["request_url"]))[1]["status"] == "ok"
                await ada.sees(lambda: ada.printed("c0") == f"by path {more!r}\n")  # noqa: B023
            gone = {"cell_id": "c0", "document_path": "gone.ipynb"}
            assert (await call(server, "POST", url, code="1", metadata=gone))[0] == 404
            metadata = {"cell_id": "c0", "document_id": room, "document_path": "a.ipynb"}
            # without a document it belongs to no cell
            status, sent = await call(server, "POST", url, code="1", metadata={"cell_id": "c0"})
            assert (status, sent["cell_id"]) == (202, "c0")
            assert (await finished(server, sent["request_url"]))[1]["cell_id"] is None
            status, snippet = await call(server, "POST", url, code="6 * 7")
            status, answer = await finished(server, snippet["request_url"])
            assert json.loads(answer["outputs"])[0]["data"] == {"text/plain": "42"}
            # input, and what waits behind it
            metadata["cell_id"] = "c1"
            _, asking = await call(server, "POST", url, code="input('who? ')", metadata=metadata)
            _, waiting = await call(server, "POST", url, code="print(1)")
            status, answer = await finished(server, asking["request_url"])
            assert (status, answer["input_request"]["prompt"]) == (300, "who? ")
            _, pending = await call(server, "GET", url)
            assert [each["request_status"] for each in pending["requests"]] == ["running", "queued"]
            status, _ = await call(server, "DELETE", waiting["request_url"].lstrip("/"))
            assert status == 204
            assert (await finished(server, waiting["request_url"]))[0] == 500
            assert (await finished(server, asking["request_url"]))[0] == 300
            status, _ = await call(server, "POST", f"api/kernels/{ada.kernel}/input", input="me")
            assert status == 201
            assert (await finished(server, asking["request_url"]))[1]["status"] == "ok"
            await ada.sees(lambda: ada.printed("c1") == "who?  me\n")
            _, asking = await call(server, "POST", url, code="input('again? ')", metadata=metadata)
            assert (await finished(server, asking["request_url"]))[0] == 300
            status, _ = await call(server, "DELETE", asking["request_url"].lstrip("/"))
            assert (status, (await finished(server, asking["request_url"]))[1]["status"]) == (
                204,
                "error",
            )
            # jupyter-server-documents
            cells = [{"cell_id": "c0", "source_hash": source_hash("print('own')")}]
            status, answer = await call(server, "POST", url, document_id=room, cells=cells)
            assert (status, answer) == (200, None)
            await ada.sees(lambda: ada.printed("c0") == "own\n")
            cells.append({"cell_id": "c2", "source_hash": "1"})
            status, answer = await call(server, "POST", url, document_id=room, cells=cells)
            assert (status, answer["error"], answer["cell_id"]) == (409, "source_mismatch", "c2")
            # what is wrong
            for body, expected in [
                ({"x": 1}, 400),
                ({"code": 1}, 400),
                ({"cells": [], "document_id": room}, 400),
                ({"cell_id": "gone", "document_id": room}, 400),
                ({"cell_id": "c0", "document_id": "text:file:1"}, 400),
                ({"cell_id": "c0", "document_id": "json:notebook:1"}, 404),
            ]:
                assert (await call(server, "POST", url, **body))[0] == expected, body
            unknown = "00000000-0000-0000-0000-000000000000"
            status, _ = await call(server, "POST", f"api/kernels/{unknown}/execute", code="1")
            assert status == 404
            route = f"api/kernels/{ada.kernel}/requests/{unknown}"
            assert (await call(server, "GET", route))[0] == 404

    run(test())


def test_http_needs_the_right_to_run_and_to_write(run: Any, guarded: Any) -> None:
    # [R9] [R11]
    async def test() -> None:
        async with guarded() as server:
            fixture = server.notebook_file("a.ipynb", [code_cell("print(1)", "c0")])
            rules = server.root / ".rules.json"
            rules.write_text('{"viewer": ["read", "execute"], "editor": ["read", "write"]}')
            room = room_of(await server.endpoint(fixture))
            url = f"api/kernels/{await kernel(server)}"
            cell = {"cell_id": "c0", "document_id": room}
            hashed = {"cell_id": "c0", "source_hash": source_hash("print(1)")}
            by_path = {"cell_id": "c0", "document_path": "a.ipynb"}
            bodies = [
                cell,
                {"code": "1", "metadata": cell},
                {"code": "1", "metadata": by_path},
                {"document_id": room, "cells": [hashed]},
            ]
            for person in ("viewer", "editor", "nobody"):
                for body in bodies:
                    route = f"{url}/execute"
                    assert await answer(server, person, "POST", route, json=body) == 403, body
            for person in ("editor", "nobody"):
                assert await answer(server, person, "GET", f"{url}/execute") == 403
                body = {"input": "x"}
                assert await answer(server, person, "POST", f"{url}/input", json=body) == 403
            assert await answer(server, "", "POST", f"{url}/execute", json=cell) == 403
            rules.write_text('{"editor": ["read", "write", "execute"]}')
            assert await answer(server, "editor", "POST", f"{url}/execute", json=cell) == 200

    run(test())


def test_what_a_user_saw_runs_although_it_is_edited_meanwhile(run: Any, guarded: Any) -> None:
    # [R11]
    async def test() -> None:
        async with guarded(authorizer="Slow") as server:
            fixture = server.notebook_file("a.ipynb", [code_cell("print('seen')", "c0")])
            rules = server.root / ".rules.json"
            rules.write_text('{"editor": ["read", "write", "execute"]}')
            ada = Runner(await server.member(fixture), await kernel(server))
            room = room_of(await server.endpoint(fixture))
            (server.root / ".hold").touch()
            cell = {"cell_id": "c0", "source_hash": source_hash("print('seen')")}
            sent = asyncio.create_task(
                call(
                    server,
                    "POST",
                    f"api/kernels/{ada.kernel}/execute",
                    document_id=room,
                    cells=[cell],
                )
            )
            asked = server.root / ".asked"
            await until(lambda: asked.exists() and asked.read_text() == "2")
            ada.cell("c0")["source"] += "; print('edited')"
            await ada.editor.ask("ack")  # after the edit
            (server.root / ".hold").unlink()
            assert await sent == (200, None)
            await ada.sees(lambda: ada.printed("c0") == "seen\n")

    run(test())


def test_the_list_of_requests_leaves_out_those_of_deleted_documents(
    run: Any, serving: Callable[..., Any]
) -> None:
    # [R11]
    async def test() -> None:
        extensions = {"jpserver_extensions": {"room_breaker": True}}
        async with serving(**QUICK, ServerApp=extensions) as server:
            fixture = server.notebook_file("a.ipynb", [code_cell("print(1); input('? ')", "c0")])
            ada = Runner(await server.member(fixture), await kernel(server))
            ada.start("c0")
            await ada.prompt("? ")
            url = f"api/kernels/{ada.kernel}/execute"
            (listed,) = (await call(server, "GET", url))[1]["requests"]
            assert listed["document_path"] == "a.ipynb"
            assert (await server.request("DELETE", "api/contents/a.ipynb"))[0] == 204
            assert (await server.request("POST", "api/break/failed"))[0] == 200
            empty = {"kernel_id": ada.kernel, "requests": []}
            assert await call(server, "GET", url) == (200, empty)

    run(test())


def test_a_kernel_behind_a_gateway_runs_cells(
    new_server: Callable[..., Server], serving: Any, run: Any
) -> None:
    # [R13]
    async def test() -> None:
        async with serving() as gateway:
            options = {
                **QUICK,
                "GatewayClient": {"url": gateway.base, "auth_token": gateway.token},
            }
            async with serving(**options) as server:
                sources = ["print(1)", "print(input('who? '))", "1/0", "print(2)"]
                cells = [code_cell(source, f"c{at}") for at, source in enumerate(sources)]
                fixture = server.notebook_file("a.ipynb", cells)
                ada = Runner(await server.member(fixture), await kernel(server))
                runs = ada.start("c0", "c1")
                prompt = await ada.prompt("who? ")
                body = json.dumps({"id": prompt["id"], "value": "ada"})
                assert (await ada.editor.ask(f"input {body}"))["status"] == "success"
                assert await ada.outcomes(runs) == ["ok", "ok"]
                await ada.sees(lambda: ada.printed("c1") == "who?  ada\nada\n")
                assert await ada.outcomes(ada.start("c2", "c3")) == ["error", "stopped"]
                runs = ada.start("c1", "c3")
                await ada.queued(2)
                await act(server, ada.kernel, "restart")
                assert await ada.outcomes(runs) == ["restarted"] * 2
                assert (await ada.run("c0"))["outcome"] == "ok"
                await ada.sees(ada.idle)

    run(test())


@pytest.mark.parametrize("when", ["before a cell runs", "while it runs"])
def test_a_kernel_that_its_gateway_removes_leaves_no_cell_running(
    serving: Any, run: Any, when: str
) -> None:
    # [R6] [R13]
    async def test() -> None:
        async with serving() as gateway:
            options = {**QUICK, "GatewayClient": {"url": gateway.base, "auth_token": gateway.token}}
            async with serving(**options) as server:
                sources = ["print(1)", "print('begun')\nimport time\ntime.sleep(600)", "2"]
                cells = [code_cell(source, f"c{at}") for at, source in enumerate(sources)]
                fixture = server.notebook_file("a.ipynb", cells)
                ada = Runner(await server.member(fixture), await kernel(server))
                assert (await ada.run("c0"))["outcome"] == "ok"
                runs = []
                if when == "while it runs":
                    runs = ada.start("c1", "c2")
                    await ada.sees(lambda: ada.printed("c1") == "begun\n")
                (found,) = json.loads((await gateway.request("GET", "api/kernels"))[1])
                url = f"api/kernels/{found['id']}"
                assert (await gateway.request("DELETE", url))[0] == 204  # as its culler does
                runs = runs or ada.start("c1", "c2")
                assert set(await ada.outcomes(runs)) <= {"died", "failed"}
                await ada.sees(ada.idle)
                assert (await ada.run("c0"))["outcome"] == "died"

    run(test())


def test_a_kernel_that_cannot_start_says_so(run: Any, running: Any, tmp_path: Any) -> None:
    # [R6]
    async def test() -> None:
        async with running("print(1)") as (server, _, ada):
            spec = server.folder / "home" / "data" / "kernels" / "broken"
            spec.mkdir(parents=True)
            argv = [sys.executable, "-c", "import no_such_module"]
            content = {"argv": argv, "display_name": "Broken", "language": "python"}
            (spec / "kernel.json").write_text(json.dumps(content))
            broken = Runner(ada.editor, await kernel(server, "broken"))
            reply = await broken.run("c0")
            assert reply["outcome"] == "died"
            assert "No module named 'no_such_module'" in reply["reason"]
            assert "No module named 'no_such_module'" in server.log()
            await ada.sees(ada.idle)

    run(test())


def test_a_server_that_stops_leaves_no_cell_running_and_each_line_once(
    run: Any, new_server: Callable[..., Server]
) -> None:
    # [R2] [R6]
    count = "import time\nfor i in range(1000):\n    print(i, flush=True)\n    time.sleep(0.02)"

    async def test() -> None:
        server = new_server(**QUICK)
        await server.start()
        fixture = server.notebook_file(
            "a.ipynb", [code_cell(count, "c0"), code_cell("print(2)", "c1")]
        )
        ada = Runner(await server.member(fixture), await kernel(server))
        runs = ada.start("c0", "c1")
        await ada.sees(lambda: ada.printed("c0").count("\n") > 5)
        await server.stop()
        assert await ada.outcomes(runs) == ["server_stopped"] * 2
        replica = ada.editor.doc.get_update()
        await server.start()
        endpoint = await server.endpoint(fixture)
        ada = Runner(await Editor.open_at(endpoint, replica), await kernel(server))
        lines = ada.printed("c0").split()
        assert lines == [str(at) for at in range(len(lines))] and len(ada.outputs("c0")) == 1
        assert ada.idle()
        await until(lambda: "".join(saved(server, 0)["outputs"][0]["text"]).split() == lines)
        await server.stop()

    run(test())


@pytest.mark.parametrize("loss", ["evicted", "failed", "store"])
def test_outputs_are_complete_although_the_room_closes(
    loss: str, run: Any, serving: Callable[..., Any]
) -> None:
    # [R2]
    asking = "print('before')\ninput()\nprint('after')"

    async def test() -> None:
        extensions = {"jpserver_extensions": {"room_breaker": True}}
        async with serving(**QUICK, ServerApp=extensions) as server:
            fixture = server.notebook_file("a.ipynb", [code_cell(asking, "c0")])
            ada = Runner(await server.member(fixture), await kernel(server))
            ada.start("c0")
            prompt = await ada.prompt("")
            await ada.sees(lambda: ada.printed("c0") == "before\n")
            status, text = await server.request("POST", f"api/break/{loss}")
            assert status == 200, text
            await ada.editor.socket.closed.wait()
            ada = Runner(await server.member(fixture), ada.kernel)
            await ada.sees(lambda: ada.printed("c0") == "before\n")
            await ada.sees(lambda: ada.cell("c0")["execution_state"] == "running")
            assert (await ada.prompt(""))["id"] == prompt["id"]
            body = json.dumps({"id": prompt["id"], "value": "x"})
            assert (await ada.editor.ask(f"input {body}"))["status"] == "success"
            await ada.sees(lambda: ada.printed("c0") == "before\n x\nafter\n")
            await ada.sees(ada.idle)
            assert len(ada.outputs("c0")) == 3
            await until(lambda: len(saved(server, 0)["outputs"]) == 3)

    run(test())


def test_an_error_stops_the_rest_whatever_the_kernel_does(run: Any, running: Any) -> None:
    # [R4]
    async def test() -> None:
        async with running("one", "fail", "two") as (server, _, ada):
            spec = server.folder / "home" / "data" / "kernels" / "plain"
            spec.mkdir(parents=True)
            argv = [sys.executable, "-m", "plain_kernel", "-f", "{connection_file}"]
            content = {"argv": argv, "display_name": "Plain", "language": "plain"}
            (spec / "kernel.json").write_text(json.dumps(content))
            plain = Runner(ada.editor, await kernel(server, "plain"))
            outcomes = await plain.outcomes(plain.start("c0", "c1", "c2"))
            assert outcomes == ["ok", "error", "stopped"]
            await plain.sees(plain.idle)
            assert plain.printed("c0") == "one\n" and plain.printed("c2") == ""
            assert (await plain.run("c2"))["outcome"] == "ok"

    run(test())
