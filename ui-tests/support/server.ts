// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * A real Jupyter server as a child process, with a root folder and a home of its own.
 *
 * Knows processes and files; knows nothing of pages.
 */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { createServer } from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/**
 * The application that is started: `jupyter lab` or `jupyter notebook`.
 */
export type Application = 'lab' | 'notebook';

/**
 * The file that tells who may not do all.
 */
const ROLES = '.roles.json';

/**
 * The server's configuration: as it comes, but that a browser that logs in may say whose it is
 * (guests stay anonymous), and that a file tells who may not do all.
 *
 * The anonymous names that Jupyter Server draws are sometimes the same for both.
 */
const CONFIG = `
import json
import pathlib

from jupyter_server.auth.authorizer import AllowAllAuthorizer
from jupyter_server.auth.identity import PasswordIdentityProvider, User


class Named(PasswordIdentityProvider):
    def generate_anonymous_user(self, handler):
        name = handler.get_argument("person", "")
        if not name or name.startswith("Guest"):
            return super().generate_anonymous_user(handler)
        return User(name.lower(), name, name, name[:1], None)


class ByFile(AllowAllAuthorizer):
    def is_authorized(self, handler, user, action, resource):
        file = pathlib.Path(handler.settings["server_root_dir"]).expanduser() / "${ROLES}"
        role = json.loads(file.read_text()).get(user.username) if file.exists() else None
        if role == "author":
            return (action, resource) != ("execute", "kernels")
        if role is None or resource != "contents":
            return True
        path = handler.path_kwargs.get("path") or ""
        return role == "viewer" and (action == "read" or "copy" in path)


c.ServerApp.identity_provider_class = Named
c.ServerApp.authorizer_class = ByFile
c.YDocExtension.role_check_interval = 0.5
`;

/**
 * How long a server may take to answer after its start, and to end after SIGTERM (ms).
 */
const START_TIMEOUT = 60_000;
const STOP_TIMEOUT = 20_000;

/**
 * The Python of the environment under test.
 */
function python(): string {
  const found = process.env.COLLAB_PYTHON;
  if (!found) {
    throw new Error(
      'COLLAB_PYTHON is not set: run `make test-ui`, or name the Python of an environment with the wheel'
    );
  }
  return found;
}

/**
 * A port that nobody listens to now.
 */
export async function freePort(): Promise<number> {
  const probe = createServer();
  probe.listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, 'close');
  return port;
}

/**
 * A Jupyter server.
 */
export class Server {
  /**
   * @param application What is started.
   * @param _args Arguments of its command.
   * @param _python The Python of its environment.
   * @param token What a browser has to show to be let in; empty if there is no such token.
   */
  constructor(
    readonly application: Application,
    private _args: string[] = [],
    private _python = python(),
    readonly token = randomBytes(16).toString('hex')
  ) {
    this._folder = fs.mkdtempSync(
      path.join(os.tmpdir(), `collaboration-${application}-`)
    );
    this.root = path.join(this._folder, 'root');
    this._home = path.join(this._folder, 'home');
    this.logFile = path.join(this._folder, 'server.log');
    fs.mkdirSync(this.root);
    const config = path.join(this._home, 'config');
    fs.mkdirSync(path.join(config, 'labconfig'), { recursive: true });
    fs.writeFileSync(path.join(config, 'jupyter_server_config.py'), CONFIG);
    // Nothing may pop up in the middle of a test: no news.
    fs.writeFileSync(
      path.join(config, 'labconfig', 'page_config.json'),
      JSON.stringify({
        disabledExtensions: {
          '@jupyterlab/apputils-extension:announcements': true
        }
      })
    );
  }

  /**
   * The folder that it serves.
   */
  readonly root: string;

  /**
   * Where its output goes.
   */
  readonly logFile: string;

  /**
   * What to wait for before it is ended.
   */
  readonly beforeStop = new Set<() => Promise<void>>();

  /**
   * The id of the process; 0 while it does not run.
   */
  get pid(): number {
    return this._process?.pid ?? 0;
  }

  /**
   * The address, without a slash at the end; set once it was started.
   */
  get url(): string {
    return `http://127.0.0.1:${this._port}`;
  }

  /**
   * Start it, on the same port each time, and wait until it answers.
   */
  async start(): Promise<void> {
    this._port ||= await freePort();
    const log = fs.openSync(this.logFile, 'a');
    const app = this.application === 'lab' ? 'LabApp' : 'JupyterNotebookApp';
    const child = spawn(
      this._python,
      [
        '-m',
        this.application === 'lab' ? 'jupyterlab' : 'notebook',
        '--no-browser',
        '--allow-root',
        '--ServerApp.ip=127.0.0.1',
        `--ServerApp.port=${this._port}`,
        '--ServerApp.port_retries=0',
        `--ServerApp.root_dir=${this.root}`,
        `--IdentityProvider.token=${this.token}`,
        `--${app}.expose_app_in_browser=True`,
        ...this._args
      ],
      { cwd: this.root, env: this.environment, stdio: ['ignore', log, log] }
    );
    fs.closeSync(log);
    this._process = child;
    const end = Date.now() + START_TIMEOUT;
    while (!(await this._answers())) {
      if (child.exitCode !== null || Date.now() > end) {
        throw new Error(`The server did not start:\n${this.log()}`);
      }
      await pause(100); // between two questions to another process
    }
  }

  /**
   * End it: ask, and without an answer in time, kill.
   */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    await Promise.all([...this.beforeStop].map(wait => wait()));
    const child = this._process;
    this._process = null;
    if (!child || child.exitCode !== null || child.signalCode !== null) {
      return;
    }
    const exit = once(child, 'exit');
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT);
    await exit;
    clearTimeout(timer);
  }

  /**
   * Stop it, and remove its folder.
   */
  async dispose(): Promise<void> {
    await this.stop();
    fs.rmSync(this._folder, { recursive: true, force: true, maxRetries: 3 });
  }

  /**
   * Set what users can set of a plugin; pages that are opened after it know it.
   */
  async set(plugin: string, settings: object): Promise<void> {
    const response = await fetch(`${this.url}/lab/api/settings/${plugin}`, {
      method: 'PUT',
      headers: { Authorization: `token ${this.token}` },
      body: JSON.stringify({ raw: JSON.stringify(settings) })
    });
    if (!response.ok) {
      throw new Error(await response.text());
    }
  }

  /**
   * End all kernels, so that they do not pile up from test to test.
   */
  async endKernels(): Promise<void> {
    const headers = { Authorization: `token ${this.token}` };
    const response = await fetch(`${this.url}/api/sessions`, { headers });
    const sessions = (await response.json()) as { id: string }[];
    for (const { id } of sessions) {
      const url = `${this.url}/api/sessions/${id}`;
      await fetch(url, { method: 'DELETE', headers });
    }
  }

  /**
   * Lose the history of all documents, and what the server noted about their files; not while
   * it runs.
   */
  loseHistory(): void {
    for (const name of fs.readdirSync(this.root)) {
      if (name.startsWith('.jupyter_ystore.db')) {
        fs.rmSync(path.join(this.root, name));
      }
    }
  }

  /**
   * Run a `jupyter` command in the environment and the home of this server.
   */
  jupyter(...args: string[]): void {
    const run = spawnSync(this._python, ['-m', 'jupyter', ...args], {
      env: this.environment,
      encoding: 'utf-8'
    });
    if (run.status !== 0) {
      throw new Error(`jupyter ${args.join(' ')}:\n${run.stdout}${run.stderr}`);
    }
  }

  /**
   * Disable extensions, or plugins of them, as a user does; pages that are opened after it know it.
   */
  disable(...names: string[]): void {
    this.jupyter('labextension', 'disable', '--level=user', ...names);
  }

  /**
   * What the server has printed so far.
   */
  log(): string {
    return fs.readFileSync(this.logFile, 'utf-8');
  }

  /**
   * Write a file below the root.
   */
  write(name: string, content: string | object): string {
    const file = path.join(this.root, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(
      file,
      typeof content === 'string'
        ? content
        : JSON.stringify(content, null, 1) + '\n'
    );
    return name;
  }

  /**
   * Set the roles of users who may not do everything: an author may not run code, a viewer may only
   * read, and a stranger may do neither.
   */
  setRoles(roles: Record<string, 'author' | 'viewer' | 'stranger'>): void {
    const file = path.join(this._folder, ROLES);
    fs.writeFileSync(file, JSON.stringify(roles));
    // At once and as a whole, since the server may be reading.
    fs.renameSync(file, path.join(this.root, ROLES));
  }

  /**
   * The text of a file below the root.
   */
  read(name: string): string {
    return fs.readFileSync(path.join(this.root, name), 'utf-8');
  }

  /**
   * Remove a file below the root.
   */
  remove(name: string): void {
    fs.rmSync(path.join(this.root, name));
  }

  /**
   * Whether there is such a file below the root.
   */
  exists(name: string): boolean {
    return fs.existsSync(path.join(this.root, name));
  }

  /**
   * The environment of the processes: nothing of the user's own Jupyter is read or written.
   */
  get environment(): NodeJS.ProcessEnv {
    return {
      ...process.env,
      HOME: this._home,
      JUPYTER_CONFIG_DIR: path.join(this._home, 'config'),
      JUPYTER_DATA_DIR: path.join(this._home, 'data'),
      JUPYTER_RUNTIME_DIR: path.join(this._home, 'runtime'),
      JUPYTER_PLATFORM_DIRS: '0',
      IPYTHONDIR: path.join(this._home, 'ipython'),
      PYTHONPATH: path.join(__dirname, 'python'),
      PATH: `${path.dirname(this._python)}${path.delimiter}${process.env.PATH}`
    };
  }

  private async _answers(): Promise<boolean> {
    try {
      const response = await fetch(`${this.url}/api/status`, {
        headers: { Authorization: `token ${this.token}` }
      });
      return response.status < 500; // also without a token
    } catch {
      return false;
    }
  }

  private _folder: string;
  private _home: string;
  private _port = 0;
  private _process: ChildProcess | null = null;
}
