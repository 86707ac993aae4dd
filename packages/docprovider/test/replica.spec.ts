// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import type {
  CellChange,
  DocumentChange,
  YCodeCell,
  YDocument
} from '@jupyter/ydoc';
import { YFile, YNotebook } from '@jupyter/ydoc';
import { afterEach, describe, expect, it } from 'vitest';
import * as Y from 'yjs';

import { Replica } from '../src/rebase/replica';
import { randomNotebook, randomText, seeded } from './support/random';
import type { ICellContent } from './support/random';

const ORIGIN = {};
let models: YDocument<DocumentChange>[] = [];
let replicas = new Map<unknown, Replica>();

afterEach(() => {
  replicas.forEach(replica => replica.dispose());
  models.forEach(model => model.dispose());
  replicas = new Map();
  models = [];
});

function kept<T extends YDocument<DocumentChange>>(model: T): T {
  models.push(model);
  replicas.set(model, new Replica(model));
  return model;
}

function file(text: string): YFile {
  const model = kept(new YFile());
  model.source = text;
  return model;
}

function notebook(...cells: ICellContent[]): YNotebook {
  const model = kept(new YNotebook({ disableDocumentWideUndoRedo: true }));
  model.fromJSON({
    cells: cells.map(cell => ({
      cell_type: 'code',
      execution_count: null,
      metadata: {},
      outputs: [],
      source: '',
      ...cell
    })),
    metadata: { kernelspec: { name: 'python3', display_name: 'Python 3' } },
    nbformat: 4,
    nbformat_minor: 5
  });
  return model;
}

/** A document of another history with the content of a model. */
function shadowOf(model: YDocument<DocumentChange>): Y.Doc {
  const shadow = new Y.Doc();
  Y.applyUpdate(shadow, Y.encodeStateAsUpdate(model.ydoc));
  return shadow;
}

/** Keep two documents the same, as a provider does. */
function connect(one: Y.Doc, other: Y.Doc): void {
  const pass = (from: Y.Doc, to: Y.Doc) =>
    from.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin !== ORIGIN && origin !== to) {
        Y.applyUpdate(to, update, from);
      }
    });
  pass(one, other);
  pass(other, one);
}

/** Take over, and check all that must hold after it. */
function change(
  model: YDocument<DocumentChange>,
  server: YDocument<DocumentChange>
): void {
  const { ydoc } = model;
  const shadow = shadowOf(server);
  const state = Y.encodeStateAsUpdate(shadow);
  const before = new Map(ydoc.share);
  replicas.get(model)?.follow(shadow, ORIGIN);
  expect(Y.encodeStateAsUpdate(ydoc)).toEqual(state);
  expect(model.getSource()).toEqual(server.getSource());
  expect(model.state).toEqual(server.state);
  before.forEach((type, name) => expect(ydoc.share.get(name)).toBe(type));
  expect(ydoc.store.clients.has(ydoc.clientID)).toBe(false);
}

// [S4]
describe('A text file that goes on in another history', () => {
  it('has its text, and keeps the objects that views hold', () => {
    const mine = file('one two three');
    const server = file('one 2 three four');
    const { ydoc, ysource } = mine;
    change(mine, server);
    expect(mine.ydoc).toBe(ydoc);
    expect(mine.ysource).toBe(ysource);
    expect(ysource.toString()).toBe('one 2 three four');
    expect(ysource.doc).toBe(ydoc);
  });

  it('is edited where it differs, so that carets stay', () => {
    const mine = file('one two three');
    const deltas: unknown[] = [];
    mine.changed.connect((_, { sourceChange }) => deltas.push(sourceChange));
    change(mine, file('one two, three'));
    expect(deltas).toEqual([[{ retain: 7 }, { insert: ',' }]]);
  });

  it('emits nothing where it does not differ', () => {
    const mine = file('same');
    let events = 0;
    mine.changed.connect(() => events++);
    mine.ydoc.on('update', () => events++);
    change(mine, file('same'));
    expect(events).toBe(0);
  });

  it('goes on with edits of both sides', () => {
    const mine = file('abc');
    const server = file('abc');
    change(mine, server);
    connect(mine.ydoc, server.ydoc);
    const seen: unknown[] = [];
    mine.changed.connect((_, { sourceChange }) => seen.push(sourceChange));
    mine.updateSource(1, 2, 'B');
    server.updateSource(3, 3, '!');
    mine.updateSource(0, 0, '> ');
    expect(mine.source).toBe('> aBc!');
    expect(server.source).toBe('> aBc!');
    expect(seen.filter(Boolean)).toHaveLength(3);
    expect(Y.encodeStateVector(mine.ydoc)).toEqual(
      Y.encodeStateVector(server.ydoc)
    );
  });

  it('can undo what is typed after it, and nothing before', () => {
    const mine = file('begin');
    mine.updateSource(5, 5, ' old');
    const server = file('begin old');
    change(mine, server);
    connect(mine.ydoc, server.ydoc);
    expect(mine.canUndo()).toBe(false);
    mine.updateSource(0, 0, 'new ');
    mine.undo();
    expect(mine.source).toBe('begin old');
    mine.redo();
    expect(server.source).toBe('new begin old');
  });

  it('may do it again and again', () => {
    const mine = file('0');
    for (let round = 1; round < 6; round++) {
      const server = file(`${round} ${mine.source}`);
      change(mine, server);
      connect(mine.ydoc, server.ydoc);
      mine.updateSource(0, 0, '-');
      expect(server.source).toBe(mine.source);
    }
    expect(mine.source).toBe('-5 -4 -3 -2 -1 0');
  });

  it('takes over a long text that is quite another', () => {
    const random = seeded(7);
    const mine = file(randomText(random, 20000));
    change(mine, file(randomText(random, 20000)));
  });

  it('takes over the traces of a long life', () => {
    const mine = file('');
    const server = file('');
    const random = seeded(11);
    for (let edit = 0; edit < 300; edit++) {
      const at = Math.floor(random() * server.source.length);
      const end = Math.min(server.source.length, at + (random() < 0.4 ? 3 : 0));
      server.updateSource(at, end, randomText(random, 2));
      server.ysource.toString();
    }
    change(mine, server);
    connect(mine.ydoc, server.ydoc);
    mine.updateSource(0, mine.source.length, 'end');
    expect(server.source).toBe('end');
  });
});

// [S4]
describe('A notebook that goes on in another history', () => {
  const stream = { output_type: 'stream', name: 'stdout', text: 'printed' };
  const result = {
    output_type: 'display_data',
    data: { 'text/plain': '1' },
    metadata: {}
  };

  it('keeps its cells, whatever is changed inside', () => {
    const mine = notebook(
      { id: 'a', source: 'x = 1', outputs: [stream] },
      { id: 'b', cell_type: 'markdown', source: 'text' }
    );
    const server = notebook(
      {
        id: 'a',
        source: 'x = 12',
        metadata: { tags: ['t'] },
        outputs: [{ ...stream, text: 'printed more' }, result]
      },
      { id: 'b', cell_type: 'markdown', source: 'a text' }
    );
    const cells = [...mine.cells];
    const { ymodel, ysource, youtputs } = mine.cells[0] as YCodeCell;
    const changes: string[] = [];
    mine.cells.forEach(cell =>
      cell.changed.connect((_, change: CellChange) =>
        changes.push(`${cell.id}: ${Object.keys(change).join(' ')}`)
      )
    );
    change(mine, server);
    expect(mine.cells).toEqual(cells);
    expect(mine.cells[0].ymodel).toBe(ymodel);
    expect(ymodel.get('source')).toBe(ysource);
    expect(ymodel.get('outputs')).toBe(youtputs);
    expect(mine.cells[0].source).toBe('x = 12');
    expect(mine.cells[0].metadata).toEqual({ tags: ['t'] });
    expect(changes).toEqual([
      'a: sourceChange metadataChange streamOutputChange outputsChange',
      'b: sourceChange'
    ]);
  });

  it('inserts, removes and moves cells around those that stay', () => {
    const mine = notebook({ id: 'a' }, { id: 'b' }, { id: 'c' }, { id: 'd' });
    const server = notebook(
      { id: 'new' },
      { id: 'd' },
      { id: 'a' },
      { id: 'c' }
    );
    const [a, , c] = mine.cells;
    change(mine, server);
    expect(mine.cells.map(cell => cell.id)).toEqual(['new', 'd', 'a', 'c']);
    expect(mine.cells[2]).toBe(a);
    expect(mine.cells[3]).toBe(c);
  });

  it('matches cells of other ids by what is in them', () => {
    const mine = notebook({ id: '1', source: 'x' }, { id: '2', source: 'y' });
    const server = notebook({ id: '7', source: 'x' }, { id: '8', source: 'z' });
    const [x] = mine.cells;
    change(mine, server);
    expect(mine.cells[0]).toBe(x);
    expect(mine.cells.map(cell => cell.id)).toEqual(['7', '8']);
  });

  it('makes a cell anew that has another type', () => {
    const mine = notebook({ id: 'a', source: 'x' });
    const server = notebook({ id: 'a', source: 'x', cell_type: 'markdown' });
    change(mine, server);
    expect(mine.cells[0].cell_type).toBe('markdown');
  });

  it('goes on with edits of both sides', () => {
    const mine = notebook({ id: 'a', source: 'x = 1' });
    const server = notebook({ id: 'a', source: 'x = 1' });
    change(mine, server);
    connect(mine.ydoc, server.ydoc);
    const cell = mine.cells[0] as YCodeCell;
    const other = server.cells[0] as YCodeCell;
    cell.updateSource(5, 5, '0');
    other.setOutputs([stream]);
    cell.appendStreamOutput(0, ' more');
    cell.setMetadata('tags', ['t']);
    other.execution_count = 3;
    server.setMetadata('title', 'T');
    mine.insertCell(1, { cell_type: 'raw', source: 'raw' });
    server.moveCell(0, 1);
    mine.cells[1].updateSource(0, 0, '# ');
    const notebooks = [mine.toJSON(), server.toJSON()];
    expect(notebooks[0]).toEqual(notebooks[1]);
    expect(notebooks[0].cells.map(each => each.source)).toEqual([
      'raw',
      '# x = 10'
    ]);
    mine.cells[1].undo();
    expect(server.cells[1].source).toBe('x = 10');
  });

  it('is not harmed by whoever writes into a cell that is gone', () => {
    const mine = notebook({ id: 'a', source: 'a' }, { id: 'b', source: 'b' });
    const server = notebook({ id: 'a', source: 'a' });
    const { ysource, ymodel } = mine.cells[1];
    mine.addCell({ cell_type: 'code' });
    const { youtputs } = mine.cells[2] as YCodeCell;
    mine.deleteCell(2);
    change(mine, server);
    connect(mine.ydoc, server.ydoc);
    ysource.insert(0, 'late');
    ymodel.set('late', true);
    youtputs.push([new Y.Map()]);
    mine.cells[0].updateSource(0, 0, 'still ');
    expect(server.cells[0].source).toBe('still a');
    expect(server.ydoc.store.pendingStructs).toBeNull();
  });

  it('overrules views that answer an edit with an edit', () => {
    const mine = notebook({ id: 'a' });
    mine.changed.connect(() => {
      mine.cells.forEach(cell => cell.setMetadata('trusted', true));
    });
    change(mine, notebook({ id: 'a' }, { id: 'b' }));
  });

  it('is changed also where an observer throws', () => {
    const mine = notebook({ id: 'a' });
    mine.ydoc.getArray('cells').observe(() => {
      throw new Error('a bug');
    });
    expect(() => change(mine, notebook({ id: 'b', source: 'b' }))).toThrow(
      'a bug'
    );
    expect(mine.cells.map(cell => cell.id)).toEqual(['b']);
  });

  it('is filled anew where the views do not come to rest', () => {
    const mine = notebook({ id: 'a' });
    const wasThere = [...mine.cells];
    let answers = 0;
    mine.ydoc.on('afterTransaction', ({ origin }) => {
      if (origin === ORIGIN && answers < 5) {
        mine.setState('answer', ++answers);
      }
    });
    const server = notebook({ id: 'a', source: '!' });
    change(mine, server);
    expect(answers).toBe(5);
    expect(mine.cells).not.toContain(wasThere[0]);
    connect(mine.ydoc, server.ydoc);
    mine.cells[0].updateSource(0, 0, 'on');
    expect(server.cells[0].source).toBe('on!');
  });

  it.each(Array.from({ length: 60 }, (_, seed) => seed))(
    'is what the server has, from whatever it was (seed %i)',
    seed => {
      const random = seeded(seed);
      const mine = notebook(...randomNotebook(random));
      for (let round = 0; round < 3; round++) {
        const server = notebook(
          ...randomNotebook(random, mine.toJSON().cells as ICellContent[])
        );
        change(mine, server);
        connect(mine.ydoc, server.ydoc);
        mine.cells.forEach(cell =>
          cell.updateSource(0, 0, randomText(random, 3))
        );
        mine.deleteCell(0);
        server.addCell({ cell_type: 'code', source: 'end' });
        expect(server.toJSON()).toEqual(mine.toJSON());
        expect(mine.cells.length).toBe(mine.ydoc.getArray('cells').length);
      }
    }
  );
});
