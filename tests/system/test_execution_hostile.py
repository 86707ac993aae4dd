"""Kernels and clients that send what nobody expects: whatever it is, others go on. [M4] [M8]"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from jupyter_ydoc import YNotebook
from pycrdt import Map, Text
from running import QUICK, Runner, act, kernel, saved
from support import Editor, Server, code_cell, room_of

from rtcbench.client import Endpoint

LONE = "\ud800"
"""A lone surrogate, which is not valid Unicode."""

JUNK = r"""
import json
kernel = get_ipython().kernel
session = kernel.session
session.pack = lambda value: (
    value if isinstance(value, bytes) else json.dumps(value, default=str).encode()
)
def send(kind, content, **more):
    session.send(kernel.iopub_socket, kind, content, parent=kernel.get_parent(), **more)
"""

SENT = {
    "numbers for pictures": "send('display_data', {'data': {'image/png': 5}, 'metadata': 3})",
    "values that are not JSON": (
        "send('display_data', {'data': {'text/plain': None, 'x/y': [float('inf'), 10**400]}})"
    ),
    "text that is not Unicode": (
        "send('display_data', {'data': {'text/plain': '\\ud800', 'x/\\ud800': '\\udc00'}})"
    ),
    "lists for contents": (
        "send('display_data', b'[1]')\nsend('stream', b'[]')\nsend('error', b'null')"
    ),
    "text for contents": (
        "send('display_data', b'\"x\"')\nsend('comm_msg', b'\"x\"')\nsend('status', b'5')"
    ),
    "streams without text": "send('stream', {'name': 5})\nsend('stream', {'name': [], 'text': 1})",
    "streams whose names are not Unicode": "send('stream', {'name': '\\ud800', 'text': 'x'})",
    "states that are not Unicode": "send('status', {'execution_state': '\\ud800'})",
    "errors of other types": "send('error', {'ename': {}, 'evalue': [1], 'traceback': 4})",
    "too large numbers": (
        "send('execute_result', {'execution_count': 10**30, 'data': {'text/plain': 'x'}})"
    ),
    "strange displays": (
        "send('update_display_data', {'transient': {'display_id': []}})\n"
        "send('display_data', {'transient': {'display_id': {}}, 'data': []})\n"
        "send('clear_output', {'wait': 'x'})"
    ),
    "widgets with empty paths": (
        "state = {'state': {'a': 1}, 'buffer_paths': [[]]}\n"
        "for kind in ('comm_open', 'comm_msg'):\n"
        "    send(kind, {'comm_id': 'w', 'target_name': 'jupyter.widget', 'data': state},\n"
        "         buffers=[b'x'])"
    ),
    "widgets with other paths": (
        "state = {'state': {'a': 1}, 'buffer_paths': [5, [['a']], None, [None]]}\n"
        "for kind in ('comm_open', 'comm_msg'):\n"
        "    send(kind, {'comm_id': 'w', 'target_name': 'jupyter.widget', 'data': state},\n"
        "         buffers=[b'x'] * 4)"
    ),
    "deep contents": (
        "send('display_data', b'{\"data\": ' + b'[' * 100_000 + b']' * 100_000 + b'}')"
    ),
    "deep values": (
        "send('display_data', b'{\"data\": {\"x/y\": ' + b'[' * 400 + b']' * 400 + b'}}')"
    ),
    "a deep widget": (
        "deep = b'[' * 900 + b']' * 900\n"
        "for kind in ('comm_open', 'comm_msg'):\n"
        '    send(kind, b\'{"comm_id": "w", "target_name": "jupyter.widget", "data":\'\n'
        "         b' {\"state\": {\"a\": ' + deep + b'}}}')"
    ),
    "contents that are not JSON": "send('display_data', b'\\xff{')",
}
"""What a kernel sends."""


def test_what_a_kernel_sends_ends_no_run_of_others(run: Any, running: Any) -> None:
    # [R7]
    async def test() -> None:
        sources = [f"{JUNK}{sent}\nprint('after')" for sent in SENT.values()]
        async with running(*sources, members=2) as (server, _, ada, grace):
            for at, sent in enumerate(SENT):
                print(sent)
                own = ada.start(f"c{at}", recordTiming=True)
                others = grace.start(f"c{at}", recordTiming=True)
                assert await ada.outcomes(own) == ["ok"], sent
                assert await grace.outcomes(others) == ["ok"], sent
                assert (await grace.editor.ask("ack"))["type"] == "ack"
                assert grace.printed(f"c{at}").endswith("after\n"), sent
                assert "Lost the connection" not in server.log(), sent
            await grace.sees(grace.idle)
            assert (await ada.editor.ask("save"))["status"] in ("success", "skipped")
            assert saved(server, 1)["execution_count"] == 4
            status, text = await server.request("GET", f"api/collaboration/widgets/{ada.kernel}")
            assert status == 200 and isinstance(json.loads(text), list)
            assert "[E " not in server.log()

    run(test())


def test_a_kernel_that_is_faster_than_the_server_loses_no_output(run: Any, running: Any) -> None:
    # [R7]
    flood = (
        f"{JUNK}parent = kernel.get_parent()\n"
        "def packed(at):\n"
        "    content = {'name': 'stdout', 'text': f'{at}\\n'}\n"
        "    return session.serialize(session.msg('stream', content, parent=parent), b'stream')\n"
        # What it has not sent yet is dropped by itself beyond a limit.
        "import time, zmq\n"
        "thread = kernel.iopub_thread\n"
        "thread.schedule(lambda: thread.socket.set(zmq.SNDHWM, 5_000))\n"
        "for at, parts in enumerate([packed(at) for at in range(30_000)]):\n"
        "    kernel.iopub_socket.send_multipart(parts)\n"
        "    if at % 20 == 0: time.sleep(0.002)"
    )

    async def test() -> None:
        async with running(flood, "print(1)") as (server, _, ada):
            assert await ada.outcomes(ada.start("c0", "c1")) == ["ok", "ok"]
            printed = "".join(f"{at}\n" for at in range(30_000))
            await ada.sees(lambda: ada.printed("c0") == printed)
            assert "did not publish" not in server.log()

    run(test())


REPLIES = {
    "ok": "{'status': 'ok', 'execution_count': 10**30, 'payload': 5}",
    "error": "{'status': 'error', 'ename': [], 'evalue': {}, 'execution_count': -1}",
    "failed": "[5]",
}
"""What a kernel replies, by the outcome of the run."""


def test_strange_replies_end_only_their_own_runs(run: Any, running: Any) -> None:
    # [R7]
    sources = [
        f"{JUNK}usual = session.send\n"
        "def strange(stream, kind, content=None, *more, **options):\n"
        "    if kind == 'execute_reply':\n"
        f"        session.send, content = usual, json.dumps({reply}).encode()\n"
        "    return usual(stream, kind, content, *more, **options)\n"
        "session.send = strange"
        for reply in REPLIES.values()
    ]

    async def test() -> None:
        async with running(*sources, "print(1)", members=2) as (server, _, ada, grace):
            for at, outcome in enumerate(REPLIES):
                own, others = ada.start(f"c{at}"), grace.start("c3")
                assert await ada.outcomes(own) == [outcome]
                assert await grace.outcomes(others) == ["ok"]
            await grace.sees(grace.idle)
            assert grace.printed("c3") == "1\n"
            assert "[E " not in server.log()

    run(test())


def test_next_inputs_and_answers_that_are_not_unicode_end_nothing(run: Any, running: Any) -> None:
    # [R7] [R10]
    payload = "[{'source': 'set_next_input', 'text': 'x = \\ud800', 'replace': False}]"
    strange = (
        f"{JUNK}get_ipython().payload_manager.write_payload({payload}[0])\n"
        "send('error', {'ename': '\\ud800', 'evalue': '\\ud800', 'traceback': ['\\ud800']})"
    )

    async def test() -> None:
        asks = "print(repr(input('\\ud800 who? ')))"
        async with running(strange, asks, "print(3)", members=2) as (server, _, ada, grace):
            assert await ada.outcomes(ada.start("c0", deletedCells=[LONE])) == ["ok"]
            own, others = ada.start("c1", deletedCells=[LONE, 5, None]), grace.start("c2")
            prompt = await grace.prompt("\ufffd who? ")
            answer = json.dumps({"id": prompt["id"], "value": f"a{LONE}b"})
            assert (await grace.editor.ask(f"input {answer}"))["status"] == "success"
            assert await ada.outcomes(own) == ["ok"]
            assert await grace.outcomes(others) == ["ok"]
            await grace.sees(lambda: grace.printed("c1").endswith("'a\ufffdb'\n"))
            await grace.sees(lambda: len(grace.editor.cells) == 4)
            assert str(grace.editor.cells[1]["source"]) == "x = \ufffd"
            assert "[E " not in server.log()

    run(test())


MALFORMED = [
    {"id": LONE, "cell": "c0"},
    {"id": "x" * 65, "cell": "c0"},
    {"id": 10**400, "cell": "c0"},
    {"id": {"a": 1}, "cell": "c0"},
    {"id": "1", "cell": LONE},
    {"id": "1", "cell": ["c0"]},
    {"id": "1", "cell": "c0", "kernel": LONE},
    {"id": "1", "cell": "c0", "kernel": 7},
    {"id": "1", "cell": "c0", "kernel": "../../etc"},
    {"id": "1"},
    {},
]
"""Arguments of run requests that are refused."""

RAW = ["[" * 100_000, "null", "1", '"x"', "{", '{"id": ' + "9" * 5_000 + "}", "[]", ""]
"""Arguments that are no objects, or no JSON."""


def test_malformed_requests_on_the_socket_are_refused(run: Any, running: Any) -> None:
    # [R9] [M8]
    async def test() -> None:
        async with running("print(1)", "2", members=2) as (server, _, ada, grace):
            raw = [json.dumps({"kernel": ada.kernel, **body}) for body in MALFORMED] + RAW
            for name in ("run", "cancel", "input"):
                for argument in raw:
                    reply = await ada.editor.ask(f"{name} {argument}")
                    assert reply["status"] == "failed", (name, argument[:80])
            # What is optional is ignored if it has another type.
            for more in ({"deletedCells": 5}, {"deletedCells": {"a": 1}}, {"recordTiming": "x"}):
                assert (await ada.run("c0", **more))["outcome"] == "ok"
            assert (await grace.run("c1"))["outcome"] == "ok"
            assert "[E " not in server.log()

    run(test())


def test_malformed_bodies_over_http_are_refused(run: Any, running: Any) -> None:
    # [R11]
    async def test() -> None:
        async with running("print(1)") as (server, fixture, ada):
            room = room_of(await server.endpoint(fixture))
            base = f"api/kernels/{ada.kernel}"
            texts = [
                *RAW,
                json.dumps({"code": LONE}),
                json.dumps({"code": {"a": 1}}),
                json.dumps({"code": "1", "metadata": [1]}),
                json.dumps({"code": "1", "metadata": {"cell_id": ["c0"]}}),
                json.dumps({"code": "1", "metadata": {"cell_id": "c0", "document_path": 5}}),
                json.dumps({"code": "1", "metadata": {"cell_id": "c0", "document_id": LONE}}),
                json.dumps({"cell_id": 5, "document_id": room}),
                json.dumps({"cell_id": "c0", "document_id": "x" * 10_000}),
                json.dumps({"cell_id": "c0", "document_id": {"a": 1}}),
                json.dumps({"cells": {"a": 1}, "document_id": room}),
                json.dumps({"cells": [1], "document_id": room}),
                json.dumps({"cells": [{}], "document_id": room}),
                json.dumps({"cells": [{"cell_id": "c0", "source_hash": 5}], "document_id": room}),
                json.dumps({"cells": [{"cell_id": "c0"}] * 1_001, "document_id": room}),
                json.dumps({"cells": [{"cell_id": LONE}], "document_id": room}),
            ]
            for text in texts:
                for route in ("execute", "input"):
                    status, answer = await server.request("POST", f"{base}/{route}", data=text)
                    assert status == 400, (route, text[:80], status, answer[:200])
            status, _ = await server.request("POST", f"{base}/execute", data=b"\xff\xfe{}")
            assert status == 400
            for name in ("%ff", "a%00b", "x" * 5_000, "..%2f..", "%25s%25d"):
                for method in ("GET", "DELETE"):
                    status, _ = await server.request(method, f"{base}/requests/{name}")
                    assert status in (400, 404), (method, name, status)
            assert (await ada.run("c0"))["outcome"] == "ok"
            assert "[E " not in server.log()

    run(test())


def test_deletes_of_requests_that_ended_or_are_elsewhere_change_nothing(
    run: Any, running: Any
) -> None:
    # [R11]
    async def test() -> None:
        async with running("import time; time.sleep(60)", "print(1)") as (server, _, ada):
            url = f"api/kernels/{ada.kernel}"
            _status, text = await server.request("POST", f"{url}/execute", json={"code": "1"})
            ended = json.loads(text)["request_id"]
            while (await server.request("GET", f"{url}/requests/{ended}"))[0] != 200:
                await asyncio.sleep(0.05)
            numbers = ada.start("c0", "c1")
            await ada.queue(
                lambda queue: [each["state"] for each in queue["runs"]][:1] == ["running"]
            )
            assert (await server.request("DELETE", f"{url}/requests/{ended}"))[0] == 204
            other = await kernel(server)
            running_id = ada.editor.replies[-1]["runs"][0]["id"]
            foreign = f"api/kernels/{other}/requests/{running_id}"
            assert (await server.request("DELETE", foreign))[0] == 404
            assert (await server.request("GET", foreign))[0] == 404
            states = [each["state"] for each in ada.editor.replies[-1]["runs"]]
            assert states == ["running", "waiting"]
            await act(server, ada.kernel, "interrupt")
            assert await ada.outcomes(numbers) == ["error", "interrupted"]

    run(test())


@pytest.mark.parametrize("end", ["", "print('end')"])
def test_outputs_of_others_never_count_as_those_of_the_run(
    run: Any, guarded: Any, end: str
) -> None:
    # [R7] [V10]
    async def test() -> None:
        async with guarded() as server:
            rules = {"editor": ["read", "write", "execute"], "viewer": ["read", "write"]}
            (server.root / ".rules.json").write_text(json.dumps(rules))
            source = f"display('right')\n{end}\ninput()"
            fixture = server.notebook_file("a.ipynb", [code_cell(source, "c0")])
            endpoint = await server.endpoint(fixture)
            ada = Runner(await server.member(fixture), await kernel(server))
            url = endpoint.url.replace(f"token={server.token}", "token=viewer")
            eve = Runner(await Editor.open_at(Endpoint(url)), ada.kernel)
            runs = ada.start("c0")
            prompt = await ada.prompt("")
            right = ada.outputs("c0")
            assert len(right) == (2 if end else 1)
            await eve.sees(lambda: eve.outputs("c0") == right)
            wrong = {"output_type": "display_data", "metadata": {}}
            outputs = eve.cell("c0")["outputs"]
            with eve.editor.doc.transaction():
                del outputs[0]
                outputs.insert(0, Map({**wrong, "data": {"text/html": "<script>wrong</script>"}}))
            await eve.editor.ask("ack")
            await ada.editor.ask(f"input {json.dumps({'id': prompt['id'], 'value': ''})}")
            assert await ada.outcomes(runs) == ["ok"]
            await eve.sees(lambda: eve.outputs("c0")[: len(right)] == right)
            assert ada.cell("c0")["metadata"].to_py() == {"trusted": True}
            assert (await ada.editor.ask("save"))["status"] in ("success", "skipped")
            assert "script" not in server.read("a.ipynb")

    run(test())


def test_a_cell_that_loses_its_code_while_it_waits_does_not_run(run: Any, running: Any) -> None:
    # [R5]
    async def test() -> None:
        sources = ("input()", "x = 'ran'", "print('x' in globals())")
        async with running(*sources) as (_server, _, ada):
            runs = ada.start("c0", "c1", "c2")
            prompt = await ada.prompt("")
            text = {"id": "c1", "cell_type": "markdown"}
            with ada.editor.doc.transaction():
                del ada.editor.cells[1]
                new = Map({**text, "source": Text("x = 'ran'"), "metadata": Map({})})
                ada.editor.cells.insert(1, new)
            await ada.editor.ask("ack")
            await ada.editor.ask(f"input {json.dumps({'id': prompt['id'], 'value': ''})}")
            assert await ada.outcomes(runs) == ["ok", "cell_deleted", "ok"]
            await ada.sees(lambda: ada.printed("c2") == "False\n")

    run(test())


def test_a_cell_that_is_deleted_while_it_waits_does_not_run(run: Any, running: Any) -> None:
    # [R5]
    async def test() -> None:
        sources = ("input()", "x = 'ran'", "print('x' in globals())")
        async with running(*sources, members=2) as (_server, _, ada, grace):
            runs = ada.start("c0", "c1", "c2")
            prompt = await grace.prompt("")
            del grace.editor.cells[1]
            await grace.editor.ask("ack")
            body = json.dumps({"id": prompt["id"], "value": ""})
            await grace.editor.ask(f"input {body}")
            assert await ada.outcomes(runs) == ["ok", "cell_deleted", "ok"]
            await grace.sees(lambda: grace.printed("c2") == "False\n")
            assert "deleted" in (await ada.reply(runs[1]))["reason"]

    run(test())


def test_a_cell_that_is_deleted_while_it_runs_runs_to_its_end(run: Any, running: Any) -> None:
    # [R2]
    async def test() -> None:
        sources = ("input()\nx = 'ran'\nprint(x)", "print(x)")
        async with running(*sources, members=2) as (server, _, ada, grace):
            runs = ada.start("c0", "c1")
            prompt = await grace.prompt("")
            del grace.editor.cells[0]
            await grace.editor.ask("ack")
            # The question is still there for who has to answer it.
            assert (await server.request("GET", f"api/kernels/{ada.kernel}/execute"))[0] == 200
            body = json.dumps({"id": prompt["id"], "value": ""})
            assert (await grace.editor.ask(f"input {body}"))["status"] == "success"
            assert await ada.outcomes(runs) == ["ok", "ok"]
            await grace.sees(lambda: grace.printed("c1") == "ran\n")

    run(test())


def test_displays_of_cells_that_were_deleted_moved_or_duplicated(run: Any, running: Any) -> None:
    # [R7]
    async def test() -> None:
        show = "display('first', display_id='x');"
        update = "display('then', display_id='x', update=True);"
        async with running(show, show, show, update, members=2) as (server, _, ada, grace):
            other = server.notebook_file("b.ipynb", [code_cell(show, "d0")])
            alan = Runner(await server.member(other), ada.kernel)
            assert await ada.outcomes(ada.start("c0", "c1", "c2")) == ["ok"] * 3
            assert (await alan.run("d0"))["outcome"] == "ok"
            await grace.sees(lambda: bool(grace.outputs("c2")))
            moved = grace.cell("c1").to_py()
            copied = {**grace.cell("c2").to_py(), "id": "copy"}
            cells = grace.editor.cells
            with grace.editor.doc.transaction():
                del cells[0:2]
                cells.append(YNotebook().create_ycell(moved))
                cells.append(YNotebook().create_ycell(copied))
            await grace.editor.ask("ack")
            assert (await ada.run("c3"))["outcome"] == "ok"
            for person, name in ((grace, "c1"), (grace, "c2"), (alan, "d0")):

                def updated(person: Runner = person, name: str = name) -> bool:
                    data = {"text/plain": "'then'"}
                    return [each.get("data") for each in person.outputs(name)] == [data]

                await person.sees(updated)
            assert grace.outputs("copy")[0]["data"] == {"text/plain": "'first'"}
            assert "[E " not in server.log()

    run(test())


def test_a_clear_that_waits_for_an_output_that_never_comes(run: Any, running: Any) -> None:
    # [R7]
    async def test() -> None:
        clear = "from IPython.display import clear_output\nprint('stays')\nclear_output(wait=True)"
        async with running(clear, "print(2)") as (_server, _, ada):
            assert await ada.outcomes(ada.start("c0", "c1")) == ["ok", "ok"]
            await ada.sees(lambda: ada.printed("c1") == "2\n")
            assert ada.printed("c0") == "stays\n"
            assert await ada.outcomes(ada.start("c0")) == ["ok"]
            await ada.sees(lambda: ada.cell("c0")["execution_count"] == 3)
            assert ada.printed("c0") == "stays\n" and len(ada.outputs("c0")) == 1

    run(test())


def test_a_restart_ends_what_waits_in_two_documents(run: Any, running: Any) -> None:
    # [R3] [R6]
    async def test() -> None:
        async with running("input('one? ')", "print(1)") as (server, _, ada):
            other = server.notebook_file(
                "b.ipynb", [code_cell("input('two? ')", "d0"), code_cell("print(2)", "d1")]
            )
            alan = Runner(await server.member(other), ada.kernel)
            own = ada.start("c0")
            prompt = await ada.prompt("one? ")
            others = alan.start("d0", "d1")
            own += ada.start("c1")
            # Of another document's prompt, others see that something runs, and no more.
            seen = await alan.queue(lambda queue: len(queue["runs"]) == 4)
            assert "input" not in seen["runs"][0] and seen["runs"][0]["cell"] is None
            answer = json.dumps({"id": prompt["id"], "value": ""})
            assert (await alan.editor.ask(f"input {answer}"))["status"] == "failed"
            assert (await ada.editor.ask(f"input {answer}"))["status"] == "success"
            await alan.prompt("two? ")
            await act(server, ada.kernel, "restart")
            assert await ada.outcomes(own) == ["ok", "restarted"]
            assert await alan.outcomes(others) == ["restarted"] * 2
            for person in (ada, alan):
                await person.sees(person.idle)
                ended = await person.editor.reply(lambda reply: reply.get("type") == "runs_ended")
                assert ended["outcome"] == "restarted"
            assert (await alan.run("d1"))["outcome"] == "ok"

    run(test())


def test_interrupts_and_restarts_at_any_moment_leave_nothing_running(
    run: Any, running: Any
) -> None:
    # [R4] [R6]
    async def test() -> None:
        sources = ("print(1)", "import time; time.sleep(0.01)", "print(3)")
        async with running(*sources, members=2) as (server, _, ada, grace):
            assert (await ada.run("c0"))["outcome"] == "ok"
            possible = {"ok", "error", "interrupted", "stopped"}
            for at in range(15):
                numbers = ada.start("c0", "c1", "c2", "c0")
                if at % 3:
                    await ada.reply(numbers[at % 3 - 1])  # in the moment in which it ends
                await act(server, ada.kernel, "interrupt")
                others = grace.start("c2")
                seen = {*await ada.outcomes(numbers), *await grace.outcomes(others)}
                if "died" in seen:
                    # ipykernel ends if the signal arrives between two steps of its event loop.
                    assert "KernelRestarter: restarting kernel" in server.log()
                    await ada.sees(ada.idle)
                assert seen <= {*possible, "died"}
            for _ in range(3):
                numbers = [*ada.start("c0", "c1"), *grace.start("c2")]
                # One at a time: of two at the same moment, the new kernels fight for their ports.
                status, _ = await server.request("POST", f"api/kernels/{ada.kernel}/restart")
                assert status == 200
                assert set(await ada.outcomes(numbers[:2])) <= {"ok", "restarted"}
                assert set(await grace.outcomes(numbers[2:])) <= {"ok", "restarted"}
            assert await ada.outcomes(ada.start("c0", "c2")) == ["ok", "ok"]
            for person in (ada, grace):
                await person.sees(person.idle)

    run(test())


def test_an_answer_while_the_page_of_the_asker_is_away_reaches_the_code(
    run: Any, running: Any
) -> None:
    # [R2] [R10]
    async def test() -> None:
        async with running("print('said', input('who? '))", members=2) as (
            server,
            fixture,
            ada,
            grace,
        ):
            request = ada.request("c0")
            ada.editor.post(request)
            prompt = await grace.prompt("who? ")
            ada.editor.socket.abort()
            answer = json.dumps({"id": prompt["id"], "value": "grace"})
            assert (await grace.editor.ask(f"input {answer}"))["status"] == "success"
            again = Runner(await server.member(fixture), ada.kernel)
            assert (await again.editor.ask(request))["outcome"] == "ok"
            await again.sees(lambda: again.printed("c0") == "who?  grace\nsaid grace\n")
            late = await again.editor.ask(f"input {answer}")
            assert late["reason"] == "It was answered already."
            await again.sees(again.idle)

    run(test())


def test_a_gateway_that_goes_away_and_comes_back(
    new_server: Callable[..., Server], serving: Any, run: Any
) -> None:
    # [R6] [R13]
    async def test() -> None:
        gateway = new_server()
        await gateway.start()
        options = {**QUICK, "GatewayClient": {"url": gateway.base, "auth_token": gateway.token}}
        async with serving(**options) as server:
            cells = [code_cell("print(1)\ninput('? ')", "c0"), code_cell("print(2)", "c1")]
            fixture = server.notebook_file("a.ipynb", cells)
            ada = Runner(await server.member(fixture), await kernel(server))
            numbers = ada.start("c0", "c1")
            await ada.prompt("? ")
            await gateway.stop()
            outcomes = await ada.outcomes(numbers)
            assert outcomes == ["died", "died"], outcomes
            await ada.sees(ada.idle)
            assert ada.printed("c0") == "1\n"
            await gateway.start()
            ada = Runner(ada.editor, await kernel(server))
            assert (await ada.run("c1"))["outcome"] == "ok"
        await gateway.stop()

    run(test())
