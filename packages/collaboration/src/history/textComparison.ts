// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * A text that cannot be edited, with what differs from an older one marked:
 * whole lines, and words inside them.
 *
 * Knows CodeMirror; knows nothing of documents.
 */

import {
  getChunks,
  goToNextChunk,
  goToPreviousChunk,
  unifiedMergeView
} from '@codemirror/merge';
import { Compartment, EditorState } from '@codemirror/state';
import { EditorView, keymap, lineNumbers } from '@codemirror/view';
import type { IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import { jupyterTheme } from '@jupyterlab/codemirror';
import type { IDisposable } from '@lumino/disposable';

/** Milliseconds that are spent on finding the words that differ. */
const MOST_TIME = 200;

/**
 * The languages that texts are colored by.
 */
export type Languages = Pick<
  IEditorLanguageRegistry,
  'findByMIME' | 'getLanguage'
>;

/**
 * Options of `TextComparison`.
 */
export interface ITextComparisonOptions {
  /** Where it is shown. */
  host: HTMLElement;
  /** The older text; `null` if there is none to compare with. */
  before: string | null;
  /** The newer text. */
  after: string;
  /** What the text is called, for those who do not see it. */
  label: string;
  /** The type of the text. */
  mimeType: string;
  /** How texts are colored. */
  languages: Languages;
  /** Whether this is a whole file: lines are numbered, what is same folded. */
  isFile?: boolean;
}

/**
 * A text beside an older one.
 */
export class TextComparison implements IDisposable {
  /**
   * Show two texts.
   */
  constructor(options: ITextComparisonOptions) {
    const { after, before, host, isFile, label, languages, mimeType } = options;
    const isMarked = before !== null && before !== after;
    const language = new Compartment();
    this._view = new EditorView({
      parent: host,
      state: EditorState.create({
        doc: after,
        extensions: [
          EditorState.readOnly.of(true),
          EditorView.editable.of(false),
          EditorView.lineWrapping,
          EditorView.contentAttributes.of({
            'aria-label': label,
            ...(isFile ? { tabindex: '0' } : {})
          }),
          jupyterTheme,
          language.of([]),
          isFile ? lineNumbers() : [],
          isMarked
            ? unifiedMergeView({
                original: before,
                mergeControls: false,
                gutter: isFile === true,
                allowInlineDiffs: true,
                diffConfig: { scanLimit: 500, timeout: MOST_TIME },
                ...(isFile
                  ? { collapseUnchanged: { margin: 3, minSize: 8 } }
                  : {})
              })
            : [],
          isFile
            ? keymap.of([
                { key: 'F7', run: goToNextChunk },
                { key: 'Shift-F7', run: goToPreviousChunk }
              ])
            : []
        ]
      })
    });
    void this._color(languages, mimeType, language);
  }

  /**
   * Whether it is disposed.
   */
  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /**
   * How many pieces of the text differ.
   */
  get differences(): number {
    return getChunks(this._view.state)?.chunks.length ?? 0;
  }

  /**
   * Take the texts away.
   */
  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this._view.destroy();
    }
  }

  /**
   * Go to the next difference, or to the one before.
   *
   * @returns Whether there is one.
   */
  go(step: 1 | -1): boolean {
    this._view.focus();
    return (step > 0 ? goToNextChunk : goToPreviousChunk)(this._view);
  }

  private async _color(
    languages: Languages,
    mimeType: string,
    compartment: Compartment
  ): Promise<void> {
    const found = languages.findByMIME(mimeType);
    const language = found && (await languages.getLanguage(found));
    if (language?.support && !this._isDisposed) {
      this._view.dispatch({
        effects: compartment.reconfigure(language.support)
      });
    }
  }

  private _isDisposed = false;
  private _view: EditorView;
}
