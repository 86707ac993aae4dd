// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * A part of a page that can be folded away.
 */

import { PanelLayout, Widget } from '@lumino/widgets';

/**
 * A widget under a title that folds it away.
 */
export class Fold extends Widget {
  /**
   * @param title The title.
   * @param widget What is under it.
   * @param isOpen Whether it is shown at first.
   */
  constructor(title: string, widget: Widget, isOpen: boolean) {
    const node = document.createElement('details');
    super({ node });
    node.open = isOpen;
    const layout = new PanelLayout();
    this.layout = layout;
    layout.addWidget(widget);
    const summary = document.createElement('summary');
    summary.textContent = title;
    node.prepend(summary);
  }
}
