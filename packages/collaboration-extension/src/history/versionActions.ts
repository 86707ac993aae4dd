// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * What a user can do with a version of a document. [V4] [V5]
 *
 * Knows dialogs and notifications; what is done is done by the timeline.
 */

import type {
  IAddedVersionAction,
  IVersionAction,
  IVersionedDocument
} from '@jupyter/collaboration';
import { dayOf, timeOf } from '@jupyter/collaboration';
import type { INotebookContent, IVersion } from '@jupyter/docprovider';
import { notedOf } from '@jupyter/docprovider';
import type { JupyterFrontEnd } from '@jupyterlab/application';
import {
  Dialog,
  InputDialog,
  Notification,
  showDialog
} from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import type { Contents } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';

import { download } from '../contents/download';

/**
 * What the actions need.
 */
export interface IVersionActionsOptions {
  /** What other extensions have added. */
  added: readonly IAddedVersionAction[];
  /** Opens copies. */
  app: JupyterFrontEnd;
  /** The document whose history is shown. */
  current: () => IVersionedDocument | null;
  /** Translates what users see. */
  trans: TranslationBundle;
}

/**
 * The actions, in the order in which they are shown.
 */
export function versionActions(
  options: IVersionActionsOptions
): IVersionAction[] {
  const { trans } = options;
  const mayEdit = () => options.current()?.provider.access.role === 'editor';
  const action = (
    label: string,
    act: (current: IVersionedDocument, version: IVersion) => Promise<void>,
    isVisible?: () => boolean,
    isPrimary = false
  ): IVersionAction => ({
    label,
    isPrimary,
    isVisible,
    run: version => {
      const current = options.current();
      if (current) {
        act(current, version).catch(tellFailed);
      }
    }
  });
  return [
    action(
      trans.__('Restore'),
      (current, version) => restore(options, current, version),
      mayEdit,
      true
    ),
    action(
      trans.__('Name…'),
      (current, version) => giveName(options, current, version),
      mayEdit
    ),
    action(trans.__('Open as a Copy…'), (current, version) =>
      copy(options, current, version)
    ),
    action(trans.__('Download'), async (current, version) => {
      const extension = PathExt.extname(current.provider.path);
      const name = PathExt.basename(current.provider.path, extension);
      download(
        `${name}-version-${version.id}${extension}`,
        await fileOf(current, version)
      );
    }),
    action(
      trans.__('Delete Older Versions…'),
      (current, version) => clear(options, current, version),
      () => options.current()?.timeline.mayClear ?? false
    ),
    ...options.added.map(({ isVisible, label, run }) =>
      action(
        label,
        async (current, version) => run(version, current),
        () => {
          const current = options.current();
          return current !== null && (isVisible?.(current) ?? true);
        }
      )
    )
  ];
}

/**
 * Make a cell of a document what it was at the end of a version.
 */
export function restoreCell(
  trans: TranslationBundle,
  current: IVersionedDocument,
  version: IVersion,
  cell: string
): void {
  restore({ trans }, current, version, cell).catch(tellFailed);
}

function tellFailed(error: Error): void {
  Notification.emit(error.message, 'error', { autoClose: false });
}

async function restore(
  { trans }: Pick<IVersionActionsOptions, 'trans'>,
  { timeline, provider }: IVersionedDocument,
  version: IVersion,
  cell?: string
): Promise<void> {
  const when = `${dayOf(version, trans)}, ${timeOf(version)}`;
  const name = PathExt.basename(provider.path);
  const isChanged = await timeline.restore(version.id, cell);
  const isNotebook = provider.contentType === 'notebook';
  const undo = isNotebook ? trans.__('Undo Cell Operation') : trans.__('Undo');
  const done =
    cell === undefined
      ? trans.__(
          'Restored %1 to the version from %2. “%3” reverts that.',
          name,
          when,
          undo
        )
      : trans.__(
          'Restored a cell in %1 to the version from %2. “%3” reverts that.',
          name,
          when,
          undo
        );
  const nothing =
    cell === undefined
      ? trans.__('Nothing to restore: %1 has not changed since then.', name)
      : trans.__(
          'Nothing to restore: the cell in %1 has not changed since then.',
          name
        );
  const text = isChanged ? done : nothing;
  Notification.emit(text, isChanged ? 'success' : 'info', { autoClose: 8000 });
  if (isChanged) {
    await provider.saves.save();
    await timeline.refresh();
  }
}

async function clear(
  { trans }: IVersionActionsOptions,
  { timeline }: IVersionedDocument,
  version: IVersion
): Promise<void> {
  const when = `${dayOf(version, trans)}, ${timeOf(version)}`;
  const { button } = await showDialog({
    title: trans.__('Delete All Versions Before %1?', when),
    body: trans.__(
      'All older versions are deleted for everybody, including named ones. ' +
        'The document stays as it is. This cannot be undone.'
    ),
    buttons: [
      Dialog.cancelButton(),
      Dialog.warnButton({ label: trans.__('Delete') })
    ]
  });
  if (button.accept) {
    await timeline.clearBefore(version.id);
  }
}

async function giveName(
  { trans }: IVersionActionsOptions,
  { timeline }: IVersionedDocument,
  version: IVersion
): Promise<void> {
  const { button, value } = await InputDialog.getText({
    title: trans.__('Name This Version'),
    label: trans.__(
      'Named versions are always kept. Leave blank to remove the name.'
    ),
    text: version.name,
    okLabel: trans.__('Name')
  });
  if (button.accept) {
    await timeline.name(version.id, value ?? '');
  }
}

/**
 * What a file would hold of a version: cells have ids since nbformat 4.5
 * only, and whether they are trusted is in no file.
 */
async function fileOf(
  { timeline, provider }: IVersionedDocument,
  version: IVersion
): Promise<unknown> {
  const content = await timeline.content(version.id);
  if (provider.contentType !== 'notebook') {
    return content;
  }
  const notebook = content as INotebookContent & { nbformat_minor: number };
  const cells = notebook.cells.map(({ id, ...cell }) => ({
    ...(notebook.nbformat_minor >= 5 ? { id } : {}),
    ...cell,
    metadata: notedOf(cell.metadata)
  }));
  return { ...notebook, cells };
}

async function copy(
  { app, trans }: IVersionActionsOptions,
  current: IVersionedDocument,
  version: IVersion
): Promise<void> {
  const { provider } = current;
  const extension = PathExt.extname(provider.path);
  const stem = provider.path.slice(0, provider.path.length - extension.length);
  const { value } = await InputDialog.getText({
    title: trans.__('Open the Version as a Copy'),
    label: trans.__('Path of the copy'),
    text: `${stem}-version-${version.id}${extension}`,
    okLabel: trans.__('Save')
  });
  if (!value) {
    return;
  }
  const { contents } = app.serviceManager;
  if (await isTaken(contents, value)) {
    throw new Error(trans.__('There is a file at %1.', value));
  }
  await contents.save(value, {
    type: provider.contentType === 'notebook' ? 'notebook' : 'file',
    format: provider.format as Contents.FileFormat,
    content: await fileOf(current, version)
  });
  await app.commands.execute('docmanager:open', { path: value });
}

async function isTaken(
  contents: Contents.IManager,
  path: string
): Promise<boolean> {
  try {
    await contents.get(path, { content: false });
    return true;
  } catch (error) {
    if ((error as { response?: Response }).response?.status === 404) {
      return false;
    }
    throw error;
  }
}
