// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * What stands above a preview: which version it is, what it is compared with,
 * and what can be done with it.
 */

import type { Baseline, IPreview } from '@jupyter/docprovider';
import type { TranslationBundle } from '@jupyterlab/translation';
import {
  caretDownIcon,
  caretUpIcon,
  HTMLSelect,
  ReactWidget
} from '@jupyterlab/ui-components';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import * as React from 'react';

import type { IVersionAction, OfferActions } from './timelineView';
import { VersionActions } from './timelineView';
import { useSignal } from '../status/useSignal';
import { changesInWords, dayOf, timeOf } from './versionWords';

/**
 * The preview, as far as it is shown here.
 */
export interface IPreviewModel extends IDisposable {
  /** What is shown; `null` until it is there. */
  readonly shown: IPreview | null;
  /** What versions are compared with. */
  baseline: Baseline;
  /** Whether a content is on its way. */
  readonly isLoading: boolean;
  /** Why the version cannot be shown, in words; `null` if it can. */
  readonly error: string | null;
  /** A signal emitted when any of them changed. */
  readonly changed: ISignal<unknown, void>;
}

/**
 * Properties of `PreviewToolbar`.
 */
export interface IPreviewToolbarProps {
  /** What is shown. */
  model: IPreviewModel;
  /** What can be done with the version. */
  actions: readonly IVersionAction[];
  /** Offers the actions without buttons; they all have one without it. */
  offer?: OfferActions;
  /** The name of a user to show. */
  nameOf: (username: string) => string;
  /** Translates what is shown. */
  translator: TranslationBundle;
  /** How many differences are marked; `null` if that is not known. */
  differences: () => number | null;
  /** Go to the next difference, or to the one before. */
  go: (step: 1 | -1) => void;
}

/**
 * The toolbar of a preview.
 */
export class PreviewToolbar extends ReactWidget {
  /**
   * @param _options What is shown, and what can be done.
   */
  constructor(private _options: IPreviewToolbarProps) {
    super();
    this.addClass('jp-VersionPreview-toolbar');
    this.node.setAttribute('role', 'toolbar');
    const { translator: trans } = _options;
    this.node.setAttribute('aria-label', trans.__('Version'));
  }

  /**
   * What can be done with the version.
   */
  set actions(actions: readonly IVersionAction[]) {
    this._options = { ...this._options, actions };
    this.update();
  }

  protected override render(): React.ReactElement {
    return <Tools {...this._options} />;
  }
}

function Tools(props: IPreviewToolbarProps): React.ReactElement | null {
  const { model, nameOf, translator: trans } = props;
  useSignal(model.changed);
  const { shown } = model;
  if (!shown) {
    return null;
  }
  const { version } = shown;
  const who = version.authors.map(nameOf).join(', ');
  const when = `${dayOf(version, trans)} ${timeOf(version)}`;
  const parts = [version.name, when, who, changesInWords(version, trans)];
  return (
    <>
      <span className="jp-VersionPreview-title">
        {parts.filter(Boolean).join(' · ')}
      </span>
      <Marks {...props} />
      <VersionActions {...props} version={version} />
    </>
  );
}

/**
 * What differences are marked, and the way from one to the next.
 */
function Marks(props: IPreviewToolbarProps): React.ReactElement {
  const { differences, go, model, translator: trans } = props;
  const count = differences();
  const baselines: [Baseline, string][] = [
    ['before', trans.__('Changes in this version')],
    ['now', trans.__('Changes since this version')],
    ['none', trans.__('No marks')]
  ];
  return (
    <span className="jp-VersionPreview-marks">
      <HTMLSelect
        aria-label={trans.__('What is marked')}
        value={model.baseline}
        onChange={({ target }) => {
          model.baseline = target.value as Baseline;
        }}
      >
        {baselines.map(([value, words]) => (
          <option key={value} value={value}>
            {words}
          </option>
        ))}
      </HTMLSelect>
      <span className="jp-VersionPreview-steps">
        {count !== null && (
          <span className="jp-VersionPreview-count" role="status">
            {count === 0
              ? trans.__('No differences')
              : trans._n('%1 difference', '%1 differences', count)}
          </span>
        )}
        <button
          className="jp-VersionPreview-go"
          aria-label={trans.__('Previous difference')}
          title={trans.__('Previous difference')}
          disabled={!count}
          onClick={() => go(-1)}
        >
          <caretUpIcon.react tag="span" />
        </button>
        <button
          className="jp-VersionPreview-go"
          aria-label={trans.__('Next difference')}
          title={trans.__('Next difference')}
          disabled={!count}
          onClick={() => go(1)}
        >
          <caretDownIcon.react tag="span" />
        </button>
      </span>
    </span>
  );
}
