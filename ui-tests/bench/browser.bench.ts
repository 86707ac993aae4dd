// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * How fast a page is: figures are printed, and nothing fails for being slow.
 *
 * `BENCH_PEOPLE` simulated people in `BENCH_CELLS` cells, `BENCH_EDITS` edits in the history that is
 * looked at. With `BENCH_PROFILES`, a folder, a CPU profile of the page is written for each run of
 * keystrokes: Chromium's developer tools open it.
 *
 * The people, the server and the browser share one computer. A page is therefore measured beside
 * plain JupyterLab while the same people work on the same server, in another document; and the time
 * that its main thread computed is given, which does not depend on what else runs.
 */

import * as fs from 'node:fs';
import * as path from 'node:path';

import type { Browser, CDPSession, Page, TestInfo } from '@playwright/test';
import * as Y from 'yjs';

import { notebook } from '../support/documents';
import {
  expect,
  type Person,
  Server,
  test,
  withPerson
} from '../support/fixtures';
import { Simulated } from '../support/simulated';

const PEOPLE = Number(process.env.BENCH_PEOPLE ?? 50);
const CELLS = Number(process.env.BENCH_CELLS ?? 1000);
const EDITS = Number(process.env.BENCH_EDITS ?? 5000);
const PROFILES = process.env.BENCH_PROFILES;
const KEYS = Number(process.env.BENCH_KEYS ?? 150);

/** What is traced of the browser's own work. */
const TRACED = ['devtools.timeline', 'blink', 'cc', 'toplevel'];

/** How often each person does something, in ms. */
const PERIOD = 200;

/** The part of these deeds that are edits. */
const EDITING = 0.4;

/** The cells in which people are: the first ones, of which a window shows some. */
const BUSY_CELLS = 50;

/** How long after the last frame one is late, at 60 frames a second, in ms. */
const LATE = 25;

/** What was measured while somebody typed. */
interface IKeystrokes {
  /** From each key to the frame that shows it, in ms. */
  times: number[];
  /** The durations of long tasks, in ms. */
  tasks: number[];
  /** From each frame to the next, in ms. */
  frames: number[];
  /** The number of messages from servers. */
  messages: number;
}

test.describe.configure({ timeout: 600_000 });

function manyCells(): string[] {
  return Array.from({ length: CELLS }, (_, at) => `x = ${at}\n`);
}

function print(figures: string): void {
  process.stdout.write(`${figures}\n`);
}

/** Count the messages that a page receives: before it opens anything. */
async function countMessages(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const counted = { messages: 0 };
    Object.assign(window, { counted });
    const Original = WebSocket;
    window.WebSocket = class extends Original {
      constructor(url: string | URL, protocols?: string | string[]) {
        super(url, protocols);
        this.addEventListener('message', () => (counted.messages += 1));
      }
    };
  });
}

/**
 * Go into the first cell, once JupyterLab has made the editors of all cells, which it does when it
 * has nothing else to do.
 */
async function enterFirst(person: Person): Promise<void> {
  const editors = person.page.locator('.jp-Notebook .jp-Cell .cm-editor');
  await expect(editors).toHaveCount(CELLS, { timeout: 240_000 });
  await person.enterCell(0);
}

/** Type in a page, and measure it meanwhile. */
async function keystrokes(page: Page): Promise<IKeystrokes> {
  await page.evaluate(() => {
    const times: number[] = [];
    const tasks: number[] = [];
    const frames: number[] = [];
    const { counted } = window as unknown as { counted: { messages: number } };
    const first = counted.messages;
    const measured = {
      times,
      tasks,
      frames,
      get messages() {
        return counted.messages - first;
      }
    };
    const ended = new AbortController();
    Object.assign(window, { measured, ended });
    let last = performance.now();
    const onFrame = (now: number) => {
      frames.push(now - last);
      last = now;
      if (!ended.signal.aborted) {
        requestAnimationFrame(onFrame);
      }
    };
    requestAnimationFrame(onFrame);
    const observer = new PerformanceObserver(list => {
      tasks.push(...list.getEntries().map(({ duration }) => duration));
    });
    observer.observe({ type: 'longtask' });
    ended.signal.addEventListener('abort', () => observer.disconnect());
    const onKey = ({ timeStamp }: KeyboardEvent) => {
      // The message comes after the frame was painted.
      requestAnimationFrame(() => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => times.push(performance.now() - timeStamp);
        port2.postMessage(null);
      });
    };
    const { signal } = ended;
    document.addEventListener('keydown', onKey, { capture: true, signal });
  });
  for (let key = 0; key < KEYS; key++) {
    await page.keyboard.press('x', { delay: 5 });
    await page.waitForTimeout(60);
  }
  return page.evaluate(() => {
    const { ended, measured } = window as unknown as {
      ended: AbortController;
      measured: IKeystrokes;
    };
    ended.abort();
    return { ...measured };
  });
}

/** What the main thread of a page has computed so far, in seconds, and how often. */
async function computed(session: CDPSession): Promise<Map<string, number>> {
  const { metrics } = await session.send('Performance.getMetrics');
  return new Map(metrics.map(({ name, value }) => [name, value]));
}

/** Type in a notebook, and report what that took. */
async function reportKeystrokes(name: string, page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  if (PROFILES) {
    await session.send('Profiler.enable');
    await session.send('Profiler.start');
  }
  const browser = page.context().browser();
  if (PROFILES) {
    await browser?.startTracing(page, { categories: TRACED });
  }
  const before = await computed(session);
  const { frames, messages, tasks, times } = await keystrokes(page);
  const after = await computed(session);
  if (PROFILES) {
    const { profile } = await session.send('Profiler.stop');
    const file = path.join(PROFILES, name.replace(/\W+/g, '-'));
    fs.mkdirSync(PROFILES, { recursive: true });
    fs.writeFileSync(`${file}.cpuprofile`, JSON.stringify(profile));
    const trace = await browser?.stopTracing();
    fs.writeFileSync(`${file}.trace.json`, trace ?? '');
  }
  await session.detach();
  report(`keystroke to paint, ${name}`, times);
  const seconds = frames.reduce((sum, each) => sum + each, 0) / 1000;
  const late = frames.filter(each => each > LATE).length;
  print(
    `    frames, ${name}: ${(frames.length / seconds).toFixed(1)} a second, ` +
      `${late} of ${frames.length} later than ${LATE} ms, ` +
      `longest ${Math.max(...frames).toFixed(0)} ms`
  );
  print(
    `    long tasks, ${name}: ${tasks.length}, longest ` +
      `${Math.max(0, ...tasks).toFixed(0)} ms, together ` +
      `${tasks.reduce((sum, each) => sum + each, 0).toFixed(0)} ms`
  );
  const each = (metric: string, factor: number) =>
    (
      (((after.get(metric) ?? 0) - (before.get(metric) ?? 0)) * factor) /
      seconds
    ).toFixed(0);
  print(
    `    main thread, ${name}: ${each('TaskDuration', 1000)} ms a second ` +
      `(scripts ${each('ScriptDuration', 1000)}, ` +
      `styles ${each('RecalcStyleDuration', 1000)}, ` +
      `layout ${each('LayoutDuration', 1000)}), ` +
      `${each('LayoutCount', 1)} layouts, ` +
      `${(messages / seconds).toFixed(0)} messages a second`
  );
}

/** People who work in a notebook: each types, and moves in a cell. */
class Crowd {
  static async join(
    server: Server,
    name: string,
    isMoving = true
  ): Promise<Crowd> {
    const people: Simulated[] = [];
    for (let at = 0; at < PEOPLE; at++) {
      people.push(await Simulated.open(server, name));
    }
    people.forEach(person => person.readNoMore());
    return new Crowd(people, isMoving);
  }

  private constructor(
    private _people: Simulated[],
    private _isMoving: boolean
  ) {
    this._timers = _people.map((person, at) =>
      setInterval(() => this._act(person, at), PERIOD)
    );
  }

  leave(): void {
    this._timers.forEach(timer => clearInterval(timer));
    this._people.forEach(person => person.leave());
  }

  private _act(person: Simulated, at: number): void {
    const cell = 1 + (at % BUSY_CELLS);
    const text = person.cell(cell);
    if (Math.random() < EDITING) {
      text.insert(text.length, 'y');
    }
    if (this._isMoving) {
      const head = Y.relativePositionToJSON(
        Y.createRelativePositionFromTypeIndex(
          text,
          Math.floor(Math.random() * text.length)
        )
      );
      person.awareness.setLocalState({
        user: { name: `Person ${at}` },
        cell: `cell-${cell}`,
        cursors: [{ anchor: head, head, empty: true, primary: true }]
      });
    }
  }

  private _timers: NodeJS.Timeout[];
}

/**
 * Make the edits of the crowd in the page itself: what JupyterLab, its editors
 * and the browser take for them without people, server and socket.
 */
async function editByScript(page: Page): Promise<void> {
  await page.evaluate(
    ([people, busy, period, editing]) => {
      const { jupyterapp } = window as unknown as {
        jupyterapp: {
          shell: { currentWidget: { context: { model: IScripted } } };
        };
      };
      interface IScripted {
        sharedModel: {
          getCell: (at: number) => {
            source: string;
            updateSource: (from: number, to: number, text: string) => void;
          };
        };
      }
      const { sharedModel } = jupyterapp.shell.currentWidget.context.model;
      for (let at = 0; at < people; at++) {
        setInterval(() => {
          if (Math.random() < editing) {
            const cell = sharedModel.getCell(1 + (at % busy));
            const end = cell.source.length;
            cell.updateSource(end, end, 'y');
          }
        }, period);
      }
    },
    [PEOPLE, BUSY_CELLS, PERIOD, EDITING]
  );
}

/** A page on a server on which something is disabled. */
async function withDisabled(
  browser: Browser,
  testInfo: TestInfo,
  disabled: readonly string[],
  use: (person: Person, server: Server) => Promise<void>
): Promise<void> {
  const server = new Server('lab');
  server.disable(...disabled);
  await server.start();
  try {
    await withPerson(browser, server, 'Ada', testInfo, async ada => {
      await countMessages(ada.page);
      await use(ada, server);
    });
  } finally {
    await server.dispose();
  }
}

function report(name: string, times: number[]): void {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (part: number) =>
    (sorted[Math.floor(part * (sorted.length - 1))] ?? NaN).toFixed(1);
  print(
    `    ${name}: median ${at(0.5)} ms, 95th percentile ${at(0.95)} ms, ` +
      `longest ${at(1)} ms (${sorted.length} times)`
  );
}

/** The memory of the server's process, in MB. */
function memory(pid: number): string {
  const status = fs.readFileSync(`/proc/${pid}/status`, 'utf-8');
  return (Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024).toFixed(0);
}

test('own keystrokes are painted in plain JupyterLab', async ({
  browser
}, testInfo) => {
  const extension = '@jupyter/collaboration-extension';
  await withDisabled(browser, testInfo, [extension], async (ada, server) => {
    await ada.open(server.write('plain.ipynb', notebook(...manyCells())));
    await enterFirst(ada);
    await reportKeystrokes('plain JupyterLab', ada.page);

    const other = server.write('other.ipynb', notebook(...manyCells()));
    const crowd = await Crowd.join(server, other);
    const name = `plain JupyterLab, ${PEOPLE} people elsewhere`;
    await reportKeystrokes(name, ada.page);
    crowd.leave();

    await editByScript(ada.page);
    await reportKeystrokes(
      `plain JupyterLab, a script types in ${BUSY_CELLS} cells`,
      ada.page
    );
  });
});

test('own keystrokes are painted while many people work', async ({
  server,
  file,
  ada
}) => {
  const name = server.write(file('ipynb'), notebook(...manyCells()));
  await countMessages(ada.page);
  await ada.open(name);
  await enterFirst(ada);
  await reportKeystrokes('alone', ada.page);

  const crowd = await Crowd.join(server, name);
  await expect(ada.page.locator('.jp-UsersItem-more')).toHaveText(
    `+${PEOPLE - 5}`,
    { timeout: 60_000 }
  );
  await reportKeystrokes(`${PEOPLE} people`, ada.page);
  crowd.leave();
});

test('own keystrokes are painted while many people type, without their presence', async ({
  browser
}, testInfo) => {
  const plugins = ['cursors', 'presence', 'presences', 'userBadges'];
  const ids = plugins.map(each => `@jupyter/collaboration-extension:${each}`);
  await withDisabled(browser, testInfo, ids, async (ada, server) => {
    const name = server.write('text.ipynb', notebook(...manyCells()));
    await ada.open(name);
    await enterFirst(ada);
    const crowd = await Crowd.join(server, name, false);
    await reportKeystrokes(`${PEOPLE} people, only their text`, ada.page);
    crowd.leave();
  });
});

test('versions of a large notebook are looked at', async ({
  server,
  file,
  ada
}) => {
  // 1 MB: 500 cells of 2 KB.
  const text = Array(40)
    .fill(`value = "${'z'.repeat(36)}"  #`)
    .join('\n');
  const cells = Array.from({ length: 500 }, (_, at) => `# ${at}\n${text}`);
  const name = server.write(file('ipynb'), notebook(...cells));
  const writer = await Simulated.open(server, name);
  print(`    memory before: ${memory(server.pid)} MB`);
  for (let done = 0; done < EDITS; done++) {
    const source = writer.cell((done * 7) % 500);
    source.insert((done * 13) % source.length, 'e');
    if (done % 100 === 99) {
      await writer.ask('ack');
    }
    if (done % Math.ceil(EDITS / 12) === 0) {
      await writer.ask('save');
    }
  }
  await writer.ask('save');
  print(`    memory after ${EDITS} edits: ${memory(server.pid)} MB`);
  const route = `${server.url}/api/collaboration/versions/${writer.room}`;
  const headers = { Authorization: `token ${server.token}` };
  const pages: number[] = [];
  for (let turn = 0; turn < 6; turn++) {
    const begin = performance.now();
    const answer = await fetch(route, { headers });
    const { complete } = (await answer.json()) as { complete: boolean };
    pages.push(performance.now() - begin);
    print(
      `    page of versions: ${pages[turn].toFixed(0)} ms, complete: ${complete}`
    );
    await new Promise(resolve => setTimeout(resolve, complete ? 50 : 1500));
  }

  await ada.open(name);
  await ada.command('collaboration:show-timeline');
  const items = ada.page.locator('.jp-Timeline-item');
  await expect(items.nth(8)).toBeVisible({ timeout: 60_000 });
  const slider = ada.page.locator('.jp-Timeline-scrubber');
  await slider.focus();
  const times: number[] = [];
  const marks: number[] = [];
  for (let step = 0; step < 8; step++) {
    const [shown, marked] = await ada.page.evaluate(async key => {
      const seen = () =>
        document.querySelector('.jp-VersionPreview-title')?.textContent;
      const isMarked = () =>
        document.querySelector('.jp-VersionPreview[aria-busy="false"]');
      const input = document.querySelector<HTMLInputElement>(
        '.jp-Timeline-scrubber'
      )!;
      const before = seen();
      const set = Object.getOwnPropertyDescriptor(
        HTMLInputElement.prototype,
        'value'
      )!.set!;
      const begin = performance.now();
      set.call(input, String(Number(input.value) - key));
      input.dispatchEvent(new Event('input', { bubbles: true }));
      let shown = NaN;
      while (performance.now() - begin < 20_000) {
        await new Promise(resolve => requestAnimationFrame(resolve));
        const now = seen();
        if (now && now !== before) {
          shown = shown || performance.now() - begin;
          if (isMarked()) {
            break;
          }
        }
      }
      return [shown, performance.now() - begin];
    }, 1);
    times.push(shown);
    marks.push(marked);
  }
  print(`    first preview: ${times[0].toFixed(0)} ms`);
  report('scrub to the next version', times.slice(1));
  report('the same, with what differs', marks.slice(1));
  print(`    memory after looking: ${memory(server.pid)} MB`);
  writer.leave();
});
