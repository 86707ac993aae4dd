// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The timeline of a document, as a panel of a side bar.
 */

import { historyIcon, ReactWidget } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import * as React from 'react';

import type { HistoryTarget, ITimelineViewProps } from './timelineView';
import { TimelineView } from './timelineView';

/**
 * Options of `TimelinePanel`.
 */
export interface ITimelinePanelOptions extends Omit<
  ITimelineViewProps,
  'target'
> {
  /** Give the keyboard back to the document, after Escape. */
  leave?: () => void;
}

/**
 * A panel with the versions of one document at a time.
 */
export class TimelinePanel extends ReactWidget {
  /**
   * @param _options What is done with versions, and how they are shown.
   */
  constructor(private _options: ITimelinePanelOptions) {
    super();
    const { translator: trans } = _options;
    this.id = 'jp-collaboration-timeline';
    this.addClass('jp-Timeline');
    this.title.icon = historyIcon;
    this.title.caption = trans.__('Version History');
    this.node.setAttribute('role', 'region');
    this.node.tabIndex = -1;
    this.node.addEventListener('keydown', event => {
      if (event.key === 'Escape' && !event.defaultPrevented) {
        _options.leave?.();
      }
    });
    this._label();
  }

  /**
   * The document whose versions are shown.
   */
  get target(): HistoryTarget {
    return this._target;
  }
  set target(target: HistoryTarget) {
    this._target = target;
    this._label();
    this.update();
  }

  /**
   * A signal emitted when the panel was shown or hidden.
   */
  get visibilityChanged(): ISignal<this, boolean> {
    return this._visibilityChanged;
  }

  /**
   * Stop showing anything.
   */
  override dispose(): void {
    if (!this.isDisposed) {
      super.dispose();
      Signal.clearData(this);
    }
  }

  /**
   * Take the keyboard: to the version that is selected, or the newest one.
   */
  protected override onActivateRequest(msg: Message): void {
    super.onActivateRequest(msg);
    const item = this.node.querySelector<HTMLElement>(
      '.jp-Timeline-item[tabindex="0"]'
    );
    // Without one, the list takes the keyboard from the panel when it has one.
    (item ?? this.node).focus();
  }

  protected override onAfterAttach(msg: Message): void {
    super.onAfterAttach(msg);
    if (this.isVisible) {
      this._visibilityChanged.emit(true);
    }
  }

  protected override onAfterShow(msg: Message): void {
    super.onAfterShow(msg);
    this._visibilityChanged.emit(true);
  }

  protected override onAfterHide(msg: Message): void {
    super.onAfterHide(msg);
    this._visibilityChanged.emit(false);
  }

  protected override render(): React.ReactElement {
    return <TimelineView {...this._options} target={this._target} />;
  }

  private _label(): void {
    const { translator: trans } = this._options;
    this.node.setAttribute(
      'aria-label',
      this._target.kind === 'none'
        ? trans.__('Version History')
        : trans.__('Version history of %1', this._target.path)
    );
  }

  private _target: HistoryTarget = { kind: 'none' };
  private _visibilityChanged = new Signal<this, boolean>(this);
}
