// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * A button in the toolbar of a document that is about this very document.
 *
 * A button of a command is about the current document instead, which another
 * one is until after the click.
 */

import type { LabIcon } from '@jupyterlab/ui-components';
import {
  addToolbarButtonClass,
  ReactWidget,
  ToolbarButtonComponent
} from '@jupyterlab/ui-components';
import * as React from 'react';

/**
 * Options of `DocumentButton`.
 */
export interface IDocumentButtonOptions {
  /** The icon. */
  icon: LabIcon;
  /** The text beside it; hidden in narrow toolbars. */
  label?: string;
  /** What the button does, in words. */
  tooltip: string;
  /** Do it. */
  onClick: () => void;
}

/**
 * A button in the toolbar of a document.
 */
export class DocumentButton extends ReactWidget {
  /**
   * @param _options What it shows and does.
   */
  constructor(private _options: IDocumentButtonOptions) {
    super();
    addToolbarButtonClass(this);
    showAtEnd(this);
  }

  protected override render(): React.ReactElement {
    return <ToolbarButtonComponent {...this._options} />;
  }
}

/**
 * Show an item at the end of a toolbar, wherever it is among the items: those
 * that are first stay visible in a narrow toolbar, which moves the last ones
 * into a menu.
 */
export function showAtEnd({ node }: ReactWidget): void {
  node.slot = 'end';
}
