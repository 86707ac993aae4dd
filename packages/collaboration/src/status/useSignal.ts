// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * A React hook for models that announce their changes by a signal.
 */

import type { ISignal } from '@lumino/signaling';
import * as React from 'react';

/**
 * Render a component again whenever a signal is emitted.
 *
 * Unlike JupyterLab's `UseSignal`, which subscribes on mount only, it follows
 * to another signal when the component gets another model.
 *
 * @param signal The signal; `null` for none.
 */
export function useSignal(signal: ISignal<unknown, unknown> | null): void {
  const [, render] = React.useReducer((count: number) => count + 1, 0);
  React.useEffect(() => {
    const listener = (): void => render();
    signal?.connect(listener);
    // What changed between rendering and now is not missed.
    listener();
    return () => {
      signal?.disconnect(listener);
    };
  }, [signal]);
}
