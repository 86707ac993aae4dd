// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * What a notebook's file holds after all of its cells were run, to compare servers.
 */

import { expect } from '@playwright/test';

import type { Person } from './person';
import type { Server } from './server';

/** How long a kernel may take to start and to run everything (ms). */
const ALL = { timeout: 120_000 };

const LAST = 'print("all done")';

interface ICell {
  cell_type: string;
  execution_count?: number | null;
  metadata: Record<string, unknown>;
  outputs?: unknown[];
  source: string | string[];
}

export interface INotebook {
  cells: ICell[];
}

/**
 * Run all cells of a notebook, whether they raise or not, and return what is in its file then.
 */
export async function savedAfterRunning(
  person: Person,
  server: Server,
  name: string,
  content: INotebook
): Promise<INotebook> {
  const cells = content.cells.map(cell => ({
    ...cell,
    metadata: { ...cell.metadata, tags: ['raises-exception'] }
  }));
  cells.push({
    cell_type: 'code',
    execution_count: null,
    metadata: { tags: [] },
    outputs: [],
    source: LAST
  });
  server.write(name, { ...content, cells });
  await person.open(name);
  await person.kernelReady();
  await person.startCommand('notebook:run-all-cells');
  await expect
    .poll(() => person.printed(cells.length - 1), ALL)
    .toBe('all done\n');
  const read = (): INotebook => JSON.parse(server.read(name));
  await expect(async () => {
    await person.command('docmanager:save');
    expect(counts(read().cells)).toEqual(expectedCounts(cells));
  }).toPass(ALL);
  return read();
}

function counts(cells: ICell[]): (number | null)[] {
  return cells
    .filter(cell => cell.cell_type === 'code')
    .map(cell => cell.execution_count ?? null);
}

/**
 * Cells without code are not run.
 */
function expectedCounts(cells: ICell[]): (number | null)[] {
  let count = 0;
  return cells
    .filter(cell => cell.cell_type === 'code')
    .map(({ source }) => {
      const text = Array.isArray(source) ? source.join('') : source;
      return text.trim() ? ++count : null;
    });
}

/**
 * What does not depend on the process, on chance, and on the time.
 *
 * Texts are joined: a text that is saved as before keeps its form, which may be
 * a list of lines or not. [F7]
 */
export function comparable({ cells }: INotebook): unknown {
  const text = JSON.stringify(
    cells.map(({ metadata, outputs }) => ({ metadata, outputs }))
  );
  return JSON.parse(
    text
      .replace(/ipykernel_\d+/g, 'ipykernel_N')
      .replace(/\/\d{5,}\.py/g, '/N.py')
      .replace(/0x[0-9a-f]+/g, '0xN')
      .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'UUID')
      .replace(/\b[0-9a-f]{32}\b/g, 'ID')
      .replace(/<dc:date>[^<]*/g, '<dc:date>')
      // The times of progress bars.
      .replace(
        /\d\d:\d\d<(\d\d:\d\d|\?), *(\?|[\d.]+) ?(it\/s|s\/it)/g,
        'TIME'
      ),
    (key, value: unknown) =>
      isText(value) && key !== 'traceback' && key !== 'tags'
        ? value.join('')
        : withoutRendered(value)
  );
}

function isText(value: unknown): value is string[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every(each => typeof each === 'string')
  );
}

const MERMAID = 'text/vnd.mermaid';

/**
 * The data or metadata of an output without what JupyterLab adds to a diagram.
 *
 * A page puts the picture and a version into the output once it has drawn the
 * diagram, and the file has them if that was before the save.
 */
function withoutRendered(value: unknown): unknown {
  if (value === null || typeof value !== 'object' || !(MERMAID in value)) {
    return value;
  }
  const kept = { ...(value as Record<string, unknown>) };
  delete kept['image/svg+xml'];
  if (typeof kept[MERMAID] === 'object') {
    delete kept[MERMAID];
  }
  return kept;
}
