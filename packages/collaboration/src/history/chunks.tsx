// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Parts of a long list, of which only those near the view are rendered.
 */

import * as React from 'react';

/** How far outside the view a chunk is rendered already, in pixels. */
const MARGIN = 800;

/**
 * Properties of `Chunk`.
 */
export interface IChunkProps {
  /** How many items it has. */
  length: number;
  /** How tall an item is approximately, in pixels. */
  itemHeight: number;
  /** Whether it is rendered wherever it is, as it has the focused item. */
  isPinned: boolean;
  /** Renders the items. */
  render: () => React.ReactNode;
}

/**
 * Some items of a list: rendered near the view, and an empty space of the same
 * height elsewhere. Everything is rendered where visibility is not known.
 */
export function Chunk(props: IChunkProps): React.ReactElement {
  const { isPinned, itemHeight, length, render } = props;
  const element = React.useRef<HTMLUListElement>(null);
  const height = React.useRef(length * itemHeight);
  const canObserve = typeof IntersectionObserver !== 'undefined';
  const [isNear, setNear] = React.useState(!canObserve);
  React.useEffect(() => {
    const node = element.current;
    if (!node || !canObserve) {
      return;
    }
    const observer = new IntersectionObserver(
      entries => {
        const { boundingClientRect, isIntersecting } =
          entries[entries.length - 1];
        // Not while the panel is hidden.
        if (boundingClientRect.height > 0) {
          height.current = boundingClientRect.height;
        }
        setNear(isIntersecting);
      },
      { root: node.closest('.jp-Timeline'), rootMargin: `${MARGIN}px 0px` }
    );
    observer.observe(node);
    return () => observer.disconnect();
  }, [canObserve]);
  const isShown = isNear || isPinned;
  return (
    <ul
      ref={element}
      aria-hidden={!isShown || undefined}
      style={isShown ? undefined : { height: height.current }}
    >
      {isShown && render()}
    </ul>
  );
}
