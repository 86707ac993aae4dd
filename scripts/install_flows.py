"""Run the commands of docs/installation.md, each way in an environment of its own. [C3]

    python scripts/install_flows.py [all|pip|config|constraints|uv|project|eager|after ...]

After each, our files have to be whole, and the packages have to fit together. Where others replace
our files, JupyterLab has to start, and what its log says has to put it right.
"""

import json
import os
import re
import secrets
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import zipfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "build" / "installs"
PAGE = (ROOT / "docs" / "installation.md").read_text(encoding="utf-8")
(OURS,) = (ROOT / "dist").glob("jupyter_collaboration-5*.whl")
EARLIER = "jupyter-collaboration-ui jupyter-docprovider jupyter-server-ydoc"
LINKS = f"--find-links {ROOT / 'dist'}"
LIMIT = 180
"""Seconds that JupyterLab may take to start; machines of tests are busy."""

EXCLUDES_OURS = "jupytergis==0.15.0"
"""An extension that requires jupyter-collaboration<5."""

CHECK = """
import jupyterlab  # as the published package, ours brings it

from jupyter_collaboration import __version__
from jupyter_collaboration.install_check import find_problems

found = find_problems()
assert found.is_clean, found.message
print("   ", __version__, "is whole")
"""


def blocks(section: str, language: str) -> list[str]:
    """The examples of a section in a language, with the folder of the wheels in its place."""
    (text,) = re.findall(rf"^## {section}$(.*?)(?=^## |\Z)", PAGE, re.M | re.S)
    found = re.findall(rf"^```{language}\n(.*?)^```", text, re.M | re.S)
    return [each.replace("/path/to/dist", str(ROOT / "dist")) for each in found]


class Environment:
    """A fresh environment, whose commands come first."""

    def __init__(self, name: str) -> None:
        self.folder = FOLDER / name
        subprocess.run([ROOT / "scripts" / "make-venv", self.folder], check=True)
        self.bin = self.folder / "bin"
        self.env = {**os.environ, "PYTHONPATH": ""}
        self.env["PATH"] = f"{self.bin}{os.pathsep}{os.environ['PATH']}"
        self.env["VIRTUAL_ENV"] = str(self.folder)

    def run(self, script: str, cwd: Path = ROOT) -> str:
        """Run a script of the documentation as it stands there, and return what it says."""
        print("    " + script.strip().replace("\n", "\n    "), flush=True)
        return self.output("bash", "-ec", script, cwd=cwd)

    def output(self, *command: str, fails: bool = False, cwd: Path = ROOT) -> str:
        """What a command says, which has to fail or not."""
        done = subprocess.run(command, env=self.env, cwd=cwd, capture_output=True, text=True)
        if (done.returncode != 0) is not fails:
            raise RuntimeError(f"{command}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def check(self, *checking: str) -> None:
        """Check that our files are whole, and that all packages fit together."""
        python = str(self.bin / "python")
        print(self.output(python, "-c", CHECK, cwd=self.folder).rstrip(), flush=True)
        self.output(*(checking or (python, "-m", "pip", "check")))

    def without_links(self) -> None:
        """Forget the folders of wheels that this machine has for itself."""
        self.env.pop("PIP_FIND_LINKS", None)  # pip prefers it to what is configured
        self.env.pop("UV_FIND_LINKS", None)

    def check_started(self) -> tuple[str, str]:
        """Start JupyterLab with our server and front end: what the page and the log say."""
        with tempfile.TemporaryDirectory() as name, Lab(self, Path(name)) as lab:
            page, session, log = lab.page(), lab.session(), lab.log.read_text()
        found = {each["name"]: each["load"] for each in page["federated_extensions"]}
        entry = found.get("@jupyter/collaboration-extension", "")
        with zipfile.ZipFile(OURS) as wheel:
            names = [name for name in wheel.namelist() if entry and name.endswith(entry)]
        if not names:
            raise RuntimeError(f"The page does not load our front end: {found}")
        if "@jupyter/docprovider-extension" in found:
            raise RuntimeError("The page loads two front ends")
        if "maxMessageBytes" not in session:
            raise RuntimeError(f"Another server answers: {session}")
        return page.get("collaborationInstallationRepair", ""), log


class Lab:
    """JupyterLab in an environment, with a folder of its own."""

    def __init__(self, made: Environment, folder: Path) -> None:
        self.log = folder / "log"
        (folder / "a.txt").write_text("one\n")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self._address = f"http://127.0.0.1:{port}"
        self._token = secrets.token_hex()
        command = [made.bin / "python", "-m", "jupyterlab", "--no-browser", "--allow-root"]
        command += ["--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}"]
        command += ["--ServerApp.port_retries=0", f"--IdentityProvider.token={self._token}"]
        env = {key: value for key, value in made.env.items() if not key.startswith("JUPYTER")}
        env |= {f"JUPYTER_{each}_DIR": str(folder / each) for each in ("CONFIG", "RUNTIME")}
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(command, cwd=folder, env=env, stdout=log, stderr=log)

    def __enter__(self) -> "Lab":
        deadline = time.monotonic() + LIMIT
        while True:
            try:
                self._ask("api/status")
                return self
            except OSError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    self.__exit__()
                    raise RuntimeError(self.log.read_text()) from None
                time.sleep(0.1)

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(LIMIT)

    def page(self) -> dict[str, Any]:
        """The configuration of JupyterLab's page."""
        found = re.search(
            r'<script id="jupyter-config-data"[^>]*>(.*?)</script>', self._ask("lab"), re.S
        )
        assert found
        return dict(json.loads(found[1]))

    def session(self) -> dict[str, Any]:
        """The session of a file."""
        body = json.dumps({"format": "text", "type": "file"}).encode()
        return dict(json.loads(self._ask("api/collaboration/session/a.txt", "PUT", body)))

    def _ask(self, path: str, method: str = "GET", body: bytes | None = None) -> str:
        request = urllib.request.Request(f"{self._address}/{path}", body, method=method)
        request.add_header("Authorization", f"token {self._token}")
        with urllib.request.urlopen(request, timeout=LIMIT) as answer:
            return str(answer.read(), "utf-8")


def all_wheels() -> None:
    made = Environment("all")
    made.without_links()
    (command,) = blocks("In short", "bash")
    made.run(command)
    made.check()
    # Whatever is installed later leaves ours whole, although nothing names the folder.
    made.run(f"pip install {EARLIER}")
    made.run("pip install jupytercad 'jupyter-server-nbmodel[lab]'")
    made.check()
    made.run("pip install -U --upgrade-strategy eager jupytercad 'jupyter-server-nbmodel[lab]'")
    made.check()
    made.run("pip install uv")
    made.run("uv pip install -U jupytercad 'jupyter-server-nbmodel[lab]'")
    made.check()
    made.check("uv", "pip", "check")


def with_pip() -> None:
    made = Environment("pip")
    made.run(blocks("pip", "bash")[0])
    made.check()


def eager_upgrades() -> None:
    extension = "'jupyter-server-nbmodel[lab]'"
    made = Environment("eager")
    made.without_links()
    made.run(f"pip install {OURS}")
    made.run(f"pip install {LINKS} {extension}")
    made.check()
    made.run(f"pip install -U --upgrade-strategy eager {LINKS} {extension}")
    made.check()
    made = Environment("eager-uv")
    made.without_links()
    made.run("pip install uv")
    made.run(f"uv pip install {OURS}")
    made.run(f"uv pip install {LINKS} {extension}")
    made.check("uv", "pip", "check")
    made.run(f"uv pip install -U {LINKS} {extension}")
    made.check("uv", "pip", "check")


def replaced_afterwards() -> None:
    """Somebody who has our wheel alone installs the published parts over it. [E8]"""
    for installer in ("pip", "uv pip"):
        made = Environment("after" if installer == "pip" else "after-uv")
        made.without_links()
        if installer != "pip":
            made.run("pip install uv")
        made.run(f"{installer} install {OURS}")
        if made.check_started()[0]:
            raise RuntimeError("The page has a message although nothing is wrong")
        said = made.run(f"{installer} install {EARLIER}")
        # That is all: it says nothing of the files that it replaced, and finds nothing wrong.
        installed = re.findall(r"^(?:Successfully installed .*| \+ .*)$", said, re.M)
        print("    said:", *installed, flush=True)
        made.output(*f"{installer} check".split())
        message, log = made.check_started()
        if not message or message not in log:
            raise RuntimeError(f"The log and the page do not say what is wrong: {message}\n{log}")
        cure = message.partition("To put this right, run: ")[2]
        made.run(cure)
        made.check(*f"{installer} check".split())
        if made.check_started()[0]:
            raise RuntimeError("The page still has a message")


def with_config() -> None:
    made = Environment("config")
    made.without_links()
    made.run(blocks("pip", "bash")[1])
    made.run("pip install jupyter-collaboration 'jupyter-server-nbmodel[lab]'")
    made.check()


def with_constraints() -> None:
    made = Environment("constraints")
    constraints = made.folder / "constraints.txt"
    constraints.write_text(blocks("pip", "text")[0])
    (command,) = [each for each in blocks("pip", "bash") if "--constraint" in each]
    command = command.replace("constraints.txt", str(constraints))
    made.run(command.replace("an-extension", "'jupyter-server-nbmodel[lab]'"))
    made.check()
    # Without the constraints, pip would replace ours, and says so if it is asked.
    pip = [str(made.bin / "python"), "-m", "pip", "install"]
    would = made.output(*pip, "--dry-run", EXCLUDES_OURS)
    if not re.search(r"Would install .*jupyter-collaboration-[1-4]\.", would):
        raise RuntimeError(f"{EXCLUDES_OURS} does not replace ours any more:\n{would}")
    refused = made.output(*pip, "--constraint", str(constraints), EXCLUDES_OURS, fails=True)
    if "jupyter-collaboration" not in refused:
        raise RuntimeError(f"pip does not say why:\n{refused}")
    made.check()


def with_uv() -> None:
    made = Environment("uv")
    made.run("pip install uv")
    made.run(blocks("uv", "bash")[0])
    made.check("uv", "pip", "check")


def in_a_uv_project() -> None:
    made = Environment("uv-project")
    made.run("pip install uv")
    project = made.folder / "project"
    project.mkdir()
    (project / "pyproject.toml").write_text(
        '[project]\nname = "analysis"\nversion = "1"\nrequires-python = ">=3.10"\n'
        'dependencies = ["jupyter-collaboration", "jupyter-server-nbmodel[lab]"]\n'
        f"{blocks('uv', 'toml')[0]}"
    )
    del made.env["VIRTUAL_ENV"]
    made.run(f"uv sync --quiet --python {sys.executable}", cwd=project)
    made.bin = project / ".venv" / "bin"
    made.check("uv", "pip", "check", "--python", str(made.bin / "python"))


FLOWS = {
    "all": all_wheels,
    "pip": with_pip,
    "config": with_config,
    "constraints": with_constraints,
    "uv": with_uv,
    "project": in_a_uv_project,
    "eager": eager_upgrades,
    "after": replaced_afterwards,
}

if __name__ == "__main__":
    for name in sys.argv[1:] or FLOWS:
        FLOWS[name]()
