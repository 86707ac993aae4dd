// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * How fast a page is: figures are printed, and nothing fails for being slow.
 *
 * `BENCH_PEOPLE` simulated people in `BENCH_CELLS` cells, `BENCH_EDITS` edits in the history that is
 * looked at.
 */

import * as fs from 'node:fs';

import type { Page } from '@playwright/test';
import * as Y from 'yjs';

import { notebook } from '../support/documents';
import { expect, Server, test, withPerson } from '../support/fixtures';
import { Simulated } from '../support/simulated';

const PEOPLE = Number(process.env.BENCH_PEOPLE ?? 50);
const CELLS = Number(process.env.BENCH_CELLS ?? 1000);
const EDITS = Number(process.env.BENCH_EDITS ?? 5000);
const KEYS = 150;

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
}

test.describe.configure({ timeout: 600_000 });

function manyCells(): string[] {
  return Array.from({ length: CELLS }, (_, at) => `x = ${at}\n`);
}

function print(figures: string): void {
  process.stdout.write(`${figures}\n`);
}

/** Type in a page, and measure it meanwhile. */
async function keystrokes(page: Page): Promise<IKeystrokes> {
  await page.evaluate(() => {
    const times: number[] = [];
    const tasks: number[] = [];
    const frames: number[] = [];
    const measured = { times, tasks, frames };
    Object.assign(window, { measured });
    let last = performance.now();
    const onFrame = (now: number) => {
      frames.push(now - last);
      last = now;
      requestAnimationFrame(onFrame);
    };
    requestAnimationFrame(onFrame);
    new PerformanceObserver(list => {
      tasks.push(...list.getEntries().map(({ duration }) => duration));
    }).observe({ type: 'longtask' });
    const onKey = ({ timeStamp }: KeyboardEvent) => {
      // The message comes after the frame was painted.
      requestAnimationFrame(() => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => times.push(performance.now() - timeStamp);
        port2.postMessage(null);
      });
    };
    document.addEventListener('keydown', onKey, true);
  });
  for (let key = 0; key < KEYS; key++) {
    await page.keyboard.press('x', { delay: 5 });
    await page.waitForTimeout(60);
  }
  return page.evaluate(
    () => (window as unknown as { measured: IKeystrokes }).measured
  );
}

/** Type in a notebook, and report what that took. */
async function reportKeystrokes(name: string, page: Page): Promise<void> {
  const { frames, tasks, times } = await keystrokes(page);
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
  const server = new Server('lab');
  server.jupyter(
    'labextension',
    'disable',
    '--level=user',
    '@jupyter/collaboration-extension'
  );
  await server.start();
  try {
    await withPerson(browser, server, 'Plain', testInfo, async plain => {
      await plain.open(server.write('plain.ipynb', notebook(...manyCells())));
      await plain.enterCell(0);
      await reportKeystrokes('plain JupyterLab', plain.page);
    });
  } finally {
    await server.dispose();
  }
});

test('own keystrokes are painted while many people work', async ({
  server,
  file,
  ada
}) => {
  const name = server.write(file('ipynb'), notebook(...manyCells()));
  await ada.open(name);
  await ada.enterCell(0);
  await reportKeystrokes('alone', ada.page);

  const people: Simulated[] = [];
  for (let at = 0; at < PEOPLE; at++) {
    people.push(await Simulated.open(server, name));
  }
  // Each types two letters and moves five times a second.
  const timers = people.map((person, at) =>
    setInterval(() => {
      const text = person.cell(1 + (at % 50));
      if (Math.random() < 0.4) {
        text.insert(text.length, 'y');
      }
      const head = Y.relativePositionToJSON(
        Y.createRelativePositionFromTypeIndex(text, text.length)
      );
      person.awareness.setLocalState({
        user: { name: `Person ${at}` },
        cell: `cell-${1 + (at % 50)}`,
        cursors: [{ anchor: head, head, empty: true, primary: true }]
      });
    }, 200)
  );
  await expect(ada.page.locator('.jp-UsersItem-more')).toBeVisible();
  await ada.enterCell(0);
  await reportKeystrokes(`${PEOPLE} people`, ada.page);
  timers.forEach(timer => clearInterval(timer));
  people.forEach(person => person.leave());
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
