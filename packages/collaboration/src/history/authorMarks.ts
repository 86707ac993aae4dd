// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Colors the text of an editor by who wrote it, with a name on hover. [V6]
 *
 * Knows a model that tells ranges and authors; knows nothing of servers.
 */

import type { IAuthoredRange } from '@jupyter/docprovider';
import type { Extension } from '@codemirror/state';
import { StateEffect } from '@codemirror/state';
import type {
  DecorationSet,
  EditorView,
  PluginValue,
  ViewUpdate
} from '@codemirror/view';
import { Decoration, hoverTooltip, ViewPlugin } from '@codemirror/view';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { ISignal } from '@lumino/signaling';
import type * as Y from 'yjs';

import { keyColor } from '../people/userColor';
import { language } from '../status/language';

/**
 * Who wrote which part of texts, as far as it is shown.
 */
export interface IAuthorsModel {
  /** The authors of a text; none where they are not to be shown. */
  rangesOf(text: Y.Text): readonly IAuthoredRange[];
  /** The color of an author; that of the username alone by default. */
  colorOf?(text: Y.Text, username: string): string;
  /** A signal emitted when other authors are to be shown. */
  readonly changed: ISignal<unknown, void>;
}

/**
 * What marks of authors need.
 */
export interface IAuthorMarksOptions {
  /** Knows the authors. */
  authors: IAuthorsModel;
  /** The text of the editor. */
  text: Y.Text;
  /** Translates what is shown. */
  translator: TranslationBundle;
}

/** The effect that asks for other marks. */
const authorsChanged = StateEffect.define<null>();

/**
 * The extension of an editor that shows who wrote its text.
 */
export function authorMarks(options: IAuthorMarksOptions): Extension {
  const plugin = ViewPlugin.define(view => new AuthorMarks(view, options), {
    decorations: value => value.decorations
  });
  const hover = hoverTooltip((view, at, side) => {
    const range = view.plugin(plugin)?.rangeAt(at, side);
    return range
      ? {
          pos: range.from,
          end: range.to,
          above: true,
          create: () => ({ dom: tooltip(range, options.translator) })
        }
      : null;
  });
  return [plugin, hover];
}

/**
 * Who wrote a part of a text, and when, in words.
 */
export function authorInWords(
  { kind, name, time }: IAuthoredRange,
  trans: TranslationBundle
): string {
  const when = new Date(time * 1000).toLocaleString(language(), {
    dateStyle: 'medium',
    timeStyle: 'short'
  });
  if (!name) {
    return trans.__('Changed on disk, %1', when);
  }
  return kind === 'restore'
    ? trans.__('Brought back by %1, %2', name, when)
    : trans.__('%1, %2', name, when);
}

class AuthorMarks implements PluginValue {
  constructor(
    private _view: EditorView,
    private _options: IAuthorMarksOptions
  ) {
    this.decorations = Decoration.none;
    this._look();
    _options.authors.changed.connect(this._redraw, this);
  }

  decorations: DecorationSet;

  update(update: ViewUpdate): void {
    if (isAsked(update)) {
      this._look();
    } else if (update.docChanged) {
      this.decorations = this.decorations.map(update.changes);
      // The shared text follows its editor after this; ask it then.
      if (this._ranges.length) {
        void Promise.resolve().then(() => this._redraw());
      }
    } else if (update.viewportChanged) {
      this._draw();
    }
  }

  destroy(): void {
    this._isDestroyed = true;
    this._options.authors.changed.disconnect(this._redraw, this);
  }

  /**
   * What is marked at a place.
   */
  rangeAt(at: number, side: number): IAuthoredRange | undefined {
    return this._ranges.find(({ from, to }) =>
      side < 0 ? from < at && at <= to : from <= at && at < to
    );
  }

  private _redraw(): void {
    if (!this._isDestroyed) {
      this._view.dispatch({ effects: authorsChanged.of(null) });
    }
  }

  private _look(): void {
    const { authors, text } = this._options;
    this._ranges = authors
      .rangesOf(text)
      .filter(({ author, kind }) => author !== null || kind === 'disk');
    this._draw();
  }

  private _draw(): void {
    const { length } = this._view.state.doc;
    const { from, to } = this._view.viewport;
    this.decorations = Decoration.set(
      this._ranges
        .filter(range => range.from < to && range.to > from)
        .filter(range => range.to <= length)
        .map(range => markOf(range, this._colorOf).range(range.from, range.to))
    );
  }

  private _colorOf = (author: string): string => {
    const { authors, text } = this._options;
    return authors.colorOf?.(text, author) ?? keyColor(author);
  };

  private _isDestroyed = false;
  private _ranges: readonly IAuthoredRange[] = [];
}

function isAsked({ transactions }: ViewUpdate): boolean {
  return transactions.some(({ effects }) =>
    effects.some(effect => effect.is(authorsChanged))
  );
}

function markOf(
  { author }: IAuthoredRange,
  colorOf: (author: string) => string
): Decoration {
  return Decoration.mark({
    class: author === null ? 'jp-AuthorMark jp-mod-disk' : 'jp-AuthorMark',
    ...(author === null
      ? {}
      : {
          attributes: {
            'data-author': author,
            style: `--jp-author-color: ${colorOf(author)}`
          }
        })
  });
}

function tooltip(range: IAuthoredRange, trans: TranslationBundle): HTMLElement {
  const node = document.createElement('div');
  node.className = 'jp-AuthorMark-tooltip';
  node.textContent = authorInWords(range, trans);
  return node;
}
