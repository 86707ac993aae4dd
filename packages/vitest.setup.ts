// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * What JupyterLab's packages expect of a browser and jsdom lacks.
 */

class FakeDragEvent extends Event {}

Object.assign(globalThis, {
  DragEvent: FakeDragEvent,
  matchMedia: () => ({ matches: false }),
  requestIdleCallback: (callback: () => void) => setTimeout(callback)
});
