// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The language in which the application shows dates and times.
 */

/**
 * JupyterLab's language, which need not be that of the browser.
 *
 * JupyterLab marks its page with it, and formats its own dates by that mark.
 */
export function language(): string {
  return document.documentElement.lang || 'en';
}
