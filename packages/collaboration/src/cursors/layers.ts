// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Draws the others over and under the text of an editor.
 *
 * Layers, not widgets in the text: they neither move the text nor disturb an
 * input method, and the editor measures them again when its geometry changes.
 */

import type { Extension } from '@codemirror/state';
import { EditorSelection } from '@codemirror/state';
import type { Rect, ViewUpdate } from '@codemirror/view';
import { EditorView, layer, RectangleMarker } from '@codemirror/view';

import { pageColor, textColorOn } from '../people/userColor';
import { editorAwarenessFacet } from './facet';
import type { NamePlace } from './markers';
import { CaretMarker, SelectionMarker } from './markers';
import type { IRemotePerson } from './remotePeople';
import { peopleChanged, remotePeople } from './remotePeople';

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
 * Whether an update may have changed what the layers show.
 */
function isStale(update: ViewUpdate): boolean {
  return (
    update.docChanged ||
    update.viewportChanged ||
    update.startState.facet(editorAwarenessFacet) !==
      update.state.facet(editorAwarenessFacet) ||
    update.transactions.some(transaction =>
      transaction.effects.some(effect => effect.is(peopleChanged))
    )
  );
}

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

const caretLayer = layer({
  above: true,
  class: 'jp-remote-cursors',
  update: isStale,
  markers: view =>
    (view.plugin(remotePeople)?.people() ?? []).flatMap(person =>
      carets(view, person)
    )
});

const selectionLayer = layer({
  above: false,
  class: 'jp-remote-selections',
  update: isStale,
  markers: view =>
    (view.plugin(remotePeople)?.people() ?? []).flatMap(person =>
      selections(view, person)
    )
});

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
  remotePeople,
  selectionLayer,
  caretLayer,
  hoverHandlers
];
