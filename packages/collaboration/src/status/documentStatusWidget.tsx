// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The status of the current document, as an item of the status bar.
 */

import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { IDocumentStatusModel } from './documentStatusItem';
import { DocumentStatusItem } from './documentStatusItem';

/**
 * A widget with the status of a document at a time.
 */
export class DocumentStatusWidget extends ReactWidget {
  /**
   * @param _trans Translates what is shown.
   * @param _onMore Shows more of the model.
   */
  constructor(
    private _trans: TranslationBundle,
    private _onMore?: () => void
  ) {
    super();
    this.addClass('jp-DocumentStatusWidget');
  }

  /**
   * The status to show; `null` for none.
   */
  get model(): IDocumentStatusModel | null {
    return this._model;
  }
  set model(model: IDocumentStatusModel | null) {
    if (this._model !== model && !this.isDisposed) {
      this._model = model;
      this.update();
    }
  }

  /**
   * Stop showing anything.
   */
  override dispose(): void {
    this._model = null;
    super.dispose();
  }

  protected override render(): React.ReactElement {
    return (
      <DocumentStatusItem
        model={this._model}
        onMore={this._onMore}
        translator={this._trans}
      />
    );
  }

  private _model: IDocumentStatusModel | null = null;
}
