// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Notebooks to begin with, and what is in a saved one.
 */

import type { Server } from './server';

/**
 * A cell to make: its source, with `md:` in front for Markdown.
 */
export type CellSource = string;

/**
 * The content of a notebook file; each cell's id tells where it was at first.
 */
export function notebook(...cells: CellSource[]): object {
  return {
    cells: cells.map((cell, index) =>
      cell.startsWith('md:')
        ? {
            cell_type: 'markdown',
            id: `cell-${index}`,
            metadata: {},
            source: lines(cell.slice(3))
          }
        : {
            cell_type: 'code',
            execution_count: null,
            id: `cell-${index}`,
            metadata: {},
            outputs: [],
            source: lines(cell)
          }
    ),
    metadata: {
      kernelspec: {
        display_name: 'Python 3 (ipykernel)',
        language: 'python',
        name: 'python3'
      },
      language_info: { name: 'python' }
    },
    nbformat: 4,
    nbformat_minor: 5
  };
}

/**
 * The sources of a notebook's cells, as its file has them.
 */
export function cellsOnDisk(server: Server, name: string): string[] {
  let content: { cells: { source: string | string[] }[] };
  try {
    content = JSON.parse(server.read(name));
  } catch {
    return []; // being written
  }
  return content.cells.map(cell =>
    typeof cell.source === 'string' ? cell.source : cell.source.join('')
  );
}

function lines(text: string): string[] {
  return text.split(/(?<=\n)/);
}
