// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * More about the connection of a document than fits into the status bar.
 */

import type { SessionName } from '@jupyter/docprovider';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { IDocumentStatusModel } from './documentStatusItem';
import { documentStatusText } from './documentStatusItem';
import { useSignal } from './useSignal';
import { language } from './language';

/** Milliseconds between two measurements. */
const INTERVAL = 5000;

/**
 * The connection of a document, as far as it is shown here.
 */
export interface IConnectionModel extends IDocumentStatusModel {
  /** The name of the connection's state. */
  readonly sessionName: SessionName;
  /** The path of the document. */
  readonly path: string;
  /** Whether another server on the same folder keeps the shared history. */
  readonly hasPrivateHistory: boolean;
  /** When the file was last seen to hold it, in milliseconds; `null` if never. */
  readonly savedAt: number | null;
  /** How long the server takes to answer, in milliseconds. */
  ping(): Promise<number | null>;
  /** Connect anew at once. */
  retry(): void;
}

/**
 * Properties of `ConnectionDetails`.
 */
export interface IConnectionDetailsProps {
  /** The connection. */
  model: IConnectionModel;
  /** The id of the document's room. */
  roomId: string;
  /** How much of the history is kept, in words. */
  history: () => Promise<string>;
  /** Translates what is shown. */
  translator: TranslationBundle;
}

/**
 * The details of a connection.
 */
export function ConnectionDetails(
  props: IConnectionDetailsProps
): React.ReactElement {
  return <Details {...props} />;
}

/**
 * The details of a connection, as a widget.
 */
export class ConnectionDetailsWidget extends ReactWidget {
  /**
   * @param _props What is shown.
   */
  constructor(private _props: IConnectionDetailsProps) {
    super();
    const { translator: trans } = _props;
    this.addClass('jp-ConnectionDetails');
    this.node.setAttribute('role', 'dialog');
    this.node.tabIndex = -1;
    this.node.setAttribute('aria-label', trans.__('Connection'));
  }

  protected override render(): React.ReactElement {
    return <ConnectionDetails {...this._props} />;
  }
}

function Details(props: IConnectionDetailsProps): React.ReactElement {
  const { history, model, roomId, translator: trans } = props;
  useSignal(model.changed);
  const latency = useLatency(model);
  const kept = useAnswer(history);
  const saved =
    model.savedAt === null
      ? trans.__('not since it was opened')
      : new Date(model.savedAt).toLocaleTimeString(language());
  const rows: [string, string | null][] = [
    [trans.__('State'), documentStatusText(model, trans)],
    [trans.__('Connection'), sessionText(model.sessionName, trans)],
    [trans.__('Document'), model.path],
    [trans.__('Room'), roomId],
    [
      trans.__('Latency'),
      latency === null ? '–' : trans.__('%1 ms', Math.round(latency))
    ],
    [trans.__('Unsaved changes'), String(model.unacknowledged)],
    [trans.__('Last saved'), saved],
    [trans.__('History'), kept ?? '…']
  ];
  if (model.hasPrivateHistory) {
    rows.push([
      trans.__('Private history'),
      trans.__(
        'Another server is using this folder and keeps its version history. This server keeps a separate, private history.'
      )
    ]);
  }
  return (
    <>
      <dl className="jp-ConnectionDetails-list">
        {rows.map(([title, value]) => (
          <React.Fragment key={title}>
            <dt>{title}</dt>
            <dd>{value}</dd>
          </React.Fragment>
        ))}
      </dl>
      <button
        className="jp-ConnectionDetails-retry jp-Timeline-action"
        onClick={() => model.retry()}
      >
        {trans.__('Reconnect Now')}
      </button>
    </>
  );
}

/**
 * The state of a connection, in words.
 */
function sessionText(name: SessionName, trans: TranslationBundle): string {
  switch (name) {
    case 'connecting':
      return trans.__('Connecting');
    case 'syncing':
      return trans.__('Synchronizing');
    case 'live':
      return trans.__('Live');
    case 'rebasing':
      return trans.__('Merging with the history of the server');
    case 'switching':
      return trans.__('Switching to another document');
    case 'offline':
      return trans.__('Offline');
    case 'refused':
      return trans.__('Refused');
  }
}

/**
 * How long the server takes, measured now and then.
 */
function useLatency(model: IConnectionModel): number | null {
  const [latency, setLatency] = React.useState<number | null>(null);
  React.useEffect(() => {
    let isOver = false;
    const measure = async () => {
      const found = model.status === 'live' ? await model.ping() : null;
      if (!isOver) {
        setLatency(found);
      }
    };
    void measure();
    const timer = setInterval(() => void measure(), INTERVAL);
    return () => {
      isOver = true;
      clearInterval(timer);
    };
  }, [model, model.status]);
  return latency;
}

function useAnswer(ask: () => Promise<string>): string | null {
  const [answer, setAnswer] = React.useState<string | null>(null);
  React.useEffect(() => {
    let isOver = false;
    void ask().then(found => {
      if (!isOver) {
        setAnswer(found);
      }
    });
    return () => {
      isOver = true;
    };
  }, [ask]);
  return answer;
}
