// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * One person of a list: the badge, the name, and what they have open.
 */

import { fileIcon, LabIcon, notebookIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { IOpenDocument } from './peopleOnline';

/**
 * How a document is shown: as the file types of the registry are.
 */
export interface IDocumentIcon {
  /** The icon. */
  icon?: LabIcon;
  /** Classes of an icon that comes with a style sheet. */
  iconClass?: string;
}

/**
 * Properties of `PersonRow`.
 */
export interface IPersonRowProps {
  /** The badge. */
  badge: React.ReactElement;
  /** The name. */
  name: string;
  /** What is said when the pointer rests at the name. */
  title?: string;
  /** What is written behind the name. */
  note?: string;
  /** What they have open. */
  documents: readonly IOpenDocument[];
  /** What is said of a document when the pointer rests there. */
  describe: (document: IOpenDocument) => string;
  /** How a document is shown; by its extension if not given. */
  iconOf?: (path: string) => IDocumentIcon;
  /** Open a document. */
  open: (path: string) => void;
}

/**
 * The content of an item of a list of people.
 */
export function PersonRow(props: IPersonRowProps): React.ReactElement {
  const { badge, describe, documents, name, note, open, title } = props;
  const { iconOf = iconByExtension } = props;
  return (
    <>
      <div className="jp-Collaborator-person" title={title}>
        {badge}
        <span className="jp-Collaborator-name">{name}</span>
        {note && <span className="jp-Collaborator-idle">{note}</span>}
      </div>
      <ul className="jp-Collaborator-documents">
        {documents.map(document => (
          <li key={document.path}>
            <button
              className="jp-Collaborator-document"
              title={describe(document)}
              data-current={document.isCurrent}
              onClick={() => open(document.path)}
            >
              <LabIcon.resolveReact
                {...iconOf(document.path)}
                tag="span"
                className="jp-Collaborator-icon"
              />
              {document.path.split('/').pop()}
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

/**
 * The icon of a document whose file type is not known.
 */
export function iconByExtension(path: string): IDocumentIcon {
  return { icon: path.endsWith('.ipynb') ? notebookIcon : fileIcon };
}
