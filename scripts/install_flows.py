"""Run the commands of docs/installation.md, each way in an environment of its own. [C3]

    python scripts/install_flows.py [pip|config|constraints|uv|project ...]

After each, our files have to be whole, and the packages have to fit together.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "build" / "installs"
PAGE = (ROOT / "docs" / "installation.md").read_text(encoding="utf-8")
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

    def run(self, script: str, cwd: Path = ROOT) -> None:
        """Run a script of the documentation as it stands there."""
        print("    " + script.strip().replace("\n", "\n    "), flush=True)
        self.output("bash", "-ec", script, cwd=cwd)

    def output(self, *command: str, fails: bool = False, cwd: Path = ROOT) -> str:
        """What a command says, which has to fail or not."""
        done = subprocess.run(command, env=self.env, cwd=cwd, capture_output=True, text=True)
        if (done.returncode != 0) is not fails:
            raise RuntimeError(f"{command}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def check(self, *checking: str) -> None:
        """Check that our files are whole, and that all packages fit together."""
        python = str(self.bin / "python")
        print(self.output(python, "-c", CHECK).rstrip(), flush=True)
        self.output(*(checking or (python, "-m", "pip", "check")))


def with_pip() -> None:
    made = Environment("pip")
    made.run(blocks("pip", "bash")[0])
    made.check()


def with_config() -> None:
    made = Environment("config")
    made.env.pop("PIP_FIND_LINKS", None)  # pip prefers it to what is configured
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
    "pip": with_pip,
    "config": with_config,
    "constraints": with_constraints,
    "uv": with_uv,
    "project": in_a_uv_project,
}

if __name__ == "__main__":
    for name in sys.argv[1:] or FLOWS:
        FLOWS[name]()
