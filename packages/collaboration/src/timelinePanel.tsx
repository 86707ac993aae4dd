// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The timeline of a document, as a panel of a side bar.
 */

import { historyIcon, ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { ITimelineViewProps } from './timelineView';
import { TimelineView } from './timelineView';

/**
 * A panel with the versions of one document at a time.
 */
export class TimelinePanel extends ReactWidget {
  /**
   * @param _options What is done with versions, and how they are shown.
   */
  constructor(private _options: Omit<ITimelineViewProps, 'model'>) {
    super();
    const { translator: trans } = _options;
    this.id = 'jp-collaboration-timeline';
    this.addClass('jp-Timeline');
    this.title.icon = historyIcon;
    this.title.caption = trans.__('History of the Document');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', this.title.caption);
  }

  /**
   * The versions that are shown; `null` if no shared document is looked at.
   */
  get model(): ITimelineViewProps['model'] {
    return this._model;
  }
  set model(model: ITimelineViewProps['model']) {
    this._model = model;
    this.update();
  }

  protected override render(): React.ReactElement {
    return <TimelineView {...this._options} model={this._model} />;
  }

  private _model: ITimelineViewProps['model'] = null;
}
