// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * What differs between JupyterLab and Notebook 7.
 */

import type { JupyterFrontEnd } from '@jupyterlab/application';

/**
 * Whether an application shows one document, as Notebook 7 does: its main
 * area takes no second one, and other documents open in pages of their own.
 */
export function isSingle(app: JupyterFrontEnd): boolean {
  return !('mode' in app.shell);
}

/**
 * Show a panel of the right side bar without giving it the keyboard.
 */
export function expandRight({ shell }: JupyterFrontEnd, id: string): void {
  if ('expandRight' in shell && typeof shell.expandRight === 'function') {
    shell.expandRight(id);
  }
}
