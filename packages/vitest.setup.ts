// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * What JupyterLab's packages expect of a browser and jsdom lacks.
 */

class FakeDragEvent extends Event {}

/** The answer to a media query that never holds. */
class FakeMediaQueryList extends EventTarget {
  readonly matches = false;
  addListener = () => undefined;
  removeListener = () => undefined;
}

Object.assign(globalThis, {
  DragEvent: FakeDragEvent,
  matchMedia: () => new FakeMediaQueryList(),
  requestIdleCallback: (callback: () => void) => setTimeout(callback)
});
