// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The widget of the timeline, under the name that other packages import. [C1]
 */

import type { ServerConnection } from '@jupyterlab/services';
import { nullTranslator } from '@jupyterlab/translation';
// Other packages import this widget from here.
// eslint-disable-next-line no-restricted-imports
import { Widget } from '@lumino/widgets';

import type { IForkProvider } from '../forks/forkTokens';

/**
 * Says where the history of a document is.
 *
 * The history is a panel of the side bar, which does not move the document.
 */
export class TimelineWidget extends Widget {
  /**
   * The parameters are those of earlier versions.
   */
  constructor(
    _apiURL?: string,
    _provider?: IForkProvider,
    _contentType?: string,
    _format?: string,
    _documentTimelineUrl?: string,
    _serverSettings?: ServerConnection.ISettings
  ) {
    super();
    this.addClass('jp-TimelineWidget');
    const trans = nullTranslator.load('jupyter_collaboration');
    this.node.textContent = trans.__(
      'Version history is in the right side bar.'
    );
  }

  /**
   * Show another document: there is nothing to do.
   */
  updateContent(_apiURL: string, _provider: IForkProvider): void {
    return;
  }
}
