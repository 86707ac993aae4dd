// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

// @vitest-environment jsdom

import type {
  IVersionActions,
  IVersionedDocument
} from '@jupyter/collaboration';
import type { IVersion } from '@jupyter/docprovider';
import type { JupyterFrontEnd } from '@jupyterlab/application';
import { nullTranslator } from '@jupyterlab/translation';
import { expect, it, vi } from 'vitest';

import { versionActions } from '../src/history/versionActions';
import { versionActionsOfOthers } from '../src/history/versionActionsPlugin';

const app = {} as JupyterFrontEnd;
const trans = nullTranslator.load('jupyter_collaboration');
const version = { id: 7 } as IVersion;

function documentOf(contentType: string): IVersionedDocument {
  const access = { role: 'viewer' };
  const timeline = { mayClear: false };
  return {
    provider: { access, contentType },
    timeline
  } as unknown as IVersionedDocument;
}

// [C1]
it('Other extensions add actions to the versions of documents', () => {
  const registry = versionActionsOfOthers.activate(app) as IVersionActions;
  const changed = vi.fn();
  registry.changed.connect(changed);
  const run = vi.fn();
  const added = registry.add({
    label: trans.__('Publish'),
    isVisible: ({ provider }) => provider.contentType === 'notebook',
    run
  });
  expect(changed).toHaveBeenCalledTimes(1);

  let current: IVersionedDocument | null = documentOf('notebook');
  const actions = () => {
    const { added } = registry;
    return versionActions({ added, app, current: () => current, trans });
  };
  const labels = () =>
    actions()
      .filter(({ isVisible }) => isVisible?.() ?? true)
      .map(({ label }) => label);
  expect(labels()).toEqual(['Open as a Copy…', 'Download', 'Publish']);
  actions()
    .find(({ label }) => label === 'Publish')
    ?.run(version);
  expect(run).toHaveBeenCalledExactlyOnceWith(version, current);

  current = documentOf('file');
  expect(labels()).not.toContain('Publish');
  current = null;
  expect(labels()).not.toContain('Publish');
  current = documentOf('notebook');
  added.dispose();
  expect(changed).toHaveBeenCalledTimes(2);
  expect(labels()).not.toContain('Publish');
});
