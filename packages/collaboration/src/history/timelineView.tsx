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
  ellipsesIcon,
  fileUploadIcon,
  folderIcon,
  historyIcon,
  HTMLSelect,
  runIcon,
  saveIcon,
  settingsIcon,
  tagIcon,
  undoIcon
} from '@jupyterlab/ui-components';
import type { ISignal } from '@lumino/signaling';
import * as React from 'react';

import { Chunk } from './chunks';
import {
  initialsOf,
  keyColor,
  pageColor,
  textColorOn
} from '../people/userColor';
import { useSignal } from '../status/useSignal';
import { dayOf, keptInWords, timeOf, versionLines } from './versionWords';

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

/** The number of versions up to which all are rendered. */
const MOST_RENDERED = 200;

/** The number of versions that are rendered together in a longer list. */
const CHUNK = 40;

/** The height of most versions, in pixels. */
const VERSION_HEIGHT = 48;

/**
 * The versions of a document, as far as they are shown here.
 */
export interface ITimelineModel {
  /** The versions that are known, newest first. */
  readonly versions: readonly IVersion[];
  /** Whether there are older ones. */
  readonly hasMore: boolean;
  /** Whether versions were read at least once. */
  readonly isLoaded: boolean;
  /** Whether more are on their way. */
  readonly isLoading: boolean;
  /** Why they could not be read, in words; `null` if they could. */
  readonly error: string | null;
  /** Whether the last question did not reach the server. */
  readonly isUnreachable: boolean;
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
  /** Whether it has a button of its own; the others are in a menu. */
  isPrimary?: boolean;
  /** Whether it can be done now; by default always. */
  isVisible?: () => boolean;
  /** Do it. */
  run(version: IVersion): void;
}

/**
 * Offer actions in a menu at an element.
 */
export type OfferActions = (
  actions: readonly IVersionAction[],
  version: IVersion,
  anchor: HTMLElement
) => void;

/**
 * The document whose history is shown.
 *
 * - `none`: no document was open yet;
 * - `unshared`: the document has no history, since it is not shared;
 * - `opening`: the document is not open yet;
 * - `failed`: the document could not be opened, with the reason in words;
 * - `open`: the document is open, and has versions.
 */
export type HistoryTarget =
  | { readonly kind: 'none' }
  | { readonly kind: 'unshared' | 'opening'; readonly path: string }
  | { readonly kind: 'failed'; readonly path: string; readonly reason: string }
  | {
      readonly kind: 'open';
      readonly path: string;
      readonly model: ITimelineModel;
    };

/**
 * Properties of `TimelineView`.
 */
export interface ITimelineViewProps {
  /** The document, and its versions. */
  target: HistoryTarget;
  /** What can be done with the selected version. */
  actions: readonly IVersionAction[];
  /** Offers the actions without buttons; they all have one without it. */
  offer?: OfferActions;
  /** The name of a user to show. */
  nameOf: (username: string) => string;
  /** The color of a user; one that depends on the username alone by default. */
  colorOf?: (username: string) => string;
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
  const { target, translator: trans } = props;
  if (target.kind === 'none') {
    return (
      <p className="jp-Timeline-note">
        {trans.__('Open a notebook or a text file to see its versions.')}
      </p>
    );
  }
  const { path } = target;
  return (
    <>
      <header className="jp-Timeline-header">
        <span className="jp-Timeline-caption">
          {trans.__('Version History')}
        </span>
        <h2 className="jp-Timeline-name" title={path}>
          {path.split('/').pop()}
        </h2>
      </header>
      {target.kind === 'open' ? (
        // Another document has other filters, and another place in the list.
        <Versions key={path} {...props} model={target.model} />
      ) : (
        <p
          className="jp-Timeline-note"
          role={target.kind === 'failed' ? 'alert' : 'status'}
        >
          {noteOf(target, trans)}
        </p>
      )}
    </>
  );
}

/**
 * Why there are no versions of a document, in words.
 */
function noteOf(
  target: Exclude<HistoryTarget, { kind: 'none' | 'open' }>,
  trans: TranslationBundle
): string {
  switch (target.kind) {
    case 'unshared':
      return trans.__('This document is not shared, and has no versions.');
    case 'opening':
      return trans.__('Opening the document…');
    case 'failed':
      return trans.__('The document could not be opened: %1', target.reason);
  }
}

type IVersionsProps = ITimelineViewProps & { model: ITimelineModel };

function Versions(props: IVersionsProps): React.ReactElement {
  const { model, translator: trans } = props;
  useSignal(model.changed);
  const { versions } = model;
  return (
    <>
      <Filters {...props} />
      <Scrubber {...props} />
      {model.error !== null && (
        <p className="jp-Timeline-note" role="alert">
          {model.isUnreachable
            ? trans.__('The history is updated once the server is back.')
            : trans.__('The history could not be read: %1', model.error)}
        </p>
      )}
      <div className="jp-Timeline-list" aria-busy={model.isLoading}>
        <VersionList {...props} />
        {versions.length === 0 && model.error === null && (
          <p className="jp-Timeline-note" role="status">
            {emptyNote(model, trans)}
          </p>
        )}
        {model.hasMore && versions.length > 0 && (
          <button
            className="jp-Timeline-more jp-Timeline-action"
            onClick={() => void model.more()}
          >
            {trans.__('Show Older Versions')}
          </button>
        )}
      </div>
      {versions.length > 0 && (
        <p className="jp-Timeline-note">{keptInWords(model.kept, trans)}</p>
      )}
    </>
  );
}

/**
 * Why a list has no versions, in words.
 */
function emptyNote(model: ITimelineModel, trans: TranslationBundle): string {
  if (model.isLoading || !model.isLoaded) {
    return trans.__('Loading versions…');
  }
  return model.author || model.isNamedOnly
    ? trans.__('No versions match these filters.')
    : trans.__('There are no versions yet.');
}

function Filters(props: IVersionsProps): React.ReactElement {
  const { model, nameOf, tools, translator: trans } = props;
  return (
    <div className="jp-Timeline-filters">
      <HTMLSelect
        aria-label={trans.__('Versions by')}
        title={trans.__('Show the versions of one person')}
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
      </HTMLSelect>
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
      title={trans.__('Preview one version after the other')}
      aria-label={trans.__('Version')}
      aria-valuetext={`${dayOf(shown, trans)} ${timeOf(shown)}`}
      onChange={({ target }) => {
        model.select(model.versions[last - Number(target.value)].id);
        scrubbed?.();
      }}
    />
  );
}

/**
 * All versions by day. The list is one stop for the Tab key; the arrow keys,
 * Home and End go from version to version. [V10]
 */
function VersionList(props: IVersionsProps): React.ReactElement {
  const { model, translator: trans } = props;
  const { versions } = model;
  const list = React.useRef<HTMLDivElement>(null);
  const [focused, setFocused] = React.useState<number | null>(null);
  const moves = React.useRef(false);
  const selected = versions.find(({ id }) => id === model.selected);
  const stop =
    versions.find(({ first }) => first === focused) ?? selected ?? versions[0];
  React.useEffect(() => {
    const active = document.activeElement;
    // The panel got the keyboard when there was no version yet.
    if (moves.current || active?.matches('.jp-Timeline')) {
      const item = list.current?.querySelector<HTMLElement>(
        '.jp-Timeline-item[tabindex="0"]'
      );
      if (item && (moves.current || active?.contains(item))) {
        moves.current = false;
        item.focus();
      }
    }
  });
  const onKeyDown = (event: React.KeyboardEvent) => {
    const { ctrlKey, metaKey, altKey, shiftKey, key, target } = event;
    if (ctrlKey || metaKey || altKey || shiftKey) {
      return;
    }
    const isItem = (target as Element).matches('.jp-Timeline-item');
    const to = isItem ? goal(key, versions.indexOf(stop), versions.length) : -1;
    if (to >= 0) {
      event.preventDefault();
      event.stopPropagation();
      moves.current = true;
      setFocused(versions[to].first);
    }
  };
  const render = (version: IVersion) => (
    <Version
      key={version.first}
      {...props}
      version={version}
      isStop={version === stop}
      onFocus={setFocused}
    />
  );
  const isLong = versions.length > MOST_RENDERED;
  return (
    <div ref={list} onKeyDown={onKeyDown}>
      {daysOf(versions, trans).map(([day, ofDay]) => (
        <section key={day} aria-label={day}>
          <h3 className="jp-Timeline-day">{day}</h3>
          {chunksOf(ofDay, isLong ? CHUNK : ofDay.length).map(chunk => (
            <Chunk
              key={chunk[chunk.length - 1].first}
              length={chunk.length}
              itemHeight={VERSION_HEIGHT}
              isPinned={!isLong || chunk.includes(stop)}
              render={() => chunk.map(render)}
            />
          ))}
        </section>
      ))}
    </div>
  );
}

/**
 * The index to which a key goes in a list; -1 if it goes nowhere.
 */
function goal(key: string, from: number, length: number): number {
  switch (key) {
    case 'ArrowDown':
      return Math.min(from + 1, length - 1);
    case 'ArrowUp':
      return Math.max(from - 1, 0);
    case 'Home':
      return 0;
    case 'End':
      return length - 1;
  }
  return -1;
}

/**
 * Parts of a list, from its end, so that new versions change only the first.
 */
function chunksOf(versions: IVersion[], size: number): IVersion[][] {
  const chunks: IVersion[][] = [];
  for (let end = versions.length; end > 0; end -= size) {
    chunks.unshift(versions.slice(Math.max(0, end - size), end));
  }
  return chunks;
}

function Version(
  props: IVersionsProps & {
    version: IVersion;
    isStop: boolean;
    onFocus: (first: number) => void;
  }
): React.ReactElement {
  const { isStop, model, nameOf, onFocus, translator: trans, version } = props;
  const colorOf = props.colorOf ?? keyColor;
  const isSelected = version.id === model.selected;
  const names = version.authors.map(nameOf);
  const { details, title } = versionLines(version, names, trans);
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
        tabIndex={isStop ? 0 : -1}
        onFocus={() => onFocus(version.first)}
        onClick={() => model.select(isSelected ? null : version.id)}
      >
        <span className="jp-Timeline-people" aria-hidden="true">
          {version.authors.slice(0, 3).map((author, at) => (
            <span
              key={author}
              className="jp-Timeline-initials"
              style={{
                backgroundColor: colorOf(author),
                color: textColorOn(colorOf(author), pageColor)
              }}
            >
              {initialsOf(names[at])}
            </span>
          ))}
        </span>
        <span className="jp-Timeline-title">{title}</span>
        <time
          className="jp-Timeline-time"
          dateTime={new Date(version.end * 1000).toISOString()}
        >
          {timeOf(version)}
        </time>
        <span className="jp-Timeline-changes">
          <Icon tag="span" className="jp-Timeline-kind" />
          {details}
        </span>
      </button>
      {isSelected && (
        <div className="jp-Timeline-actions">
          <VersionActions {...props} />
        </div>
      )}
    </li>
  );
}

/**
 * Properties of `VersionActions`.
 */
export interface IVersionActionsProps {
  /** What can be done. */
  actions: readonly IVersionAction[];
  /** Offers the actions without buttons; they all have one without it. */
  offer?: OfferActions;
  /** The version. */
  version: IVersion;
  /** Translates what is shown. */
  translator: TranslationBundle;
}

/**
 * The buttons of a version: the most important actions, and a menu of others.
 */
export function VersionActions(
  props: IVersionActionsProps
): React.ReactElement {
  const { offer, translator: trans, version } = props;
  const actions = props.actions.filter(
    ({ isVisible }) => isVisible?.() ?? true
  );
  const rest = offer ? actions.filter(({ isPrimary }) => !isPrimary) : [];
  return (
    <>
      {actions
        .filter(action => !rest.includes(action))
        .map(({ label, run }) => (
          <button
            key={label}
            className="jp-Timeline-action"
            onClick={() => run(version)}
          >
            {label}
          </button>
        ))}
      {rest.length > 0 && (
        <button
          className="jp-Timeline-action jp-mod-menu"
          aria-label={trans.__('More actions')}
          title={trans.__('More actions')}
          aria-haspopup="menu"
          onClick={({ currentTarget }) => offer?.(rest, version, currentTarget)}
        >
          <ellipsesIcon.react tag="span" />
        </button>
      )}
    </>
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
