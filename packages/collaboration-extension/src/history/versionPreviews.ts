// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The tabs in which versions of documents are looked at, one a document. [V9]
 */

import type {
  IVersionActions,
  IVersionedDocument
} from '@jupyter/collaboration';
import { PreviewPanel, versionSeen } from '@jupyter/collaboration';
import type { Timeline } from '@jupyter/docprovider';
import { VersionPreview } from '@jupyter/docprovider';
import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import { PathExt } from '@jupyterlab/coreutils';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { Widget } from '@lumino/widgets';
import { SplitPanel } from '@lumino/widgets';

import { offerActions } from '../contents/menus';
import { isDocument } from '../contents/sharedDocument';
import { isSingle } from '../contents/shells';
import { nameIn } from './timelines';
import { restoreCell, versionActions } from './versionActions';

/**
 * What previews need.
 */
export interface IVersionPreviewsOptions {
  /** What other extensions add to the actions. */
  added: IVersionActions | null;
  /** Shows the tabs. */
  app: JupyterFrontEnd;
  /** How code is colored. */
  languages: IEditorLanguageRegistry;
  /** Renders outputs and markdown. */
  rendermime: IRenderMimeRegistry;
  /** Translates what users see. */
  trans: TranslationBundle;
}

/**
 * The previews that are open.
 */
export class VersionPreviews {
  /**
   * @param _options What they need.
   */
  constructor(private _options: IVersionPreviewsOptions) {}

  /**
   * Show the version that is selected in the timeline of a document; the tab
   * follows what is selected from then on.
   *
   * @param keepsFocus Whether the keyboard stays where it is.
   */
  show(document: IVersionedDocument, keepsFocus = false): void {
    const { app } = this._options;
    const focused = window.document.activeElement;
    const panel = this._panels.get(document.timeline) ?? this._add(document);
    if (!panel.isVisible) {
      app.shell.activateById(panel.id);
      if (keepsFocus && focused instanceof HTMLElement) {
        focused.focus();
      }
    }
  }

  /**
   * Show how a document differs from what it was at a time.
   *
   * @param since The time, in seconds since the epoch.
   */
  async showSince(document: IVersionedDocument, since: number): Promise<void> {
    const { timeline } = document;
    const isReached = () => timeline.versions.some(({ end }) => end <= since);
    while (timeline.hasMore && !isReached() && timeline.error === null) {
      await timeline.more();
    }
    timeline.select(versionSeen(timeline.versions, since)?.id ?? null);
    this.show(document);
    const panel = this._panels.get(timeline);
    if (panel) {
      panel.baseline = 'now';
    }
  }

  private _add(document: IVersionedDocument): PreviewPanel {
    const { context, timeline } = document;
    const panel = this._make(document);
    this._panels.set(timeline, panel);
    const close = () => panel.dispose();
    context.disposed.connect(close);
    panel.disposed.connect(() => {
      this._panels.delete(timeline);
      context.disposed.disconnect(close);
    });
    const { app } = this._options;
    if (isSingle(app)) {
      app.shell.add(panel, 'down', { type: 'Collaboration' });
      app.shell.activateById(panel.id);
      giveRoom(panel);
    } else {
      const current = app.shell.currentWidget;
      const isHere = isDocument(current) && current.context === context;
      app.shell.add(panel, 'main', {
        activate: false,
        mode: 'split-right',
        ref: isHere ? current.id : null,
        type: 'Collaboration'
      });
    }
    return panel;
  }

  private _make(document: IVersionedDocument): PreviewPanel {
    const { added, app, languages, rendermime, trans } = this._options;
    const { context, model: sharedModel, provider, timeline } = document;
    const name = PathExt.basename(provider.path);
    const model = new VersionPreview(timeline, sharedModel);
    const mime = languages.findByFileName(name)?.mime ?? 'text/plain';
    const current = () => document;
    const actions = () =>
      versionActions({ added: added?.added ?? [], app, current, trans });
    const panel = new PreviewPanel({
      actions: actions(),
      languages,
      mayRestore: () => provider.access.role === 'editor',
      mimeType: typeof mime === 'string' ? mime : mime[0],
      model,
      name,
      nameOf: username => nameIn(document, username),
      offer: offerActions,
      rendermime: rendermime.clone({ resolver: context.urlResolver }),
      restoreCell: cell => {
        if (model.shown) {
          restoreCell(trans, document, model.shown.version, cell);
        }
      },
      translator: trans
    });
    const update = () => {
      panel.actions = actions();
    };
    added?.changed.connect(update);
    panel.disposed.connect(() => added?.changed.disconnect(update));
    panel.id = `jp-collaboration-preview-${++this._count}`;
    return panel;
  }

  private _count = 0;
  private _panels = new Map<Timeline, PreviewPanel>();
}

/**
 * Give a widget in the area below the document as much room as the document:
 * the area is closed at first.
 */
function giveRoom(widget: Widget): void {
  let place = widget.parent;
  while (place && !(place instanceof SplitPanel && isVertical(place))) {
    place = place.parent;
  }
  if (place instanceof SplitPanel && place.widgets.length === 2) {
    place.setRelativeSizes([1, 1]);
  }
}

function isVertical({ orientation }: SplitPanel): boolean {
  return orientation === 'vertical';
}
