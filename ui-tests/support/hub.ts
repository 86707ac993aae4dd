// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * A real JupyterHub as a child process, below a prefix, with local servers for its users.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { freePort } from './server';

const START_TIMEOUT = 120_000;
const STOP_TIMEOUT = 30_000;

/**
 * An example of docs/hubs.md: a part of what administrators write.
 */
export function example(name: string): string {
  const folder = path.resolve(__dirname, '../../docs/examples');
  return fs.readFileSync(path.join(folder, name), 'utf-8');
}

/**
 * A hub.
 */
export class Hub {
  /**
   * @param _python The Python of its environment.
   * @param _parts Parts of its configuration, which are read one after the other.
   */
  constructor(
    private _python: string,
    private _parts: string[]
  ) {
    this._folder = fs.mkdtempSync(path.join(os.tmpdir(), 'collaboration-hub-'));
    this._logFile = path.join(this._folder, 'hub.log');
  }

  /** The address, with the prefix and without a slash at the end. */
  get url(): string {
    return `http://127.0.0.1:${this._port}/jupyter`;
  }

  /** Where the files of a user are. */
  root(user: string): string {
    return path.join(this._folder, 'homes', user);
  }

  /** What the hub and the servers of its users have printed. */
  log(): string {
    return fs.readFileSync(this._logFile, 'utf-8');
  }

  /** Start the hub and its proxy, and wait until it answers. */
  async start(): Promise<void> {
    this._port = await freePort();
    const [hubPort, proxyPort] = [await freePort(), await freePort()];
    const proxy = path.resolve(
      __dirname,
      '../../build/extensions/proxy/node_modules/.bin/configurable-http-proxy'
    );
    const parts = this._parts.map((part, index) => {
      const file = path.join(this._folder, `part_${index}.py`);
      fs.writeFileSync(file, part);
      return `load_subconfig("${file}")`;
    });
    const config = path.join(this._folder, 'jupyterhub_config.py');
    fs.writeFileSync(
      config,
      `
c.JupyterHub.bind_url = "${this.url}/"
c.JupyterHub.hub_bind_url = "http://127.0.0.1:${hubPort}"
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:${proxyPort}"
c.ConfigurableHTTPProxy.command = ["${proxy}"]
c.ConfigurableHTTPProxy.auth_token = "${this._token}"
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = "${this._folder}/homes/{username}"
c.Spawner.default_url = "/lab"
c.Spawner.args = [
    "--allow-root",
    "--LabApp.expose_app_in_browser=True",
    "--YDocExtension.role_check_interval=1",
    "--HubOAuth.cache_max_age=1",
]
c.Spawner.http_timeout = c.Spawner.start_timeout = 120
c.Spawner.environment = {
    "JUPYTER_PLATFORM_DIRS": "0",
    "JUPYTERHUB_ACTIVITY_INTERVAL": "1",
}
c.JupyterHub.services.append({"name": "tests", "api_token": "${this._token}", "admin": True})
c.JupyterHub.tornado_settings = {"slow_spawn_timeout": 120}
${parts.join('\n')}
`
    );
    const log = fs.openSync(this._logFile, 'a');
    const child = spawn(this._python, ['-m', 'jupyterhub', '-f', config], {
      cwd: this._folder,
      env: {
        ...process.env,
        HOME: this._folder,
        PYTHONPATH: '',
        PATH: `${path.dirname(this._python)}${path.delimiter}${process.env.PATH}`
      },
      stdio: ['ignore', log, log]
    });
    fs.closeSync(log);
    this._process = child;
    const end = Date.now() + START_TIMEOUT;
    while (!(await this._answers())) {
      if (child.exitCode !== null || Date.now() > end) {
        throw new Error(`The hub did not start:\n${this.log()}`);
      }
      await pause(200); // between two questions to another process
    }
  }

  /** Make a request of the hub's API as an administrator. */
  async ask(
    method: string,
    route: string,
    body?: object
  ): Promise<{ status: number; data: unknown }> {
    const response = await fetch(`${this.url}/hub/api/${route}`, {
      method,
      headers: { Authorization: `token ${this._token}` },
      body: body && JSON.stringify(body)
    });
    const text = await response.text();
    return { status: response.status, data: text ? JSON.parse(text) : null };
  }

  /** Whether the server of a user is ready. */
  async isReady(user: string): Promise<boolean> {
    const { data } = await this.ask('GET', `users/${user}`);
    const { servers } = data as {
      servers?: Record<string, { ready: boolean }>;
    };
    return servers?.['']?.ready ?? false;
  }

  /** Start the server of a user, and wait until it is ready. */
  async startServer(user: string): Promise<void> {
    await this.ask('POST', `users/${user}`);
    const end = Date.now() + START_TIMEOUT;
    let isAccepted = false;
    while (!(await this.isReady(user))) {
      if (!isAccepted) {
        // The hub refuses while it still stops the server.
        const { status } = await this.ask('POST', `users/${user}/server`);
        isAccepted = status === 201 || status === 202;
      }
      if (Date.now() > end) {
        throw new Error(`The server of ${user} did not start:\n${this.log()}`);
      }
      await pause(200); // between two questions to another process
    }
  }

  /** End the servers, the hub and its proxy, and remove the files. */
  async dispose(): Promise<void> {
    const child = this._process;
    if (child && child.exitCode === null) {
      const exit = once(child, 'exit');
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT);
      await exit;
      clearTimeout(timer);
    }
    fs.rmSync(this._folder, { recursive: true, force: true, maxRetries: 3 });
  }

  private async _answers(): Promise<boolean> {
    try {
      return (await this.ask('GET', '')).status === 200;
    } catch {
      return false;
    }
  }

  private _folder: string;
  private _logFile: string;
  private _port = 0;
  private _process: ChildProcess | null = null;
  private _token = randomBytes(16).toString('hex');
}
