// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Running cells, and what is seen of them.
 */

import { type Locator, expect } from '@playwright/test';

import type { Person } from './person';

/**
 * How long a kernel may take to start, and to import what its cells need (ms).
 */
export const KERNEL = { timeout: 60_000 };

/**
 * The outputs of a cell.
 */
export function outputs(person: Person, index: number): Locator {
  return person.cell(index).locator('.jp-OutputArea-output');
}

/**
 * The prompt of a cell, with its number or an asterisk.
 */
export function prompt(person: Person, index: number): Locator {
  return person.cell(index).locator('.jp-InputPrompt');
}

/**
 * A cell that prints "begun", waits until something is written into a file,
 * and prints "done".
 */
export function waitsFor(file: string): string {
  return `import os, time\nprint("begun")\nwhile not os.path.getsize("${file}"):\n    time.sleep(0.1)\nprint("done")`;
}

/**
 * Open a notebook for both, one after the other, on one kernel that may still be starting.
 */
export async function openBoth(
  first: Person,
  second: Person,
  name: string
): Promise<void> {
  await first.open(name);
  await expect.poll(() => first.sessions()).toContain(name);
  await second.open(name);
}

/**
 * The same, with a kernel that is ready at both.
 */
export async function openBothReady(
  first: Person,
  second: Person,
  name: string
): Promise<void> {
  await openBoth(first, second, name);
  await first.kernelReady();
  await second.kernelReady();
}

/**
 * Run cells as with the keyboard, one after the other, without waiting for them.
 */
export async function run(person: Person, ...indices: number[]): Promise<void> {
  for (const index of indices) {
    await person.enterCell(index);
    await person.page.keyboard.press('Control+Enter');
  }
}
