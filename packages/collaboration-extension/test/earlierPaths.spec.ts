// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import type { IContentProvider } from '@jupyterlab/services';
import { expect, it, vi } from 'vitest';

import { onEarlierDrive, withoutDrive } from '../src/contents/earlierPaths';

// F24 [C2]
it('The drive of earlier versions is removed from addresses', () => {
  for (const [before, after] of [
    ['/lab/tree/RTC%3An.ipynb', '/lab/tree/n.ipynb'],
    ['/lab/tree/RTC:n.ipynb', '/lab/tree/n.ipynb'],
    [
      '/user/a/lab/tree/RTC%3afolder/n.ipynb',
      '/user/a/lab/tree/folder/n.ipynb'
    ],
    ['/lab/workspaces/w/tree/RTC%3An.ipynb', '/lab/workspaces/w/tree/n.ipynb'],
    ['/notebooks/RTC%3An.ipynb', '/notebooks/n.ipynb'],
    ['/edit/RTC%3An.txt', '/edit/n.txt'],
    ['/lab/tree/folder/RTC%3An.ipynb', '/lab/tree/folder/RTC%3An.ipynb'],
    ['/lab/tree/RTC/n.ipynb', '/lab/tree/RTC/n.ipynb']
  ]) {
    expect(withoutDrive(before)).toBe(after);
  }
});

// F24 [C2] JupyterLab asks for shared models by paths with the drive.
it('Workspaces with the drive of earlier versions get the shared model of the file', () => {
  const createNew = vi.fn(({ path }: { path: string }) => path);
  const provider = {
    get: vi.fn(),
    save: vi.fn(),
    sharedModelFactory: { collaborative: true, createNew }
  };
  const earlier = onEarlierDrive(provider as unknown as IContentProvider);
  const { sharedModelFactory: factory } = earlier;
  const options = { format: 'json', contentType: 'notebook' } as const;
  for (const [path, local] of [
    ['RTC:folder/n.ipynb', 'folder/n.ipynb'],
    ['n.ipynb', 'n.ipynb'],
    ['folder/RTC:n.ipynb', 'folder/RTC:n.ipynb']
  ]) {
    expect(factory?.createNew({ path, ...options })).toBe(local);
  }
  expect(factory?.collaborative).toBe(true);
  void earlier.get('n.ipynb', { content: true });
  expect(provider.get).toHaveBeenCalledWith('n.ipynb', { content: true });
});
