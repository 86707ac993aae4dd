// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * One person at a browser: opens documents, types, and tells what the document holds.
 *
 * What a document holds is read from the model of the open widget rather than from the page,
 * which shows only the part that is in view.
 */

import {
  type BrowserContext,
  type Locator,
  type Page,
  expect
} from '@playwright/test';

import type { Server } from './server';

/**
 * What the tests use of `window.jupyterapp`.
 */
interface IApp {
  commands: {
    execute(id: string, args?: object): Promise<unknown>;
    isEnabled(id: string): boolean;
  };
  serviceManager: {
    contents: {
      contentProviderRegistry?: IProviderRegistry;
      defaultDrive?: { contentProviderRegistry?: IProviderRegistry };
    };
  };
  shell: {
    currentWidget: IDocumentWidget | null;
    widgets(area: string): Iterable<IDocumentWidget>;
  };
}

interface IProviderRegistry {
  getProvider(id: string): { providers?: Map<string, IProvider> } | null;
}

interface IProvider {
  edits?: { unsent: { count: number } };
}

interface ISharedCells {
  get(index: number): { set(key: string, value: unknown): void };
}

interface ICellWidget {
  node: Element;
  /** Of a Markdown cell: whether it shows its text rendered, or is about to. */
  rendered?: boolean;
}

interface IDocumentWidget {
  content?: {
    scrollToItem?: (index: number, align: string) => Promise<void>;
    widgets?: readonly ICellWidget[];
  };
  context?: {
    isReady: boolean;
    path: string;
    sessionContext: {
      session: { kernel: { connectionStatus: string } | null } | null;
    };
    model: {
      toString(): string;
      collaborative: boolean;
      sharedModel: {
        ydoc: {
          getArray(name: string): ISharedCells;
          getMap(name: string): { get(key: string): unknown };
          transact(change: () => void): void;
        };
      };
    };
  };
}

declare global {
  interface Window {
    jupyterapp: IApp;
    isSamePage?: boolean;
  }
}

/**
 * What is read of an open document.
 */
export interface IDocument {
  isReady: boolean;
  path: string;
  collaborative: boolean;
  text: string;
}

/**
 * A cell as the model has it.
 */
export interface ICell {
  cell_type: string;
  execution_count?: number | null;
  outputs?: { output_type: string; text?: string | string[] }[];
  source: string | string[];
}

/**
 * Holds messages on their way to the server while it is closed.
 */
export interface IValve {
  close(): void;
  open(): void;
}

/**
 * A person with a browser of their own.
 */
export class Person {
  constructor(
    readonly page: Page,
    readonly context: BrowserContext,
    readonly server: Server,
    readonly nickname: string
  ) {
    page.on('websocket', socket => this.sockets.push(socket.url()));
    page.on('request', request => this.requests.push(request.url()));
  }

  /**
   * The addresses of all WebSockets that the page has opened, and of all it asked for.
   */
  readonly sockets: string[] = [];
  readonly requests: string[] = [];

  /**
   * Get a valve for what the page sends about its documents; before one is opened.
   */
  async valve(): Promise<IValve> {
    let held: (() => void)[] | null = null;
    await this.page.routeWebSocket(/api\/collaboration\/room\//, socket => {
      const server = socket.connectToServer();
      socket.onMessage(message => {
        const send = () => server.send(message);
        if (held) {
          held.push(send);
        } else {
          send();
        }
      });
    });
    return {
      close: () => {
        held ??= [];
      },
      open: () => {
        held?.forEach(send => send());
        held = null;
      }
    };
  }

  /**
   * Open a document in the application of the server, and wait until it can be edited.
   *
   * In JupyterLab each person has a workspace of their own, which begins empty.
   */
  async open(name: string): Promise<void> {
    await this.goTo(name);
    await this.documentReady(name);
  }

  /**
   * Open a document that JupyterLab shows in a viewer, and wait until it is there.
   */
  async openViewer(name: string): Promise<void> {
    await this.goTo(name);
    await expect
      .poll(() => this.document(), { timeout: 40_000 })
      .toMatchObject({ path: name, isReady: true });
  }

  /**
   * Load the page of a document, as `open` does.
   */
  private async goTo(name: string): Promise<void> {
    const { server } = this;
    const view = name.endsWith('.ipynb') ? 'notebooks' : 'edit';
    const path = name.split('/').map(encodeURIComponent).join('/');
    const place =
      server.application === 'lab'
        ? `lab/workspaces/${this.nickname}/tree/${path}?reset&`
        : `${view}/${path}?`;
    await this.page.goto(
      `${server.url}/${place}token=${server.token}&person=${this.nickname}`
    );
  }

  /**
   * Wait until a document is open and holds what the server has of it.
   */
  async documentReady(name: string): Promise<void> {
    await expect(this.editors.first()).toBeVisible({ timeout: 40_000 });
    await expect
      .poll(() => this.document(), { timeout: 40_000 })
      .toMatchObject({ path: name, isReady: true });
  }

  /**
   * The name that the server has given this person.
   */
  async name(): Promise<string> {
    const identity = await this._identity();
    return identity.display_name || identity.name;
  }

  /**
   * The username of this person, which no other guest of this server has. The
   * names of guests are drawn from a short list, so two can have the same one.
   */
  async username(): Promise<string> {
    return (await this._identity()).username;
  }

  /**
   * The paths of the documents that have a kernel.
   */
  async sessions(): Promise<string[]> {
    const { server } = this;
    const response = await this.page.request.get(`${server.url}/api/sessions`);
    const sessions: { path: string }[] = await response.json();
    return sessions.map(session => session.path);
  }

  /**
   * Wait until the open notebook is connected to its kernel: before that, JupyterLab opens a
   * dialog if the server goes away.
   */
  async kernelReady(): Promise<void> {
    const status = () =>
      this.page.evaluate(() => {
        for (const { context } of window.jupyterapp.shell.widgets('main')) {
          const kernel = context?.sessionContext.session?.kernel;
          if (kernel) {
            return kernel.connectionStatus;
          }
        }
        return 'none';
      });
    await expect.poll(status, { timeout: 40_000 }).toBe('connected');
  }

  /**
   * The open document as its model has it; `null` without one.
   */
  async document(): Promise<IDocument | null> {
    return this.page.evaluate(() => {
      for (const widget of window.jupyterapp?.shell.widgets('main') ?? []) {
        const { context } = widget;
        if (context) {
          const { isReady, path, model } = context;
          return {
            isReady,
            path,
            collaborative: model.collaborative,
            text: isReady ? model.toString() : ''
          };
        }
      }
      return null;
    });
  }

  /**
   * The path of the open document.
   */
  async path(): Promise<string | undefined> {
    return (await this.document())?.path;
  }

  /**
   * The text of the open document: of a notebook, its JSON.
   */
  async text(): Promise<string> {
    return (await this.document())?.text ?? '';
  }

  /**
   * The cells of the open notebook.
   */
  async cells(): Promise<ICell[]> {
    return JSON.parse(await this.text()).cells;
  }

  /**
   * The sources of the cells of the open notebook.
   */
  async sources(): Promise<string[]> {
    return (await this.cells()).map(cell => joined(cell.source));
  }

  /**
   * The text that a cell's outputs print.
   */
  async printed(index: number): Promise<string> {
    const cell = (await this.cells())[index];
    return (cell.outputs ?? [])
      .map(output => joined(output.text ?? ''))
      .join('');
  }

  /**
   * The number of changes that the server has not acknowledged; -1 where it is not known.
   */
  async pendingChanges(): Promise<number> {
    return this.page.evaluate(() => {
      const { contents } = window.jupyterapp.serviceManager;
      const registry =
        contents.contentProviderRegistry ??
        contents.defaultDrive?.contentProviderRegistry;
      const providers = registry?.getProvider('rtc')?.providers;
      let count = -1;
      providers?.forEach(provider => {
        count = Math.max(count, 0) + (provider.edits?.unsent.count ?? NaN);
      });
      return Number.isNaN(count) ? -1 : count;
    });
  }

  /**
   * The number of changes that the browser keeps for its next page.
   */
  async keptChanges(): Promise<number> {
    return this.page.evaluate(
      () =>
        new Promise<number>((resolve, reject) => {
          const opening = indexedDB.open('jupyter-collaboration');
          opening.onerror = () => reject(opening.error);
          opening.onsuccess = () => {
            const db = opening.result;
            const counting = db
              .transaction('updates')
              .objectStore('updates')
              .count();
            counting.onsuccess = () => {
              db.close();
              resolve(counting.result);
            };
          };
        })
    );
  }

  /**
   * Mark the page, so that `isSamePage` tells whether it was loaded again.
   */
  async markPage(): Promise<void> {
    await this.page.evaluate(() => {
      window.isSamePage = true;
    });
  }

  /**
   * Whether the page was not loaded again since it was marked.
   */
  async isSamePage(): Promise<boolean> {
    return this.page.evaluate(() => window.isSamePage === true);
  }

  /**
   * The same person after a crash of the page: with a new one, nothing open.
   */
  async afterCrash(): Promise<Person> {
    const { context, nickname, server } = this;
    await this.page.close();
    return new Person(await context.newPage(), context, server, nickname);
  }

  /**
   * How the open document is connected and saved, in words.
   */
  get status(): Locator {
    return this.page.locator('.jp-DocumentStatusItem-text');
  }

  /**
   * A button of a notification.
   */
  notificationButton(label: string): Locator {
    return this.page.locator('.jp-toast-button', { hasText: label });
  }

  /**
   * The editors and rendered cells of the open document that are in view.
   */
  get editors(): Locator {
    return this.page
      .locator(
        '.jp-Notebook .cm-content, .jp-Notebook .jp-MarkdownOutput, .jp-FileEditor .cm-content'
      )
      .filter({ visible: true });
  }

  /**
   * The n-th cell.
   */
  cell(index: number): Locator {
    return this.page.locator(
      `.jp-Notebook .jp-Cell[data-windowed-list-index="${index}"]`
    );
  }

  /**
   * The editor of the n-th cell.
   */
  cellEditor(index: number): Locator {
    return this.cell(index).locator('.jp-InputArea-editor .cm-content');
  }

  /**
   * The editor of the open text file.
   */
  get fileEditor(): Locator {
    return this.page.locator('.jp-FileEditor .cm-content');
  }

  /**
   * Put the caret at the end of a cell, opening its editor if it is rendered.
   */
  async enterCell(index: number): Promise<void> {
    if (await this._isRendered(index)) {
      // In a document that has just opened, this waits until there is something to click.
      await this.cell(index).locator('.jp-MarkdownOutput').dblclick();
    }
    await this.cellEditor(index).click();
    await this.page.keyboard.press('Control+End');
  }

  /**
   * Type at the end of a cell.
   */
  async typeInCell(index: number, text: string): Promise<void> {
    await this.enterCell(index);
    await this.page.keyboard.type(text);
  }

  /**
   * Type at the end of the open text file.
   */
  async typeInFile(text: string): Promise<void> {
    await this.fileEditor.click();
    await this.page.keyboard.press('Control+End');
    await this.page.keyboard.type(text);
  }

  /**
   * Make a cell the active one, in command mode.
   */
  async selectCell(index: number): Promise<void> {
    await this.cell(index).locator('.jp-InputPrompt').click();
    await this.page.keyboard.press('Escape');
    await expect(this.cell(index)).toHaveClass(/jp-mod-active/);
  }

  /**
   * Open another document in the same page.
   */
  async openBeside(name: string): Promise<void> {
    await this.page.evaluate(
      path =>
        window.jupyterapp.commands
          .execute('docmanager:open', { path })
          .then(() => null),
      name
    );
    await expect.poll(() => this.currentPath()).toBe(name);
  }

  /**
   * The path of the document that is looked at.
   */
  async currentPath(): Promise<string | undefined> {
    return this.page.evaluate(
      () => window.jupyterapp.shell.currentWidget?.context?.path
    );
  }

  /**
   * Whether one of the open documents has this path, and contains a text.
   */
  async isOpen(name: string, text: string): Promise<boolean> {
    return this.page.evaluate(
      ([path, part]) =>
        [...window.jupyterapp.shell.widgets('main')].some(
          ({ context }) =>
            context?.path === path &&
            context.isReady &&
            context.model.toString().includes(part)
        ),
      [name, text]
    );
  }

  /**
   * Scroll until a cell is at the top of what is seen.
   */
  async goToCell(index: number): Promise<void> {
    await this.page.evaluate(async at => {
      for (const { content } of window.jupyterapp.shell.widgets('main')) {
        await content?.scrollToItem?.(at, 'start');
      }
    }, index);
    await expect(this.cell(index)).toBeInViewport();
  }

  /**
   * Insert a cell at the active one, type into it, and go back to command mode.
   */
  async insertCell(where: 'above' | 'below', text: string): Promise<void> {
    await this.command(`notebook:insert-cell-${where}`);
    await this.command('notebook:enter-edit-mode');
    const active = this.page.locator('.jp-Notebook .jp-Cell.jp-mod-active');
    await expect(active.locator('.cm-content')).toBeFocused();
    await this.page.keyboard.type(text);
    await this.page.keyboard.press('Escape');
  }

  /**
   * Run a command of the application, such as `notebook:cut-cell`.
   */
  async command(id: string): Promise<void> {
    await this.page.evaluate(
      command => window.jupyterapp.commands.execute(command).then(() => null),
      id
    );
  }

  /**
   * The room of the open document.
   */
  async room(): Promise<string> {
    return this.page.evaluate(() => {
      for (const { context } of window.jupyterapp.shell.widgets('main')) {
        const state = context?.model.sharedModel.ydoc.getMap('state');
        if (state) {
          return String(state.get('document_id'));
        }
      }
      return '';
    });
  }

  /**
   * Do something with the provider of the open document, as an extension might.
   *
   * @param deed Runs in the page: it knows its arguments only.
   */
  async withProvider<T>(
    deed: (provider: T, args: string[]) => Promise<void>,
    args: string[]
  ): Promise<void> {
    await this.page.evaluate(
      async ([text, given]) => {
        const { contents } = window.jupyterapp.serviceManager;
        const registry =
          contents.contentProviderRegistry ??
          contents.defaultDrive?.contentProviderRegistry;
        const providers = registry?.getProvider('rtc')?.providers;
        const [provider] = providers?.values() ?? [];
        const act = new Function(`return ${text as string}`)() as (
          provider: unknown,
          args: unknown
        ) => Promise<void>;
        await act(provider, given);
      },
      [String(deed), args] as const
    );
  }

  /**
   * Run a command with arguments.
   */
  async commandWith(id: string, args: object): Promise<void> {
    await this.page.evaluate(
      ([command, given]) =>
        window.jupyterapp.commands
          .execute(command as string, given as object)
          .then(() => null),
      [id, args] as const
    );
  }

  /**
   * Put values into a shared cell in one transaction, as an extension might.
   */
  async setInCell(
    index: number,
    values: Record<string, unknown>
  ): Promise<void> {
    await this.page.evaluate(
      ([at, given]) => {
        for (const { context } of window.jupyterapp.shell.widgets('main')) {
          if (!context) {
            continue;
          }
          const { ydoc } = context.model.sharedModel;
          ydoc.transact(() => {
            const cell = ydoc.getArray('cells').get(at);
            Object.entries(given).forEach(([key, to]) => cell.set(key, to));
          });
        }
      },
      [index, values] as const
    );
  }

  /**
   * Start a command that waits for a dialog, without waiting for it.
   */
  async startCommand(id: string): Promise<void> {
    await this.page.evaluate(command => {
      void window.jupyterapp.commands.execute(command);
    }, id);
  }

  /**
   * The modal dialogs that are open.
   */
  get dialogs(): Locator {
    return this.page.locator('.jp-Dialog');
  }

  /**
   * Close the dialog that is open, once it has the keyboard.
   */
  async escapeDialog(): Promise<void> {
    await expect(this.page.locator('.jp-Dialog:focus-within')).toHaveCount(1);
    await this.page.keyboard.press('Escape');
    await expect(this.dialogs).toHaveCount(0);
  }

  /**
   * The carets of others.
   */
  get remoteCursors(): Locator {
    return this.page.locator('.jp-remote-cursor');
  }

  /**
   * The selections of others.
   */
  get remoteSelections(): Locator {
    return this.page.locator('.jp-remote-selection');
  }

  /**
   * The mark of a document that may only be read.
   */
  get viewingMark(): Locator {
    return this.page.locator('.jp-ViewingItem').filter({ visible: true });
  }

  /**
   * A notification with some words.
   */
  notification(words: string | RegExp): Locator {
    return this.page.locator('.Toastify__toast', { hasText: words });
  }

  /**
   * Whether a command can be used now.
   */
  async isEnabled(id: string): Promise<boolean> {
    return this.page.evaluate(
      command => window.jupyterapp.commands.isEnabled(command),
      id
    );
  }

  /**
   * The badge of somebody who is in the document, in its toolbar.
   */
  badge(name: string): Locator {
    const named = ['title', 'aria-label'].flatMap(attribute =>
      ['', ' '].map(
        inside => `.jp-toolbar-users-item${inside}[${attribute}*="${name}"]`
      )
    );
    return this.page.locator(named.join(', '));
  }

  /**
   * Close the tab of the current document; in JupyterLab only.
   *
   * @param options Whether to wait until it is closed: not if a question is expected.
   */
  async closeCurrent(options: { wait?: boolean } = {}): Promise<void> {
    await this.startCommand('application:close');
    if (options.wait ?? true) {
      await expect.poll(() => this.document()).toBeNull();
    }
  }

  /**
   * Close the browser, as somebody who leaves.
   */
  async leave(): Promise<void> {
    await this.context.close();
  }

  private async _identity(): Promise<Record<string, string>> {
    const { server } = this;
    const response = await this.page.request.get(`${server.url}/api/me`);
    expect(response.ok()).toBe(true);
    return (await response.json()).identity;
  }

  /**
   * Whether a cell shows its text rendered, or will as soon as it shows anything.
   */
  private async _isRendered(index: number): Promise<boolean> {
    return this.cell(index).evaluate(node => {
      for (const { content } of window.jupyterapp.shell.widgets('main')) {
        const cell = content?.widgets?.find(each => each.node === node);
        if (cell) {
          return cell.rendered === true;
        }
      }
      return false;
    });
  }
}

function joined(text: string | string[]): string {
  return typeof text === 'string' ? text : text.join('');
}
