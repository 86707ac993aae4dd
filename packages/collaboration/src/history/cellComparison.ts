// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * A cell of a version, with what differs from another state of it marked.
 *
 * Shows what is given; outputs and markdown are not trusted. What is in it is
 * made when it is first seen.
 */

import type { ICellComparison, ICellContent } from '@jupyter/docprovider';
import { isDifferent, notedOf, sourceOf } from '@jupyter/docprovider';
import { AttachmentsModel, AttachmentsResolver } from '@jupyterlab/attachments';
import type { IAttachments, IOutput } from '@jupyterlab/nbformat';
import {
  OutputArea,
  OutputAreaModel,
  SimplifiedOutputArea
} from '@jupyterlab/outputarea';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { MimeModel } from '@jupyterlab/rendermime';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';
import { Panel, PanelLayout, Widget } from '@lumino/widgets';

import { Fold } from './fold';
import type { Languages } from './textComparison';
import { TextComparison } from './textComparison';

/** Pixels of a line of text, where it is not known yet how tall a cell is. */
const LINE_HEIGHT = 17;

/** Pixels that a cell takes beside its lines. */
const FRAME_HEIGHT = 44;

/** The most pixels that a cell is taken for before it is seen. */
const MOST_HEIGHT = 600;

/**
 * What cells are shown with.
 */
export interface ICellOptions {
  /** How code is colored. */
  languages: Languages;
  /** The type of the code. */
  mimeType: string;
  /** Renders outputs and markdown. */
  rendermime: IRenderMimeRegistry;
  /** Translates what is shown. */
  translator: TranslationBundle;
  /** Whether differences are those since the version. */
  isSince: boolean;
  /**
   * Make a cell what it was in the version; `null` if the user may not.
   */
  restore: ((cell: string) => void) | null;
}

/**
 * A cell.
 */
export class CellComparison extends Widget {
  /**
   * @param comparison The cell in both states.
   * @param _options How it is shown.
   */
  constructor(
    readonly comparison: ICellComparison,
    private _options: ICellOptions
  ) {
    super({ node: document.createElement('section') });
    this.layout = new PanelLayout();
    this.addClass('jp-VersionCell');
    const { after, before } = comparison;
    const words = this._words();
    const label = [this._place(), ...words].join(', ');
    this.node.setAttribute('aria-label', label);
    this.toggleClass('jp-mod-added', !before);
    this.toggleClass('jp-mod-removed', !after);
    this.toggleClass('jp-mod-different', isDifferent(comparison));
    this.node.tabIndex = isDifferent(comparison) ? 0 : -1;
    this._add(new Widget({ node: this._header(words) }));
    const lines = sourceOf(this._cell).split('\n').length;
    const height = Math.min(lines * LINE_HEIGHT + FRAME_HEIGHT, MOST_HEIGHT);
    this.node.style.minHeight = `${height}px`;
  }

  /**
   * What the cell is known by while it is shown in other states.
   */
  get cellId(): string | undefined {
    return this._cell.id;
  }

  /**
   * Show what is in the cell, if it is not shown yet.
   */
  fill(): void {
    if (this._isFilled || this.isDisposed) {
      return;
    }
    this._isFilled = true;
    this.node.style.minHeight = '';
    const { after, before, isNoted, isRun } = this.comparison;
    const { translator: trans } = this._options;
    this._addSource();
    const cell = this._cell;
    if (cell.outputs?.length) {
      this._addOutputs(cell.outputs, trans.__('Outputs'), true);
    }
    const old = before?.cell.outputs;
    if (after && isRun && old?.length) {
      this._addOutputs(old, trans.__('Outputs before'), false);
    }
    if (isNoted || (after && before ? false : hasNotes(cell))) {
      this._addNotes();
    }
  }

  /**
   * Take the cell away.
   */
  override dispose(): void {
    this._parts.forEach(part => part.dispose());
    this._parts = [];
    super.dispose();
  }

  private get _cell(): ICellContent {
    const { after, before } = this.comparison;
    return (after ?? before)!.cell;
  }

  private _place(): string {
    const { after, before } = this.comparison;
    return this._options.translator.__('Cell %1', (after ?? before)!.number);
  }

  /**
   * What differs, in words.
   */
  private _words(): string[] {
    const { after, before, isChanged, isMoved, isNoted, isRun } =
      this.comparison;
    const { isSince, translator: trans } = this._options;
    const words: string[] = [];
    if (!before) {
      words.push(isSince ? trans.__('Added since') : trans.__('Added'));
    }
    if (!after) {
      words.push(isSince ? trans.__('Removed since') : trans.__('Removed'));
    }
    if (isMoved) {
      words.push(trans.__('Moved from %1', before!.number));
    }
    if (isChanged) {
      words.push(isSince ? trans.__('Changed since') : trans.__('Changed'));
    }
    if (isRun) {
      words.push(isSince ? trans.__('Run since') : trans.__('Run'));
    }
    if (isNoted) {
      words.push(trans.__('Metadata'));
    }
    return words;
  }

  private _header(words: string[]): HTMLElement {
    const header = element('header', 'jp-VersionCell-header');
    const number = element('span', 'jp-VersionCell-number');
    number.textContent = this._place();
    header.append(number);
    for (const word of words) {
      const chip = element('span', 'jp-VersionCell-chip');
      chip.textContent = word;
      header.append(chip);
    }
    // The version is the older state if differences are those since it.
    const { isSince, restore, translator: trans } = this._options;
    const { after, before } = this.comparison;
    const id = (isSince ? before : after)?.cell.id;
    if (restore && id !== undefined) {
      const button = element('button', 'jp-VersionCell-restore');
      button.textContent = trans.__('Restore This Cell');
      button.onclick = () => restore(id);
      header.append(button);
    }
    return header;
  }

  private _addSource(): void {
    const { after, before, isChanged } = this.comparison;
    const cell = this._cell;
    const host = this._add(new Panel());
    host.addClass('jp-VersionCell-source');
    if (cell.cell_type === 'markdown' && !isChanged) {
      void this._renderMarkdown(host, cell);
      return;
    }
    const { languages, translator: trans } = this._options;
    this._parts.push(
      new TextComparison({
        host: host.node,
        before: isChanged && before && after ? sourceOf(before.cell) : null,
        after: sourceOf(cell),
        label: trans.__('Text of %1', this._place()),
        mimeType: this._mimeType(cell),
        languages
      })
    );
  }

  private _mimeType({ cell_type }: ICellContent): string {
    switch (cell_type) {
      case 'code':
        return this._options.mimeType;
      case 'markdown':
        return 'text/x-ipythongfm';
    }
    return 'text/plain';
  }

  private async _renderMarkdown(
    host: Panel,
    cell: ICellContent
  ): Promise<void> {
    let { rendermime } = this._options;
    if (cell.attachments) {
      const values = cell.attachments as IAttachments;
      const model = new AttachmentsModel({ values });
      this._parts.push(model);
      const parent = rendermime.resolver ?? undefined;
      const resolver = new AttachmentsResolver({ parent, model });
      rendermime = rendermime.clone({ resolver });
    }
    const type = 'text/markdown';
    const renderer = rendermime.createRenderer(type);
    host.addWidget(renderer);
    const data = { [type]: sourceOf(cell) };
    await renderer.renderModel(new MimeModel({ data, trusted: false }));
  }

  private _addOutputs(
    outputs: unknown[],
    title: string,
    isOpen: boolean
  ): void {
    const { rendermime } = this._options;
    const model = new OutputAreaModel({
      values: outputs as IOutput[],
      trusted: false
    });
    this._parts.push(model);
    const area = new SimplifiedOutputArea({
      model,
      rendermime,
      contentFactory: OutputArea.defaultContentFactory
    });
    this._add(new Fold(title, area, isOpen)).addClass('jp-VersionCell-outputs');
  }

  private _addNotes(): void {
    const { after, before } = this.comparison;
    const { languages, translator: trans } = this._options;
    const title = trans.__('Metadata');
    const host = new Widget();
    this._add(new Fold(title, host, false)).addClass('jp-VersionCell-metadata');
    this._parts.push(
      new TextComparison({
        host: host.node,
        before: after && before ? notesInWords(before.cell) : null,
        after: notesInWords(this._cell),
        label: title,
        mimeType: 'application/json',
        languages
      })
    );
  }

  private _add<T extends Widget>(widget: T): T {
    (this.layout as PanelLayout).addWidget(widget);
    return widget;
  }

  private _isFilled = false;
  private _parts: IDisposable[] = [];
}

function hasNotes({ attachments, metadata }: ICellContent): boolean {
  return !!attachments || Object.keys(notedOf(metadata)).length > 0;
}

function notesInWords({ attachments, metadata }: ICellContent): string {
  const notes = {
    ...notedOf(metadata),
    ...(attachments ? { attachments } : {})
  };
  return JSON.stringify(notes, null, 2);
}

function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  className: string
): HTMLElementTagNameMap[Tag] {
  const node = document.createElement(tag);
  node.className = className;
  return node;
}
