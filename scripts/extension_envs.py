"""Create the environments of `make test-extensions`: the built wheels, and what others publish.

    python scripts/extension_envs.py [NAME ...]

Each environment is made by the commands that users run, and made anew if the wheels or its steps
have changed. After the last step, `pip check` has to be clean.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "build" / "extensions"
WHEELS = sorted((ROOT / "dist").glob("*.whl"))

OURS = next(str(path) for path in WHEELS if path.name.startswith("jupyter_collaboration-5"))
JUPYTER = ["jupyterlab>=4.6,<5", "notebook>=7.6,<8", "ipykernel"]
LINKS = ["--find-links", str(ROOT / "dist")]
PROXY = "configurable-http-proxy@5"
PEER_VERSION = "5.0.4"
PUBLISHED = ["jupyter-server-ydoc==3.0.4", "jupyter-docprovider==3.0.4"]
PUBLISHED_UI = "jupyter-collaboration-ui==3.0.4"

ENVIRONMENTS: dict[str, list[list[str]]] = {
    # The one that is also tested by `make test`.
    "chat": [["install", *LINKS, OURS, *JUPYTER, "jupyterlab-chat"]],
    # Packages that require the earlier distributions, with the empty packages in reach.
    "stubs": [
        ["install", OURS, *JUPYTER],
        ["install", *LINKS, "jupytercad"],
        ["install", "-U", "--upgrade-strategy", "eager", *LINKS, "jupytercad"],
    ],
    "executor": [["install", *LINKS, OURS, *JUPYTER, "jupyter-server-nbmodel[lab]"]],
    # The same without them: the published files overwrite ours.
    "overwritten": [
        ["install", OURS, *JUPYTER],
        ["install", *PUBLISHED, PUBLISHED_UI],
    ],
    "removed": [
        ["install", OURS, *JUPYTER],
        ["install", *PUBLISHED, PUBLISHED_UI],
        ["uninstall", "-y", *(name.split("==")[0] for name in [*PUBLISHED, PUBLISHED_UI])],
    ],
    "documents": [
        ["install", OURS, *JUPYTER],
        ["install", "jupyter-server-documents"],
    ],
    # What is published, to compare with.
    "oracle": [
        ["install", f"jupyter-collaboration=={PEER_VERSION}", *JUPYTER],
        ["install", "jupyter-server-ydoc[test]==3.0.4", "jupyter-server-fileid[test]"],
    ],
    # The published package's own tests, with ours.
    "published": [
        ["install", OURS, "jupyter-server[test]", "jupyter-server-fileid[test]"],
        ["install", "httpx-ws>=0.9", "dirty-equals", "pytest"],
    ],
    # Widgets, and JupyterLab in another language.
    "widgets": [
        ["install", OURS, *JUPYTER, "ipywidgets", "jupyterlab-language-pack-fr-FR"],
        # altair 6 publishes charts as application/vnd.vegalite.v6.json, for which JupyterLab 4.6
        # has no renderer (it has those of v3+json to v5+json): it would show their text.
        ["install", "tqdm", "ipympl", "plotly", "altair<6", "bokeh", "jupyter_bokeh"],
    ],
    # What people use beside collaboration.
    "tools": [
        ["install", OURS, *JUPYTER, "jupyterlab-git", "nbdime", "jupyterlab-execute-time"],
        ["install", "jupyter-resource-usage", "jupyterlab-code-formatter", "black", "isort"],
    ],
    # Completions and diagnostics of a language server.
    "lsp": [["install", OURS, *JUPYTER, "jupyterlab-lsp", "python-lsp-server", "pyflakes"]],
    # Agents: a server for models, and personas in chats.
    "agents": [
        ["install", *LINKS, OURS, *JUPYTER, "jupyter-mcp-server"],
    ],
    "personas": [
        ["install", *LINKS, OURS, *JUPYTER, "jupyter-ai>=3"],
    ],
    # JupyterHub, whose single-user servers run here as well.
    "hub": [["install", OURS, *JUPYTER, "jupyterhub>=5.2,<6", "jupyterhub-idle-culler"]],
    # Clients and programs that write notebooks.
    "programs": [
        ["install", OURS, *JUPYTER, "jupytext", "papermill", "jupyter-nbmodel-client"],
    ],
}


def key(steps: list[list[str]]) -> str:
    """Return what an environment depends on, as a hash."""
    digest = hashlib.sha256(repr((steps, sys.version)).encode())
    for path in WHEELS:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def make(name: str) -> None:
    steps = ENVIRONMENTS[name]
    folder = FOLDER / name
    stamp = folder / ".stamp"
    if stamp.exists() and stamp.read_text() == key(steps):
        return
    print(f"    {name}", flush=True)
    subprocess.run([ROOT / "scripts" / "make-venv", folder], check=True)
    pip = [folder / "bin" / "python", "-m", "pip", "--disable-pip-version-check"]
    env = {**os.environ, "PYTHONPATH": ""}
    for step in steps:
        subprocess.run([*pip, *step, "-qq"], check=True, env=env)
    subprocess.run([*pip, "check", "-qq"], check=True, env=env)
    stamp.write_text(key(steps))


def make_proxy() -> None:
    """Install the proxy of JupyterHub, which is a package of npm."""
    folder = FOLDER / "proxy"
    if (folder / "node_modules" / ".bin" / "configurable-http-proxy").exists():
        return
    print("    proxy", flush=True)
    folder.mkdir(parents=True, exist_ok=True)
    # Without it npm would install into the next project above: this one.
    (folder / "package.json").write_text('{"private": true}')
    options = ["--no-audit", "--no-fund", "--loglevel=error"]
    subprocess.run(["npm", "install", *options, PROXY], check=True, cwd=folder)


def has_code(text: bytes) -> bool:
    """Return whether a notebook has something to run."""
    cells = json.loads(text)["cells"]
    return any(cell["cell_type"] == "code" and "".join(cell["source"]).strip() for cell in cells)


def make_notebooks() -> None:
    """Unpack the notebooks of JupyterLab's own tests, and the pictures that they show."""
    make("widgets")
    python = FOLDER / "widgets" / "bin" / "python"
    asked = "import jupyterlab; print(jupyterlab.__version__)"
    version = subprocess.run([python, "-c", asked], check=True, capture_output=True, text=True)
    release = f"jupyterlab=={version.stdout.strip()}"
    folder = FOLDER / "notebooks"
    stamp = FOLDER / "notebooks.stamp"
    if stamp.exists() and stamp.read_text() == release:
        return
    print("    notebooks", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as downloaded:
        options = ["--no-deps", "--no-binary", "jupyterlab", "--dest", downloaded, "-qq"]
        pip = [python, "-m", "pip", "--disable-pip-version-check"]
        subprocess.run([*pip, "download", *options, release], check=True)
        (source,) = Path(downloaded).glob("*.tar.gz")
        with tarfile.open(source) as archive:
            for member in archive:
                path = Path(member.name)
                opened = archive.extractfile(member) if "galata/test" in member.name else None
                if opened is None or "snapshots" in member.name:
                    continue
                content = opened.read()
                if path.suffix == ".png" or (path.suffix == ".ipynb" and has_code(content)):
                    (folder / path.name).write_bytes(content)
    stamp.write_text(release)


if __name__ == "__main__":
    for name in sys.argv[1:] or [*ENVIRONMENTS, "proxy", "notebooks"]:
        if name == "proxy":
            make_proxy()
        elif name == "notebooks":
            make_notebooks()
        else:
            make(name)
