// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Draws what is stale in all editors of a page, once a frame.
 *
 * First everything is measured, then everything is changed: the browser lays
 * out the page once, and not once for each editor. What cannot be seen is
 * drawn when it comes into view. [P12]
 */

/**
 * Something that is drawn.
 */
export interface IDrawing {
  /**
   * The element in which it is; nothing is drawn while it cannot be seen.
   */
  readonly element: Element;

  /**
   * Measure what is needed, and change nothing.
   *
   * @returns A function that changes what is shown, and measures nothing.
   */
  measure(): () => void;
}

/**
 * The drawings of a page.
 */
export class DrawQueue {
  /**
   * Draw something in the next frame in which it can be seen.
   */
  ask(drawing: IDrawing): void {
    this._stale.add(drawing);
    if (!this._seen.has(drawing)) {
      this._watch(drawing);
    }
    this._soon();
  }

  /**
   * Do not draw something any more.
   */
  remove(drawing: IDrawing): void {
    this._stale.delete(drawing);
    if (this._seen.delete(drawing)) {
      this._drawings.delete(drawing.element);
      this._observer?.unobserve(drawing.element);
    }
  }

  /**
   * Have the browser report, after its own layout, whether a drawing can be
   * seen.
   */
  private _watch(drawing: IDrawing): void {
    this._observer ??= new IntersectionObserver(entries =>
      this._onSeen(entries)
    );
    this._seen.set(drawing, false);
    this._drawings.set(drawing.element, drawing);
    this._observer.observe(drawing.element);
  }

  private _onSeen(entries: readonly IntersectionObserverEntry[]): void {
    for (const { isIntersecting, target } of entries) {
      const drawing = this._drawings.get(target);
      if (drawing) {
        this._seen.set(drawing, isIntersecting);
      }
    }
    this._soon();
  }

  private _soon(): void {
    if (this._frame === null && this._visible().length) {
      this._frame = requestAnimationFrame(() => {
        this._frame = null;
        const changes = this._visible().map(drawing => {
          this._stale.delete(drawing);
          return drawing.measure();
        });
        changes.forEach(change => change());
      });
    }
  }

  private _visible(): IDrawing[] {
    return [...this._stale].filter(drawing => this._seen.get(drawing));
  }

  private _drawings = new Map<Element, IDrawing>();
  private _frame: number | null = null;
  private _observer: IntersectionObserver | null = null;
  private _seen = new Map<IDrawing, boolean>();
  private _stale = new Set<IDrawing>();
}
