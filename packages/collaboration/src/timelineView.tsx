// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * The versions of a document, by day: who changed what, and when.
 *
 * Knows a model of versions; knows nothing of documents and servers. What is
 * done with a version is done by its owner.
 */

import type { IKept, IVersion } from '@jupyter/docprovider';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { LabIcon } from '@jupyterlab/ui-components';
import {
  editIcon,
  fileUploadIcon,
  folderIcon,
  historyIcon,
  runIcon,
  saveIcon,
  settingsIcon,
  tagIcon,
  undoIcon,
  UseSignal
} from '@jupyterlab/ui-components';
import type { ISignal } from '@lumino/signaling';
import * as React from 'react';

import { initialsOf, keyColor, textColorOn } from './userColor';
import {
  changesInWords,
  dayOf,
  keptInWords,
  kindInWords,
  timeOf
} from './versionWords';

/** What versions that are no edits look like. */
const KINDS: Record<string, LabIcon | undefined> = {
  disk: saveIcon,
  import: fileUploadIcon,
  load: folderIcon,
  restore: undoIcon,
  run: runIcon,
  server: settingsIcon,
  squashed: historyIcon
};

/**
 * The versions of a document, as far as they are shown here.
 */
export interface ITimelineModel {
  /** The versions that are known, newest first. */
  readonly versions: readonly IVersion[];
  /** Whether there are older ones. */
  readonly hasMore: boolean;
  /** Whether more are on their way. */
  readonly isLoading: boolean;
  /** Why they could not be read, in words; `null` if they could. */
  readonly error: string | null;
  /** The user whose versions alone are shown; empty for all. */
  readonly author: string;
  /** Whether named versions alone are shown. */
  readonly isNamedOnly: boolean;
  /** All authors that were seen. */
  readonly authors: readonly string[];
  /** How much is kept; `null` if that is nothing, or not known yet. */
  readonly kept: IKept | null;
  /** The id of the version that is selected; `null` if none is. */
  readonly selected: number | null;
  /** A signal emitted when any of them changed. */
  readonly changed: ISignal<unknown, void>;
  /** Select a version, or none. */
  select(id: number | null): void;
  /** Show the versions of one user, or named ones alone. */
  filter(author: string, named: boolean): Promise<void>;
  /** Ask for older versions. */
  more(): Promise<void>;
}

/**
 * What can be done with a version.
 */
export interface IVersionAction {
  /** A word for it. */
  label: string;
  /** Whether it can be done now; by default always. */
  isVisible?: () => boolean;
  /** Do it. */
  run(version: IVersion): void;
}

/**
 * Properties of `TimelineView`.
 */
export interface ITimelineViewProps {
  /** The versions; `null` if no shared document is looked at. */
  model: ITimelineModel | null;
  /** What can be done with the selected version. */
  actions: readonly IVersionAction[];
  /** The name of a user to show. */
  nameOf: (username: string) => string;
  /** More that can be done with the document. */
  tools?: React.ReactNode;
  /** The user looks for a version with the slider. */
  scrubbed?: () => void;
  /** Translates what is shown. */
  translator: TranslationBundle;
}

/**
 * The timeline of a document.
 */
export function TimelineView(props: ITimelineViewProps): React.ReactElement {
  const { model, translator: trans } = props;
  return model ? (
    <UseSignal signal={model.changed}>
      {() => <Versions {...props} model={model} />}
    </UseSignal>
  ) : (
    <p className="jp-Timeline-note">
      {trans.__('Open a document to see its history.')}
    </p>
  );
}

type IVersionsProps = ITimelineViewProps & { model: ITimelineModel };

function Versions(props: IVersionsProps): React.ReactElement {
  const { model, translator: trans } = props;
  const { versions } = model;
  return (
    <>
      <Filters {...props} />
      <Scrubber {...props} />
      {model.error !== null && (
        <p className="jp-Timeline-note" role="alert">
          {trans.__('The history could not be read: %1', model.error)}
        </p>
      )}
      <div className="jp-Timeline-list" aria-busy={model.isLoading}>
        {daysOf(versions, trans).map(([day, ofDay]) => (
          <section key={day} aria-label={day}>
            <h3 className="jp-Timeline-day">{day}</h3>
            <ul>
              {ofDay.map(version => (
                <Version key={version.first} {...props} version={version} />
              ))}
            </ul>
          </section>
        ))}
        {versions.length === 0 && !model.isLoading && model.error === null && (
          <p className="jp-Timeline-note">{trans.__('No such version.')}</p>
        )}
        {model.hasMore && (
          <button
            className="jp-Timeline-more jp-mod-styled"
            onClick={() => void model.more()}
          >
            {trans.__('Show older versions')}
          </button>
        )}
      </div>
      {versions.length > 0 && (
        <p className="jp-Timeline-note">{keptInWords(model.kept, trans)}</p>
      )}
    </>
  );
}

function Filters(props: IVersionsProps): React.ReactElement {
  const { model, nameOf, tools, translator: trans } = props;
  return (
    <div className="jp-Timeline-filters">
      <select
        aria-label={trans.__('Versions of')}
        value={model.author}
        onChange={({ target }) =>
          void model.filter(target.value, model.isNamedOnly)
        }
      >
        <option value="">{trans.__('Everybody')}</option>
        {model.authors.map(author => (
          <option key={author} value={author}>
            {nameOf(author)}
          </option>
        ))}
      </select>
      <label>
        <input
          type="checkbox"
          checked={model.isNamedOnly}
          onChange={({ target }) =>
            void model.filter(model.author, target.checked)
          }
        />
        {trans.__('Named only')}
      </label>
      {tools}
    </div>
  );
}

/**
 * A slider over the versions that are known; the newest is on the right.
 */
function Scrubber(props: IVersionsProps): React.ReactElement | null {
  const { model, scrubbed, translator: trans } = props;
  const last = model.versions.length - 1;
  if (last < 1) {
    return null;
  }
  const index = model.versions.findIndex(({ id }) => id === model.selected);
  const shown = model.versions[Math.max(index, 0)];
  return (
    <input
      className="jp-Timeline-scrubber"
      type="range"
      min={0}
      max={last}
      value={last - Math.max(index, 0)}
      aria-label={trans.__('Version')}
      aria-valuetext={`${dayOf(shown, trans)} ${timeOf(shown)}`}
      onChange={({ target }) => {
        model.select(model.versions[last - Number(target.value)].id);
        scrubbed?.();
      }}
    />
  );
}

function Version(
  props: IVersionsProps & { version: IVersion }
): React.ReactElement {
  const { actions, model, nameOf, translator: trans, version } = props;
  const isSelected = version.id === model.selected;
  const names = version.authors.map(nameOf);
  const Icon = (version.name ? tagIcon : (KINDS[version.kind] ?? editIcon))
    .react;
  return (
    <li
      className={`jp-Timeline-version ${isSelected ? 'jp-mod-selected' : ''}`}
    >
      <button
        className="jp-Timeline-item"
        aria-expanded={isSelected}
        data-kind={version.kind}
        onClick={() => model.select(isSelected ? null : version.id)}
      >
        <span className="jp-Timeline-people" aria-hidden="true">
          {version.authors.slice(0, 3).map((author, at) => (
            <span
              key={author}
              className="jp-Timeline-initials"
              style={{
                backgroundColor: keyColor(author),
                color: textColorOn(keyColor(author))
              }}
            >
              {initialsOf(names[at])}
            </span>
          ))}
        </span>
        <span className="jp-Timeline-title">
          {version.name || names.join(', ') || kindInWords(version.kind, trans)}
        </span>
        <time
          className="jp-Timeline-time"
          dateTime={new Date(version.end * 1000).toISOString()}
        >
          {timeOf(version)}
        </time>
        <span className="jp-Timeline-changes">
          <Icon tag="span" className="jp-Timeline-kind" />
          {changesInWords(version, trans)}
        </span>
      </button>
      {isSelected && (
        <div className="jp-Timeline-actions">
          {actions
            .filter(({ isVisible }) => isVisible?.() ?? true)
            .map(({ label, run }) => (
              <button
                key={label}
                className="jp-Timeline-action"
                onClick={() => run(version)}
              >
                {label}
              </button>
            ))}
        </div>
      )}
    </li>
  );
}

function daysOf(
  versions: readonly IVersion[],
  trans: TranslationBundle
): [string, IVersion[]][] {
  const days: [string, IVersion[]][] = [];
  for (const version of versions) {
    const day = dayOf(version, trans);
    if (days[days.length - 1]?.[0] !== day) {
      days.push([day, []]);
    }
    days[days.length - 1][1].push(version);
  }
  return days;
}
