// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

// @vitest-environment jsdom

/**
 * Each plugin is useful alone: it is activated with what it requires and nothing else, and with
 * everything that is optional.
 */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import { PageConfig } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import type { IPlugin } from '@lumino/coreutils';
import { PluginRegistry } from '@lumino/coreutils';
import { Signal } from '@lumino/signaling';
import { beforeAll, describe, expect, it, vi } from 'vitest';

// Of these, nothing but which widgets are theirs is looked at while plugins are activated.
vi.mock('@jupyterlab/cells', () => ({ CodeCell: class {} }));
vi.mock('@jupyterlab/fileeditor', () => ({ FileEditor: class {} }));
vi.mock('@jupyterlab/notebook', async () => {
  const { Token } = await import('@lumino/coreutils');
  return {
    INotebookCellExecutor: new Token(
      '@jupyterlab/notebook:INotebookCellExecutor'
    ),
    INotebookTracker: new Token('@jupyterlab/notebook:INotebookTracker'),
    Notebook: class {},
    NotebookActions: {},
    NotebookPanel: class {}
  };
});
vi.mock('@jupyterlab/outputarea', () => ({
  OutputArea: class {},
  OutputAreaModel: class {},
  OutputPrompt: class {},
  SimplifiedOutputArea: class {},
  Stdin: class {}
}));

/** An item of a toolbar, in the settings of a plugin. */
interface IItem {
  name: string;
  type?: string;
}

type Plugin = IPlugin<JupyterFrontEnd, unknown>;

let ours: Plugin[];

beforeAll(async () => {
  PageConfig.setOption('collaborationRunsCells', 'true');
  ours = (await import('../src/index')).default as Plugin[];
}, 120_000);

/** A socket to a server that never answers. */
class SilentSocket extends EventTarget {
  readonly readyState = 0;
  close = () => undefined;
  send = () => undefined;
}

const signal = () => new Signal<object, unknown>({});
const disposable = () => ({ dispose: () => undefined });

/** What JupyterLab's own plugins provide, as far as it is used by activating ours. */
function ofJupyterLab(): Record<string, object> {
  const registry = { register: disposable, getProvider: () => null };
  return {
    ICommandPalette: { addItem: disposable },
    IDefaultDrive: {
      name: '',
      contentProviderRegistry: registry,
      fileChanged: signal()
    },
    IDocumentManager: { autosave: true, stateChanged: signal() },
    IEditorExtensionRegistry: { addExtension: () => undefined },
    IEditorLanguageRegistry: {},
    ILabStatus: { dirtySignal: signal(), isDirty: false, setDirty: disposable },
    ILayoutRestorer: { add: () => undefined },
    INotebookTracker: {
      currentChanged: signal(),
      forEach: () => undefined,
      widgetAdded: signal()
    },
    IRenderMimeRegistry: { clone: () => ({}) },
    ISessionContextDialogs: {},
    ISettingRegistry: {
      load: async () => ({
        changed: signal(),
        composite: {},
        get: () => ({ composite: undefined })
      })
    },
    IStatusBar: { registerStatusItem: disposable },
    IToolbarWidgetRegistry: { addFactory: () => undefined },
    ITranslator: nullTranslator
  };
}

/** JupyterLab without documents. */
function application(): JupyterFrontEnd {
  const identity = { username: 'ada', name: 'Ada', display_name: 'Ada' };
  const shell = {
    activateById: () => undefined,
    add: () => undefined,
    currentChanged: signal(),
    currentWidget: null,
    layoutModified: signal(),
    widgets: () => [][Symbol.iterator]()
  };
  return {
    commands: new CommandRegistry(),
    docRegistry: {
      addWidgetExtension: disposable,
      changed: signal(),
      fileTypes: () => [][Symbol.iterator](),
      widgetFactories: () => [][Symbol.iterator]()
    },
    restored: Promise.resolve(),
    serviceManager: {
      connectionFailure: signal(),
      contents: { addDrive: () => undefined, fileChanged: signal() },
      events: { stream: signal() },
      kernels: { runningChanged: signal() },
      serverSettings: ServerConnection.makeSettings({
        WebSocket: SilentSocket as unknown as typeof WebSocket,
        fetch: () => new Promise(() => {})
      }),
      sessions: { runningChanged: signal(), running: () => [] },
      user: { identity, userChanged: signal(), ready: Promise.resolve() }
    },
    shell,
    started: Promise.resolve()
  } as unknown as JupyterFrontEnd;
}

/** Activate a plugin, with those that it needs. */
async function activate(
  plugin: Plugin,
  withOptional: boolean,
  fakes = ofJupyterLab()
): Promise<PluginRegistry<JupyterFrontEnd>> {
  const registry = new PluginRegistry<JupyterFrontEnd>();
  registry.application = application();
  const known = new Set<string>();
  const register = (each: Plugin) => {
    registry.registerPlugin(each);
    const optional = withOptional ? (each.optional ?? []) : [];
    for (const token of [...(each.requires ?? []), ...optional]) {
      if (known.has(token.name)) {
        continue;
      }
      known.add(token.name);
      const provider = ours.find(({ provides }) => provides === token);
      const name = token.name.split(':').pop() ?? '';
      expect(
        provider ?? fakes[name],
        `who provides ${token.name}`
      ).toBeTruthy();
      register(
        provider ?? {
          id: `jupyterlab:${name}`,
          provides: token,
          activate: () => fakes[name]
        }
      );
    }
  };
  register(plugin);
  await registry.activatePlugin(plugin.id);
  return registry;
}

// [P10]
it('each toolbar has the items that the settings name', async () => {
  const names = ['share', 'timeline', 'userBadges'];
  const made: string[] = [];
  const fakes = ofJupyterLab();
  Object.assign(fakes.IToolbarWidgetRegistry, {
    addFactory: (toolbar: string, item: string) =>
      made.push(`${toolbar}: ${item}`)
  });
  const wanted: string[] = [];
  for (const name of names) {
    const plugin = ours.find(({ id }) => id.endsWith(`:${name}`))!;
    await activate(plugin, true, fakes);
    const { default: schema } = (await import(`../schema/${name}.json`)) as {
      default: Record<'jupyter.lab.toolbars', Record<string, IItem[]>>;
    };
    for (const [toolbar, items] of Object.entries(
      schema['jupyter.lab.toolbars']
    )) {
      wanted.push(
        ...items
          .filter(({ type }) => type !== 'spacer')
          .map(item => `${toolbar}: ${item.name}`)
      );
    }
  }
  expect(made.sort()).toEqual(wanted.sort());
  for (const toolbar of ['Notebook', 'CSVTable', 'TSVTable', 'HTML Viewer']) {
    expect(made.filter(each => each.startsWith(`${toolbar}: `))).toEqual(
      ['share', 'timeline', 'users'].map(item => `${toolbar}: ${item}`)
    );
  }
});

describe.each([false, true])('With what is optional (%s)', withOptional => {
  it('each plugin is activated', async () => {
    expect(ours.length).toBeGreaterThan(30);
    const errors = vi.spyOn(console, 'error');
    const failures: unknown[] = [];
    for (const plugin of ours) {
      try {
        const registry = await activate(plugin, withOptional);
        expect(registry.isPluginActivated(plugin.id)).toBe(true);
        if (plugin.provides) {
          const provided = await registry.resolveRequiredService(
            plugin.provides
          );
          expect(provided).toBeTruthy();
        }
        expect(errors.mock.calls).toEqual([]);
      } catch (error) {
        failures.push([plugin.id, (error as Error).stack?.slice(0, 300)]);
      }
      errors.mockClear();
    }
    errors.mockRestore();
    expect(failures).toEqual([]);
  }, 30_000);
});

// [C2]
it('share nothing while the earlier extension that shared documents is disabled', async () => {
  const name = '@jupyter/docprovider-extension';
  PageConfig.Extension.disabled.push(name);
  vi.resetModules();
  const warn = vi.spyOn(console, 'warn').mockReturnValue(undefined);
  const { default: plugins } = await import('../src/index');
  PageConfig.Extension.disabled.splice(0);
  expect(plugins.map(({ id }) => id.split(':')[1])).toEqual([
    'contentProvider',
    'globalAwareness',
    'websocket-provider-document-factory',
    'websocket-provider-awareness-factory',
    'forkManager',
    'userMenu',
    'installation'
  ]);
  expect(warn).toHaveBeenCalledWith(
    expect.stringContaining(`${name} is disabled`)
  );
}, 120_000);
