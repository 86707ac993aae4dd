// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { PageConfig } from '@jupyterlab/coreutils';
import { afterEach, describe, expect, it } from 'vitest';

import { isShared, withoutDisabled } from '../src/contents/earlierIds';

const ours = [
  'contentProvider',
  'globalAwareness',
  'collaborators',
  'userMenu',
  'cursors',
  'timeline',
  'share',
  'presence'
].map(name => `@jupyter/collaboration-extension:${name}`);
const plugins = ours.map(id => ({
  id,
  activate: () => undefined
})) as JupyterFrontEndPlugin<unknown>[];

/**
 * The plugins that do not start, and the warnings, if an id is disabled.
 */
function disabling(id: string): { off: string[]; warnings: string[] } {
  PageConfig.Extension.disabled.push(id);
  const warnings: string[] = [];
  const left = withoutDisabled(plugins, message => warnings.push(message));
  const ids = left.map(plugin => plugin.id);
  return { off: ours.filter(each => !ids.includes(each)), warnings };
}

describe('ids of earlier versions [C1]', () => {
  afterEach(() => {
    PageConfig.Extension.disabled.splice(0);
  });

  it.each([
    ['docprovider-extension:content-provider', 'contentProvider'],
    ['docprovider-extension:statusBarTimeline', 'timeline'],
    ['collaboration-extension:rtcGlobalAwareness', 'globalAwareness'],
    ['collaboration-extension:rtcPanel', 'collaborators'],
    ['collaboration-extension:shared-link', 'share'],
    ['collaboration-extension:user-menu-bar', 'userMenu'],
    ['collaboration-extension:userEditorCursors', 'cursors']
  ])('%s turns off what does the same now', (id, successor) => {
    const { off, warnings } = disabling(`@jupyter/${id}`);
    expect(off).toEqual([`@jupyter/collaboration-extension:${successor}`]);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(id);
    expect(warnings[0]).toContain(successor);
  });

  it('websocket-provider turns off both factories', () => {
    const id = '@jupyter/docprovider-extension:websocket-provider';
    const { warnings } = disabling(id);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(`${id}-document-factory`);
    expect(warnings[0]).toContain(`${id}-awareness-factory`);
  });

  it('the logger is named in a warning', () => {
    const id = 'docprovider-extension:logger';
    const { off, warnings } = disabling(`@jupyter/${id}`);
    expect(off).toEqual([]);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(id);
  });

  it.each([
    ['ynotebook', 'notebook', 'file'],
    ['yfile', 'file', 'notebook']
  ])('%s turns off the sharing of its type only', (name, type, other) => {
    const { off, warnings } = disabling(
      `@jupyter/docprovider-extension:${name}`
    );
    expect(off).toEqual([]);
    expect(warnings).toHaveLength(1);
    expect([isShared(type), isShared(other)]).toEqual([false, true]);
  });

  it('the extension that shared documents is named once', () => {
    const { off, warnings } = disabling('@jupyter/docprovider-extension');
    // Nothing is shared, but files of other types open: see `index.ts`.
    expect(off).toEqual([]);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('documents are not shared');
  });

  it('does nothing to other ids', () => {
    const { off, warnings } = disabling('@jupyterlab/running-extension:plugin');
    expect([off, warnings]).toEqual([[], []]);
    expect([isShared('notebook'), isShared('file')]).toEqual([true, true]);
  });
});
