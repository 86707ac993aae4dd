// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { expect, it } from 'vitest';

import { withoutDrive } from '../src/contents/earlierPaths';

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
