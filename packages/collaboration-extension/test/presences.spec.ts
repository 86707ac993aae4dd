// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

// @vitest-environment jsdom

import type { Activity } from '@jupyter/docprovider';
import { YFile } from '@jupyter/ydoc';
import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { IDocumentWidget } from '@jupyterlab/docregistry';
import { FileEditor } from '@jupyterlab/fileeditor';
import { nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import { EditorView } from '@codemirror/view';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { IOpenPresence } from '../src/people/presences';
import { Presences } from '../src/people/presences';

// Of these, nothing but which widgets are theirs is looked at.
vi.mock('@jupyterlab/cells', () => ({ CodeCell: class {} }));
vi.mock('@jupyterlab/fileeditor', () => ({ FileEditor: class {} }));
vi.mock('@jupyterlab/notebook', () => ({ Notebook: class {} }));

const trans = nullTranslator.load('jupyter_collaboration');

let activity: FakeActivity;
let presences: Presences;
let shell: { currentWidget: unknown };
let view: EditorView;

beforeEach(() => {
  activity = new FakeActivity();
  shell = { currentWidget: null };
  const user = { identity: { username: 'ada' } };
  const app = { shell, serviceManager: { user } };
  presences = new Presences(
    app as unknown as JupyterFrontEnd,
    activity as unknown as Activity,
    trans
  );
  view = new EditorView();
});

afterEach(() => {
  view.destroy();
});

/** Whether the user does anything. */
class FakeActivity {
  readonly isIdleChanged = new Signal<this, boolean>(this);
  isIdle = false;

  set(isIdle: boolean): void {
    this.isIdle = isIdle;
    this.isIdleChanged.emit(isIdle);
  }
}

/** A file that is open, or another widget. */
class FakeWidget {
  constructor(sharedModel: unknown, content: object = editor()) {
    this.content = content;
    this.context = { model: { sharedModel } };
  }

  readonly content: object;
  context: { model: { sharedModel: unknown } | null };
  readonly disposed = new Signal<this, void>(this);
  isDisposed = false;

  get real(): IDocumentWidget {
    return this as unknown as IDocumentWidget;
  }

  dispose(): void {
    this.isDisposed = true;
    this.context.model = null;
    this.disposed.emit();
  }
}

/** What is taken for a file editor. */
function editor(): object {
  const node = document.createElement('div');
  return Object.create(FileEditor.prototype, {
    editor: { value: { editor: view } },
    node: { value: node }
  }) as object;
}

describe('The presence of a document', () => {
  it('is made once, and gone with what shows it', () => {
    const file = new YFile();
    const widget = new FakeWidget(file);
    const opened: IOpenPresence[] = [];
    presences.opened.connect((_, each) => opened.push(each));
    const made = presences.of(widget.real);
    expect(made?.widget).toBe(widget);
    expect(presences.of(widget.real)).toBe(made);
    expect(opened).toEqual([made]);
    expect(presences.all).toEqual([made]);
    expect(presences.current).toBeNull();
    shell.currentWidget = widget;
    expect(presences.current).toBe(made);

    widget.dispose();
    expect(presences.all).toEqual([]);
    expect(presences.current).toBeNull();
    expect(made?.presence.isDisposed).toBe(true);
    expect(made?.following.isDisposed).toBe(true);
    file.dispose();
  });

  // [P3]
  it('tells whether the user is idle', () => {
    const file = new YFile();
    const widget = new FakeWidget(file);
    file.awareness.setLocalState({});
    presences.of(widget.real);
    const told = () => file.awareness.getLocalState()?.isIdle as unknown;
    expect(told()).toBe(false);
    activity.set(true);
    expect(told()).toBe(true);
    widget.dispose();
    activity.set(false);
    expect(told()).toBe(true);
    file.dispose();
  });

  it('is none where it is not shared, or of another kind', () => {
    const file = new YFile();
    expect(presences.of(new FakeWidget({}).real)).toBeNull();
    expect(presences.of(new FakeWidget(file, {}).real)).toBeNull();
    expect(presences.all).toEqual([]);
    file.dispose();
  });

  it('is none of a document that is closed already', () => {
    const file = new YFile();
    const widget = new FakeWidget(file);
    widget.dispose();
    expect(presences.of(widget.real)).toBeNull();
    file.dispose();
  });
});
