// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Draws the others over and under the text of an editor.
 *
 * Layers, not widgets in the text: they neither move the text nor disturb an
 * input method. They are not those of CodeMirror: whoever moves would have the
 * editor update itself and measure its own geometry, for each editor anew.
 */

import type { Extension } from '@codemirror/state';
import { EditorSelection } from '@codemirror/state';
import type {
  LayerMarker,
  PluginValue,
  Rect,
  ViewUpdate
} from '@codemirror/view';
import { EditorView, RectangleMarker, ViewPlugin } from '@codemirror/view';

import { pageColor, textColorOn } from '../people/userColor';
import type { IDrawing } from './drawQueue';
import { DrawQueue } from './drawQueue';
import { editorAwarenessFacet } from './facet';
import type { NamePlace } from './markers';
import { CaretMarker, SelectionMarker } from './markers';
import type { IRemotePerson } from './remotePeople';
import { RemotePeople } from './remotePeople';

/**
 * How far from a caret the pointer still shows its name, in pixels.
 */
const HOVER_REACH = 6;

/**
 * The room that a name takes to the right of its caret, in pixels.
 */
const NAME_ROOM = 120;

/**
 * The gap between a line and the name beside it, in pixels.
 */
const NAME_GAP = 8;

/**
 * Where the name of a caret stands.
 *
 * @param caret The caret on the page.
 * @param edge The visible part of the editor on the page.
 */
export function namePlace(
  caret: Pick<Rect, 'top' | 'bottom'>,
  edge: Pick<Rect, 'top' | 'bottom'>
): NamePlace {
  const height = caret.bottom - caret.top;
  if (caret.top - edge.top >= height) {
    return 'above';
  }
  return edge.bottom - caret.bottom >= height ? 'below' : 'beside';
}

/**
 * The carets of a person.
 */
function carets(view: EditorView, person: IRemotePerson): CaretMarker[] {
  const edge = view.scrollDOM.getBoundingClientRect();
  const textColor = textColorOn(person.color, pageColor);
  return person.ranges.flatMap(({ head }) => {
    const at = view.coordsAtPos(head, 1);
    const cursor = EditorSelection.cursor(head, 1);
    const [mark] = RectangleMarker.forRange(view, '', cursor);
    if (!at || !mark) {
      return [];
    }
    const place = namePlace(at, edge);
    const isNarrow = at.left - edge.left > NAME_ROOM;
    const lineEnd =
      place === 'beside'
        ? view.coordsAtPos(view.state.doc.lineAt(head).to, -1)
        : null;
    return new CaretMarker({
      clientId: person.clientId,
      name: person.name,
      color: person.color,
      textColor,
      moving: person.moving,
      left: mark.left,
      top: mark.top,
      height: mark.height,
      place,
      toLeft:
        place !== 'beside' && isNarrow && edge.right - at.left < NAME_ROOM,
      shift: lineEnd ? Math.max(0, lineEnd.right - at.left) + NAME_GAP : 0
    });
  });
}

/**
 * The selections of a person.
 */
function selections(
  view: EditorView,
  person: IRemotePerson
): SelectionMarker[] {
  return person.ranges
    .filter(({ anchor, head }) => anchor !== head)
    .flatMap(({ anchor, head }) =>
      RectangleMarker.forRange(
        view,
        'jp-remote-selection',
        EditorSelection.range(anchor, head)
      )
    )
    .map(rectangle => new SelectionMarker(rectangle, person.color));
}

/**
 * What one layer shows: a marker for each element in it.
 *
 * The layer is in the page only while it shows something: the browser composes
 * every layer in each frame, and a notebook may have a thousand editors.
 */
class Layer<T extends LayerMarker> {
  constructor(
    private _parent: HTMLElement,
    className: string
  ) {
    this.element.className = `cm-layer ${className}`;
    this.element.setAttribute('aria-hidden', 'true');
  }

  readonly element = document.createElement('div');

  get isEmpty(): boolean {
    return this._drawn.length === 0;
  }

  draw(markers: readonly T[]): void {
    if (!markers.length) {
      this.element.remove();
    } else if (this.element.parentElement !== this._parent) {
      this._parent.append(this.element);
    }
    const elements = [...this.element.children] as HTMLElement[];
    markers.forEach((marker, index) => {
      const element = elements[index];
      const drawn = this._drawn[index];
      if (!element) {
        this.element.append(marker.draw());
      } else if (!marker.eq(drawn) && !marker.update?.(element, drawn)) {
        element.replaceWith(marker.draw());
      }
    });
    elements.slice(markers.length).forEach(element => element.remove());
    this._drawn = markers;
  }

  private _drawn: readonly T[] = [];
}

/** What is stale in all editors is drawn together. */
const drawQueue = new DrawQueue();

/**
 * The others in the text of one editor.
 */
class RemoteLayers implements PluginValue, IDrawing {
  constructor(private _view: EditorView) {
    const { dom, scrollDOM, state } = _view;
    this.element = dom;
    this._selections = new Layer(scrollDOM, 'jp-remote-selections');
    this._carets = new Layer(scrollDOM, 'jp-remote-cursors');
    this._people = new RemotePeople(() => drawQueue.ask(this));
    this._people.follow(state.facet(editorAwarenessFacet));
    this._askIfAnybody();
  }

  readonly element: Element;

  update(update: ViewUpdate): void {
    const config = update.state.facet(editorAwarenessFacet);
    const isRebound = config !== update.startState.facet(editorAwarenessFacet);
    if (isRebound) {
      this._people.follow(config);
    }
    if (isRebound || update.geometryChanged || update.viewportChanged) {
      this._askIfAnybody();
    }
  }

  docViewUpdate(): void {
    this._askIfAnybody();
  }

  destroy(): void {
    drawQueue.remove(this);
    this._people.dispose();
    this._selections.element.remove();
    this._carets.element.remove();
  }

  measure(): () => void {
    const view = this._view;
    const people = this._people.at(view.state.doc.length);
    const drawnSelections = people.flatMap(each => selections(view, each));
    const drawnCarets = people.flatMap(each => carets(view, each));
    const { scaleX, scaleY } = view;
    const scale =
      scaleX === 1 && scaleY === 1 ? '' : `scale(${1 / scaleX}, ${1 / scaleY})`;
    return () => {
      this._selections.element.style.transform = scale;
      this._carets.element.style.transform = scale;
      this._selections.draw(drawnSelections);
      this._carets.draw(drawnCarets);
      if (!people.length) {
        drawQueue.remove(this);
      }
    };
  }

  private _askIfAnybody(): void {
    if (this._people.isAnybodyHere || !this._carets.isEmpty) {
      drawQueue.ask(this);
    }
  }

  private _carets: Layer<CaretMarker>;
  private _people: RemotePeople;
  private _selections: Layer<SelectionMarker>;
}

/**
 * Show the names near the pointer.
 *
 * By position and not by the events of the carets, which let every click
 * through to the text.
 */
function hover(view: EditorView, pointer: MouseEvent | null): void {
  for (const caret of view.scrollDOM.querySelectorAll('.jp-remote-cursor')) {
    let isNear = false;
    if (pointer) {
      const { left, right, top, bottom } = caret.getBoundingClientRect();
      isNear =
        pointer.clientX >= left - HOVER_REACH &&
        pointer.clientX <= right + HOVER_REACH &&
        pointer.clientY >= top &&
        pointer.clientY <= bottom;
    }
    caret.classList.toggle('jp-mod-hovered', isNear);
  }
}

const hoverHandlers = EditorView.domEventHandlers({
  mousemove: (event, view) => hover(view, event),
  mouseleave: (_, view) => hover(view, null)
});

/**
 * The extension that draws the others.
 */
export const remoteLayers: Extension = [
  ViewPlugin.fromClass(RemoteLayers),
  hoverHandlers
];
