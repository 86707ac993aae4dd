// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * How the caret and the selection of somebody else look.
 *
 * Knows the DOM of one mark; knows nothing of presence.
 */

import type { LayerMarker } from '@codemirror/view';
import type { RectangleMarker } from '@codemirror/view';

/**
 * Where the name stands, so that it is not cut off at an edge of the editor
 * and does not cover the text of its own line.
 */
export type NamePlace = 'above' | 'below' | 'beside';

/**
 * What a caret shows.
 */
export interface ICaretLook {
  readonly clientId: number;
  readonly name: string;
  readonly color: string;
  readonly textColor: string;

  /**
   * Whether its person moved just now.
   */
  readonly moving: boolean;

  /**
   * The position in the layer, in pixels.
   */
  readonly left: number;
  readonly top: number;
  readonly height: number;

  /**
   * Where the name stands.
   */
  readonly place: NamePlace;

  /**
   * Whether the name goes to the left of the caret.
   */
  readonly toLeft: boolean;

  /**
   * How far the name is from the caret to the right, in pixels.
   */
  readonly shift: number;
}

/**
 * The caret of somebody else, with the name.
 */
export class CaretMarker implements LayerMarker {
  /**
   * @param look What it shows.
   */
  constructor(readonly look: ICaretLook) {}

  /**
   * Whether the other caret looks the same.
   */
  eq(other: CaretMarker): boolean {
    const keys = Object.keys(this.look) as (keyof ICaretLook)[];
    return keys.every(key => this.look[key] === other.look[key]);
  }

  /**
   * A new element.
   */
  draw(): HTMLElement {
    const caret = document.createElement('div');
    caret.className = 'jp-remote-cursor';
    const name = document.createElement('span');
    name.className = 'jp-remote-cursor-name';
    caret.appendChild(name);
    this._apply(caret, name);
    return caret;
  }

  /**
   * Turn the element of an older caret of the same person into this one.
   */
  update(caret: HTMLElement, older: CaretMarker): boolean {
    const name = caret.firstElementChild;
    if (
      older.look.clientId !== this.look.clientId ||
      !(name instanceof HTMLElement)
    ) {
      return false;
    }
    this._apply(caret, name);
    return true;
  }

  private _apply(caret: HTMLElement, name: HTMLElement): void {
    const { look } = this;
    caret.style.setProperty('--jp-remote-user-color', look.color);
    caret.style.left = `${look.left}px`;
    caret.style.top = `${look.top}px`;
    caret.style.height = `${look.height}px`;
    caret.classList.toggle('jp-mod-moving', look.moving);
    caret.classList.toggle('jp-mod-below', look.place === 'below');
    caret.classList.toggle('jp-mod-beside', look.place === 'beside');
    caret.classList.toggle('jp-mod-toLeft', look.toLeft);
    name.style.color = look.textColor;
    name.style.left = look.toLeft ? '' : `${look.shift}px`;
    if (name.textContent !== look.name) {
      name.textContent = look.name;
    }
  }
}

/**
 * One rectangle of the selection of somebody else.
 */
export class SelectionMarker implements LayerMarker {
  /**
   * @param rectangle Where it is.
   * @param color The color of the person.
   */
  constructor(
    readonly rectangle: RectangleMarker,
    readonly color: string
  ) {}

  /**
   * Whether the other rectangle looks the same.
   */
  eq(other: SelectionMarker): boolean {
    return this.color === other.color && this.rectangle.eq(other.rectangle);
  }

  /**
   * A new element.
   */
  draw(): HTMLElement {
    const element = this.rectangle.draw();
    element.style.setProperty('--jp-remote-user-color', this.color);
    return element;
  }

  /**
   * Turn the element of an older rectangle into this one.
   */
  update(element: HTMLElement, older: SelectionMarker): boolean {
    element.style.setProperty('--jp-remote-user-color', this.color);
    return this.rectangle.update(element, older.rectangle);
  }
}
