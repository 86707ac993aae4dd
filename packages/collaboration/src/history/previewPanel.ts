// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * A version of a document in a tab of its own: it is looked at, not edited.
 */

import type {
  Baseline,
  INotebookContent,
  IPreview
} from '@jupyter/docprovider';
import { historyIcon } from '@jupyterlab/ui-components';
import { PanelLayout, Widget } from '@lumino/widgets';

import { dayOf, isToday, timeOf } from './versionWords';
import type { INotebookComparisonOptions } from './notebookComparison';
import { NotebookComparison } from './notebookComparison';
import type { IPreviewModel, IPreviewToolbarProps } from './previewToolbar';
import { PreviewToolbar } from './previewToolbar';
import { TextComparison } from './textComparison';
import type { IVersionAction } from './timelineView';

/**
 * Options of `PreviewPanel`.
 */
export interface IPreviewPanelOptions
  extends
    INotebookComparisonOptions,
    Omit<IPreviewToolbarProps, 'differences' | 'go'> {
  /** What is shown. */
  model: IPreviewModel;
  /** The name of the document. */
  name: string;
  /** The type of a text file. */
  mimeType: string;
  /** Whether the user may bring back what was. */
  mayRestore: () => boolean;
}

/**
 * A preview, and the toolbar above it.
 */
export class PreviewPanel extends Widget {
  /**
   * @param _options What is shown, and how. The panel owns the model.
   */
  constructor(private _options: IPreviewPanelOptions) {
    super();
    const layout = new PanelLayout();
    this.layout = layout;
    this.addClass('jp-VersionPreview');
    this.title.closable = true;
    this.title.icon = historyIcon;
    this.title.className = 'jp-VersionPreview-tab';
    this.node.setAttribute('role', 'region');
    this._toolbar = new PreviewToolbar({
      ..._options,
      go: step => this.go(step),
      differences: () => this._body?.differences ?? null
    });
    layout.addWidget(this._toolbar);
    layout.addWidget(this._note);
    this._note.addClass('jp-VersionPreview-note');
    this._note.node.setAttribute('role', 'status');
    _options.model.changed.connect(this._show, this);
    this._show();
  }

  /**
   * What can be done with the version.
   */
  set actions(actions: readonly IVersionAction[]) {
    this._toolbar.actions = actions;
  }

  /**
   * What versions are compared with.
   */
  get baseline(): Baseline {
    return this._options.model.baseline;
  }
  set baseline(baseline: Baseline) {
    this._options.model.baseline = baseline;
  }

  /**
   * Take the preview away, and its model.
   */
  override dispose(): void {
    if (!this.isDisposed) {
      this._options.model.changed.disconnect(this._show, this);
      this._options.model.dispose();
      super.dispose();
    }
  }

  /**
   * Go to the next difference, or to the one before.
   *
   * @returns Whether there is one.
   */
  go(step: 1 | -1): boolean {
    return this._body?.go(step) ?? false;
  }

  private _show(): void {
    const { model, name, translator: trans } = this._options;
    const { error, shown } = model;
    this._note.setHidden(error === null);
    this._note.node.textContent =
      error === null ? '' : trans.__('This version cannot be shown: %1', error);
    this.node.setAttribute('aria-busy', String(model.isLoading));
    if (shown && shown !== this._shown) {
      this._shown = shown;
      const { version } = shown;
      const label = (when: string) =>
        trans.__('%1 (%2)', name, version.name || when);
      const day = dayOf(version, trans);
      const time = timeOf(version);
      // Tabs are narrow: they show the end of the day or the date only.
      this.title.label = label(isToday(version) ? time : `${day} ${time}`);
      this.title.caption = label(`${day} ${time}`);
      this.node.setAttribute('aria-label', this.title.caption);
      this._showContent(shown);
    }
  }

  private _showContent({ after, baseline, before }: IPreview): void {
    if (isNotebook(after)) {
      this._notebook ??= this._setBody(new NotebookComparison(this._options));
      this._notebook.compare(
        before as INotebookContent | null,
        after,
        baseline === 'now',
        this._options.mayRestore()
      );
    } else {
      this._setBody(
        new TextBody(this._options, before as string | null, after as string)
      );
    }
  }

  private _setBody<T extends IBody>(body: T): T {
    this._body?.dispose();
    this._body = body;
    (this.layout as PanelLayout).addWidget(body);
    return body;
  }

  private _body: IBody | null = null;
  private _note = new Widget();
  private _notebook: NotebookComparison | null = null;
  private _shown: IPreview | null = null;
  private _toolbar: PreviewToolbar;
}

/**
 * What a preview shows.
 */
type IBody = Widget & {
  /** How many differences there are; `null` if that is not known. */
  readonly differences: number | null;
  /** Go to the next one, or to the one before. */
  go(step: 1 | -1): boolean;
};

/**
 * A text file beside an older state of it.
 */
class TextBody extends Widget {
  constructor(
    options: IPreviewPanelOptions,
    before: string | null,
    after: string
  ) {
    super();
    this.addClass('jp-VersionFile');
    this._text = new TextComparison({
      host: this.node,
      before,
      after,
      label: options.name,
      mimeType: options.mimeType,
      languages: options.languages,
      isFile: true
    });
  }

  get differences(): number | null {
    return this._text.differences;
  }

  override dispose(): void {
    this._text.dispose();
    super.dispose();
  }

  go(step: 1 | -1): boolean {
    return this._text.go(step);
  }

  private _text: TextComparison;
}

function isNotebook(content: unknown): content is INotebookContent {
  return typeof content === 'object' && content !== null && 'cells' in content;
}
