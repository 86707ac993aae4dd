// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Edits that do not go together, side by side, and the choice between them.
 *
 * Knows a model of conflicts; knows nothing of documents and servers. Nothing
 * is thrown away before the choice. [S4]
 */

import type {
  ConflictChoice,
  IConflict,
  IDocumentConflicts
} from '@jupyter/docprovider';
import type { TranslationBundle } from '@jupyterlab/translation';
import { UseSignal } from '@jupyterlab/ui-components';
import * as React from 'react';

import { choicesOf, originOf, ownerOf } from './conflictWords';

/**
 * Properties of `ConflictsView`.
 */
export interface IConflictsViewProps {
  /**
   * The conflicts.
   */
  model: IDocumentConflicts;

  /**
   * Translates what is shown.
   */
  translator: TranslationBundle;
}

/**
 * All conflicts of a document.
 */
export function ConflictsView(props: IConflictsViewProps): React.ReactElement {
  const { model, translator } = props;
  const list = React.useRef<HTMLDivElement>(null);
  const choose = (conflict: IConflict, choice: ConflictChoice): boolean => {
    const isDone = model.resolve(conflict, choice);
    if (isDone) {
      // The button is gone: the keyboard goes on with the next conflict.
      setTimeout(() => list.current?.querySelector('button')?.focus());
    }
    return isDone;
  };
  return (
    <div className="jp-Conflicts" ref={list}>
      <UseSignal signal={model.changed}>
        {() =>
          model.list.map(conflict => (
            <ConflictItem
              key={JSON.stringify(conflict)}
              cellNumber={model.cellNumber(conflict)}
              choose={choice => choose(conflict, choice)}
              conflict={conflict}
              trans={translator}
            />
          ))
        }
      </UseSignal>
    </div>
  );
}

interface IConflictItemProps {
  cellNumber: number | null;
  choose: (choice: ConflictChoice) => boolean;
  conflict: IConflict;
  trans: TranslationBundle;
}

function ConflictItem(props: IConflictItemProps): React.ReactElement {
  const { cellNumber, choose, conflict, trans } = props;
  const [isMoved, setMoved] = React.useState(false);
  // As in the document: its own side first.
  const sides = [
    [originOf(conflict, trans), conflict.yours],
    [ownerOf(conflict, trans), conflict.theirs]
  ];
  return (
    <section className="jp-Conflicts-item">
      <h3 className="jp-Conflicts-place">
        {placeOf(conflict, cellNumber, trans)}
      </h3>
      <div className="jp-Conflicts-sides">
        {(conflict.origin ? sides.reverse() : sides).map(([label, text]) => (
          <Side
            key={label}
            label={label}
            text={text}
            whenEmpty={trans.__('(deleted)')}
          />
        ))}
      </div>
      <div className="jp-Conflicts-buttons">
        {choicesOf(conflict, trans).map(([choice, label]) => (
          <button
            key={label}
            className="jp-Conflicts-button jp-mod-styled jp-mod-accept"
            onClick={() => setMoved(!choose(choice))}
          >
            {label}
          </button>
        ))}
      </div>
      {isMoved && (
        <p className="jp-Conflicts-note" role="alert">
          {trans.__(
            'This has been changed in the document meanwhile, so it was left as it is. Keep both, and edit it there.'
          )}
        </p>
      )}
    </section>
  );
}

function Side(props: {
  label: string;
  text: string;
  whenEmpty: string;
}): React.ReactElement {
  const { label, text, whenEmpty } = props;
  return (
    <figure className="jp-Conflicts-side">
      <figcaption>{label}</figcaption>
      <pre aria-label={label} tabIndex={0}>
        {text || whenEmpty}
      </pre>
    </figure>
  );
}

function placeOf(
  { cell, key }: IConflict,
  cellNumber: number | null,
  trans: TranslationBundle
): string {
  const place =
    cellNumber !== null
      ? trans.__('Cell %1', cellNumber)
      : cell !== null
        ? trans.__('A cell that is gone')
        : trans.__('Document');
  return key === 'source' ? place : trans.__('%1: %2', place, key);
}
