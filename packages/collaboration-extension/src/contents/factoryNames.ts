// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The names of JupyterLab's widget factories, which name toolbars as well.
 */

/** Those of editors: there people have places, and documents are saved. */
export const EDITORS = ['Notebook', 'Editor'] as const;

/** Those of viewers that have a toolbar. [P10] */
export const VIEWERS = ['CSVTable', 'TSVTable', 'HTML Viewer'] as const;
