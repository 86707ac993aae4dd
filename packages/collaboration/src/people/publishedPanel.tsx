// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The other people on a server, under the names and in the shapes that other
 * packages import. [C1]
 *
 * Our own panel is `PeoplePanel`.
 */

import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { User } from '@jupyterlab/services';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import { Panel } from '@lumino/widgets';
import * as React from 'react';
import type { Awareness } from 'y-protocols/awareness';

import { currentPath } from './currentPath';
import { identityOf } from './identity';
import { peopleOnline } from './peopleOnline';
import type { IDocumentIcon } from './personRow';
import { iconByExtension, PersonRow } from './personRow';
import { Picture } from './publishedUsers';
import { displayName } from './userColor';

/**
 * Somebody on the server.
 */
export interface ICollaboratorAwareness {
  /** The person. */
  user: User.IIdentity;
  /** What they look at, such as `notebook:a/b.ipynb`. */
  current?: string;
  /** The paths of what they have open. */
  documents?: string[];
}

/**
 * What opens documents, and how they are shown.
 */
interface IDocuments {
  /** Opens a document. */
  fileopener: (path: string) => void;
  /** Knows the icons of documents. */
  docRegistry?: DocumentRegistry;
}

/**
 * A panel with the other people on a server, each once.
 */
export class CollaboratorsPanel extends Panel {
  /**
   * @param currentUser Oneself, who is not shown.
   * @param awareness The presence that is shared outside of documents.
   * @param fileopener Opens a document that somebody has open.
   * @param docRegistry Knows the icons of documents.
   */
  constructor(
    currentUser: User.IManager,
    awareness: Awareness,
    fileopener: (path: string) => void,
    docRegistry?: DocumentRegistry
  ) {
    super();
    this.addClass('jp-CollaboratorsPanel');
    const changed = new Signal<this, ICollaboratorAwareness[]>(this);
    const read = () => collaboratorsOf(awareness, currentUser);
    const update = () => changed.emit(read());
    awareness.on('change', update);
    currentUser.userChanged.connect(update);
    this.disposed.connect(() => {
      awareness.off('change', update);
      currentUser.userChanged.disconnect(update);
    });
    this.addWidget(
      ReactWidget.create(
        <CollaboratorsBody
          collaboratorsChanged={changed}
          fileopener={fileopener}
          docRegistry={docRegistry}
          read={read}
        />
      )
    );
  }
}

/**
 * A list of people.
 */
export function CollaboratorsBody(
  props: IDocuments & {
    /** Emitted with all people whenever any of them changed. */
    collaboratorsChanged: ISignal<CollaboratorsPanel, ICollaboratorAwareness[]>;
    /** Gives all people; nobody is shown before the signal without it. */
    read?: () => ICollaboratorAwareness[];
  }
): React.ReactElement {
  const { collaboratorsChanged, docRegistry, fileopener, read } = props;
  const [people, setPeople] = React.useState<ICollaboratorAwareness[]>([]);
  React.useEffect(() => {
    const listener = (_: unknown, changed: ICollaboratorAwareness[]) =>
      setPeople(changed);
    collaboratorsChanged.connect(listener);
    if (read) {
      setPeople(read());
    }
    return () => {
      collaboratorsChanged.disconnect(listener);
    };
  }, [collaboratorsChanged, read]);
  return (
    <div className="jp-CollaboratorsList" role="list">
      {people.map(collaborator => (
        <Collaborator
          // Whoever emits the signal may list a person once for each tab.
          key={`${collaborator.user.username} ${collaborator.current}`}
          collaborator={collaborator}
          fileopener={fileopener}
          docRegistry={docRegistry}
        />
      ))}
    </div>
  );
}

/**
 * A person, with what they have open.
 */
export function Collaborator(
  props: IDocuments & {
    /** The person. */
    collaborator: ICollaboratorAwareness;
  }
): React.ReactElement {
  const { collaborator, docRegistry, fileopener } = props;
  const { current, documents = [], user } = collaborator;
  const at = currentPath(current);
  const paths = new Set(at === null ? documents : [at, ...documents]);
  return (
    <div className="jp-Collaborator" role="listitem">
      <PersonRow
        badge={<Picture identity={user} />}
        name={displayName(user)}
        documents={[...paths].map(path => ({ path, isCurrent: path === at }))}
        describe={({ path }) => path}
        iconOf={path => iconOf(path, docRegistry)}
        open={fileopener}
      />
    </div>
  );
}

function collaboratorsOf(
  awareness: Awareness,
  { identity }: User.IManager
): ICollaboratorAwareness[] {
  const states = awareness.getStates();
  return peopleOnline(awareness, {
    base: document.baseURI,
    ...(identity ? { ownUsername: identity.username } : {})
  }).map(({ documents, user }) => {
    const current = user.clientIds
      .map(client => states.get(client)?.current as unknown)
      .find(value => currentPath(value) !== null);
    return {
      user: identityOf(user, states.get(user.clientId)),
      ...(typeof current === 'string' ? { current } : {}),
      documents: documents.map(({ path }) => path)
    };
  });
}

function iconOf(path: string, registry?: DocumentRegistry): IDocumentIcon {
  const types = registry?.getFileTypesForPath(path) ?? [];
  const type = types.find(({ icon, iconClass }) => icon ?? iconClass);
  return type
    ? { icon: type.icon, iconClass: type.iconClass }
    : iconByExtension(path);
}
