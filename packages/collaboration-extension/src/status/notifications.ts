// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Tells the user, without taking the keyboard, what went wrong. [M10]
 *
 * Knows providers and JupyterLab's notifications.
 */

import { displayName } from '@jupyter/collaboration';
import type {
  IDocumentProvider,
  IRecoveredEdits,
  IRefusedEdits,
  IRemovedContent
} from '@jupyter/docprovider';
import { roleMessage } from '@jupyter/docprovider';
import { Notification } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { ReadonlyJSONValue } from '@lumino/coreutils';

/**
 * Show a notification that is of no use without its document, and goes with it.
 *
 * @param provider The document's provider.
 * @returns The id of the notification.
 */
function notifyOf<T extends ReadonlyJSONValue>(
  provider: IDocumentProvider,
  message: string,
  type: Notification.TypeOptions,
  options: Notification.IOptions<T>
): string {
  const id = Notification.emit(message, type, options);
  provider.disposed.connect(() => Notification.dismiss(id));
  return id;
}

/**
 * Say what others changed since the user last saw a document. [V11]
 *
 * @param provider The document's provider.
 * @param message What they changed, in words.
 * @param trans Translates what users see.
 * @param show Show the changes.
 */
export function notifyChangedSince(
  provider: IDocumentProvider,
  message: string,
  trans: TranslationBundle,
  show: () => void
): void {
  notifyOf(provider, message, 'info', {
    autoClose: 30_000,
    actions: [{ label: trans.__('Show Changes'), callback: show }]
  });
}

/**
 * Notify when the server refuses a document that was open.
 *
 * Before a document is open JupyterLab tells by itself. What is on the screen
 * stays there, and the page is only loaded again by the user's choice.
 *
 * @param provider The document's provider.
 * @param trans Translates what users see.
 */
export function notifyRefusal(
  provider: IDocumentProvider,
  trans: TranslationBundle
): void {
  const tell = () => {
    const { refusal } = provider.connection;
    if (!refusal) {
      return;
    }
    const message = `${PathExt.basename(provider.path)}: ${refusal.message}`;
    notifyOf(provider, message, 'error', {
      autoClose: false,
      actions: refusal.reloadable
        ? [
            {
              label: trans.__('Reload'),
              caption: trans.__('Reload the page'),
              callback: () => window.location.reload()
            }
          ]
        : []
    });
  };
  provider.ready.then(
    () => provider.connection.changed.connect(tell),
    () => undefined
  );
}

/**
 * Notify when a document could not be saved.
 *
 * @param provider The document's provider.
 * @param trans Translates what users see.
 */
export function notifySaveErrors(
  provider: IDocumentProvider,
  trans: TranslationBundle
): void {
  const { saves } = provider;
  saves.errorChanged.connect(() => {
    if (saves.error) {
      const name = PathExt.basename(provider.path);
      Notification.emit(
        trans.__('%1 was not saved: %2', name, saves.error),
        'warning',
        { autoClose: 10000 }
      );
    }
  });
}

/**
 * Notify of edits that do not go together, until the user has chosen. [S4]
 *
 * @param provider The document's provider.
 * @param trans Translates what users see.
 * @param review Lets the user choose, given the name of the document.
 */
export function notifyConflicts(
  provider: IDocumentProvider,
  trans: TranslationBundle,
  review: (name: string) => Promise<void>
): void {
  const { conflicts } = provider;
  let id = '';
  const tell = () => {
    const { length } = conflicts.list;
    const name = PathExt.basename(provider.path);
    Notification.dismiss(id);
    id = '';
    if (length === 0 || provider.isDisposed) {
      return;
    }
    id = notifyOf(
      provider,
      trans._n(
        '%2: %1 change could not be merged. Nothing is lost: choose what to keep.',
        '%2: %1 changes could not be merged. Nothing is lost: choose what to keep.',
        length,
        name
      ),
      'warning',
      {
        autoClose: false,
        actions: [
          {
            label: trans.__('Review…'),
            caption: trans.__('Show both sides, and choose what to keep'),
            displayType: 'accent',
            callback: () => {
              // Told again if something is left.
              void review(name).then(tell);
            }
          }
        ]
      }
    );
  };
  let count = 0;
  const update = () => {
    const { length } = conflicts.list;
    if (length > count || length === 0) {
      tell();
    }
    count = length;
  };
  conflicts.changed.connect(update);
  update();
}

/**
 * Notify that the file of a document was deleted, and offer to save it again.
 *
 * @param provider The document's provider.
 * @param trans Translates what users see.
 */
export function notifyDeletion(
  provider: IDocumentProvider,
  trans: TranslationBundle
): void {
  const { saves } = provider;
  let id = '';
  const recreate = () => {
    saves.recreate().catch((error: Error) => {
      Notification.emit(error.message, 'error', { autoClose: 10000 });
    });
  };
  const tell = () => {
    if (!saves.isFileDeleted) {
      Notification.dismiss(id);
      id = '';
    } else if (!Notification.manager.has(id)) {
      id = notifyOf(
        provider,
        trans.__(
          '%1 was deleted on the server. Your document is still here.',
          PathExt.basename(provider.path)
        ),
        'warning',
        {
          autoClose: false,
          actions: [
            {
              label: trans.__('Save it again'),
              caption: trans.__('Write the document to its file again'),
              callback: recreate
            }
          ]
        }
      );
    }
  };
  saves.errorChanged.connect(tell);
}

/**
 * Notify of changes that an earlier session left unsaved, and that stay so until
 * the user decides, since autosave is off. [F13]
 *
 * @param provider The document's provider, which is ready.
 * @param trans Translates what users see.
 */
export function notifyUnsaved(
  provider: IDocumentProvider,
  trans: TranslationBundle
): void {
  const { access, saves } = provider;
  const { autosave, isLastEditor, isManual } = saves.mode;
  const isLeft = saves.isDirty && isManual && isLastEditor;
  if (!isLeft || access.role !== 'editor' || autosave !== false) {
    return;
  }
  const fail = (error: Error) => {
    notifyOf(provider, error.message, 'error', { autoClose: 10000 });
  };
  const id = notifyOf(
    provider,
    trans.__(
      '%1 has changes that are not in its file yet.',
      PathExt.basename(provider.path)
    ),
    'warning',
    {
      autoClose: false,
      actions: [
        {
          label: trans.__('Save'),
          caption: trans.__('Save the document, with these changes'),
          displayType: 'accent',
          callback: () => {
            saves.save().catch(fail);
          }
        },
        {
          label: trans.__('Discard Changes'),
          caption: trans.__('Load the file again, for everybody'),
          displayType: 'warn',
          callback: () => {
            saves.revert().catch(fail);
          }
        }
      ]
    }
  );
  const update = () => {
    if (!saves.isDirty) {
      Notification.dismiss(id);
      saves.dirtyChanged.disconnect(update);
    }
  };
  saves.dirtyChanged.connect(update);
}

/**
 * Notify a user who switches autosave off while it is on for others. [F13]
 *
 * @param provider The document's provider.
 * @param trans Translates what users see.
 */
export function notifyAutosaveOfOthers(
  provider: IDocumentProvider,
  trans: TranslationBundle
): void {
  const { mode } = provider.saves;
  let known = mode.autosave;
  mode.changed.connect(() => {
    const isSwitchedOff = known === true && mode.autosave === false;
    known = mode.autosave;
    const others = mode.othersWithAutosave;
    if (isSwitchedOff && others.length) {
      notifyOf(
        provider,
        trans.__(
          '%1 is still saved automatically, since autosave is on for %2.',
          PathExt.basename(provider.path),
          others.join(', ')
        ),
        'info',
        { autoClose: 10000 }
      );
    }
  });
}

/**
 * Notify when the user may not edit a document any more, or may again. [M2]
 *
 * @param provider The document's provider.
 * @param trans Translates what users see.
 */
export function notifyRole(
  provider: IDocumentProvider,
  trans: TranslationBundle
): void {
  let id = '';
  const { access } = provider;
  let { role } = access;
  const tell = () => {
    if (role === access.role) {
      return;
    }
    role = access.role;
    const name = PathExt.basename(provider.path);
    Notification.dismiss(id);
    id = notifyOf(
      provider,
      role === 'viewer'
        ? `${name}: ${roleMessage(access.reason, trans)}`
        : trans.__('%1: You may change this document now.', name),
      'info',
      { autoClose: 10000 }
    );
  };
  provider.ready.then(
    () => {
      // At opening, the mark in the toolbar suffices.
      role = access.role;
      access.changed.connect(tell);
    },
    () => undefined
  );
}

/**
 * Make a notifier of saves that the user may not make, which offers a copy.
 *
 * @param trans Translates what users see.
 * @param save Saves a copy.
 * @returns Notifies of the last one, given the document's provider. [M2]
 */
export function notifySaveDenied(
  trans: TranslationBundle,
  save: (provider: IDocumentProvider) => Promise<boolean>
): (provider: IDocumentProvider) => void {
  let id = '';
  return provider => {
    const discard = () => {
      provider.saves.revert().catch((error: Error) => {
        notifyOf(provider, error.message, 'error', { autoClose: 10000 });
      });
    };
    Notification.dismiss(id);
    id = notifyOf(
      provider,
      trans.__(
        '%1 was not saved: %2',
        PathExt.basename(provider.path),
        roleMessage(provider.access.reason, trans)
      ),
      'warning',
      {
        autoClose: 10000,
        actions: [
          {
            label: trans.__('Save a copy…'),
            caption: trans.__('Save the document under another name'),
            callback: () => void save(provider)
          },
          ...(provider.access.reason === 'file'
            ? [
                {
                  label: trans.__('Discard Changes'),
                  caption: trans.__('Load the file again, for everybody'),
                  displayType: 'warn' as const,
                  callback: discard
                }
              ]
            : [])
        ]
      }
    );
  };
}

/**
 * Notify of edits that the server did not take, until the user has chosen: in
 * one notification, however many they are. [M2] [M8]
 *
 * @param provider The document's provider.
 * @param trans Translates what users see.
 * @param save Saves a copy of the document with some of them.
 */
export function notifyRefusedEdits(
  provider: IDocumentProvider,
  trans: TranslationBundle,
  save: (edits: IRefusedEdits) => Promise<boolean>
): void {
  const { refused } = provider.edits;
  let id = '';
  let known: readonly IRefusedEdits[] = [];
  let isSaving = false;
  const messageOf = ([{ reason }, ...more]: readonly IRefusedEdits[]) => {
    const name = PathExt.basename(provider.path);
    if (more.length) {
      return trans.__(
        '%1 changes to %2 could not be shared. A copy with each of them is kept.',
        more.length + 1,
        name
      );
    }
    switch (reason) {
      case 'invalid_edit':
        return trans.__(
          '%1 cannot hold what you changed, and was put right. A copy with your changes is kept.',
          name
        );
      case 'not_allowed':
        return trans.__(
          'You may not change %1. A copy with your changes is kept.',
          name
        );
      case 'too_large':
        return trans.__(
          'Your changes to %1 are too large to share. A copy with your changes was kept.',
          name
        );
    }
  };
  const keep = async () => {
    isSaving = true;
    for (const edits of refused.list) {
      if (!(await save(edits))) {
        break;
      }
      refused.discard(edits);
    }
    isSaving = false;
    tell();
  };
  const tell = () => {
    const { list } = refused;
    Notification.dismiss(id);
    id = '';
    known = list;
    if (list.length === 0 || provider.isDisposed) {
      return;
    }
    id = notifyOf(provider, messageOf(list), 'warning', {
      autoClose: false,
      actions: [
        {
          label:
            list.length > 1
              ? trans.__('Save copies…')
              : trans.__('Save a copy…'),
          caption: trans.__('Save the document with your changes'),
          displayType: 'accent',
          callback: () => void keep()
        },
        {
          label: trans.__('Discard'),
          caption: trans.__('Forget your changes'),
          displayType: 'warn',
          callback: () =>
            list.forEach(edits => {
              refused.discard(edits);
            })
        }
      ]
    });
  };
  const update = () => {
    const { list } = refused;
    const isSame =
      list.length === known.length &&
      list.every((each, at) => each.id === known[at].id);
    if (!isSaving && !isSame) {
      tell();
    }
  };
  refused.changed.connect(update);
  update();
}

/**
 * Notify of versions that others restore. [V5]
 *
 * @param provider The document's provider.
 * @param trans Translates what users see.
 * @param options Who the user is, and how the versions are shown.
 */
export function notifyRestores(
  provider: IDocumentProvider,
  trans: TranslationBundle,
  options: { ownUsername: () => string | undefined; showHistory: () => void }
): void {
  provider.history.restored.connect((_, { isCell, user, username }) => {
    if (username === options.ownUsername()) {
      return;
    }
    const who = displayName(user, trans.__('Somebody'));
    const name = PathExt.basename(provider.path);
    notifyOf(
      provider,
      isCell
        ? trans.__('%1 restored an older version of a cell of %2.', who, name)
        : trans.__('%1 restored an older version of %2.', who, name),
      'info',
      {
        autoClose: 10000,
        actions: [
          {
            label: trans.__('Show Version History'),
            callback: () => options.showHistory()
          }
        ]
      }
    );
  });
}

/**
 * Offer edits that were kept in this browser for another generated name of the
 * user, until the user has chosen. [S6]
 *
 * @param provider The document's provider.
 * @param trans Translates what users see.
 * @param save Saves a copy of the document with them.
 */
export function notifyRecovered(
  provider: IDocumentProvider,
  trans: TranslationBundle,
  save: (edits: IRecoveredEdits) => Promise<boolean>
): void {
  const { recovered } = provider.edits;
  const ids = new Map<IRecoveredEdits, string>();
  const offer = (edits: IRecoveredEdits) => {
    const again = (id: string) => {
      if (recovered.list.includes(edits)) {
        Notification.dismiss(id);
        offer(edits);
      }
    };
    const restore = () =>
      recovered.recover(edits).catch((error: Error) => {
        notifyOf(provider, error.message, 'error', { autoClose: 10000 });
        again(ids.get(edits) ?? '');
      });
    const copy = async () => {
      if (await save(edits)) {
        recovered.discard(edits);
      } else {
        again(ids.get(edits) ?? '');
      }
    };
    const id = notifyOf(
      provider,
      trans.__(
        'Recovered changes to %1: this browser has changes that did not reach the server.',
        PathExt.basename(provider.path)
      ),
      'warning',
      {
        autoClose: false,
        actions: [
          {
            label: trans.__('Add to Document'),
            caption: trans.__('Merge the recovered changes into the document'),
            displayType: 'accent',
            callback: () => void restore()
          },
          {
            label: trans.__('Save a copy…'),
            caption: trans.__('Save the document with the recovered changes'),
            callback: () => void copy()
          },
          {
            label: trans.__('Discard'),
            caption: trans.__('Delete the recovered changes'),
            displayType: 'warn',
            callback: () => {
              recovered.discard(edits);
            }
          }
        ]
      }
    );
    ids.set(edits, id);
  };
  const update = () => {
    const { list } = recovered;
    list.filter(each => !ids.has(each)).forEach(offer);
    for (const [edits, id] of ids) {
      if (!list.includes(edits)) {
        Notification.dismiss(id);
        ids.delete(edits);
      }
    }
  };
  recovered.changed.connect(update);
  update();
}

/**
 * Notify of cells that could not be read at opening a document. [M8]
 *
 * @param provider The document's provider.
 * @param trans Translates what users see.
 */
export function notifyRepair(
  provider: IDocumentProvider,
  trans: TranslationBundle
): void {
  let known = 0;
  provider.history.repaired.connect((_, count) => {
    if (count <= known) {
      return; // Told again, on another connection.
    }
    known = count;
    notifyOf(
      provider,
      trans._n(
        '%2: %1 cell of its history could not be read, and is shown as a raw cell.',
        '%2: %1 cells of its history could not be read, and are shown as raw cells.',
        count,
        PathExt.basename(provider.path)
      ),
      'warning',
      { autoClose: false }
    );
  });
}

/**
 * Notify of content that was too large to share, and offer it as a file.
 * [M4] It outlives its document, since the content is nowhere else.
 *
 * @param provider The document's provider.
 * @param trans Translates what users see.
 * @param save Saves a content on the user's computer, under a name.
 */
export function notifyRemovedContent(
  provider: IDocumentProvider,
  trans: TranslationBundle,
  save: (name: string, content: unknown) => void
): void {
  const wordsFor = (name: string) => ({
    output: {
      message: trans.__(
        '%1: An output was too large to share and was removed.',
        name
      ),
      label: trans.__('Save Output to File')
    },
    text: {
      message: trans.__(
        '%1: Text that was too large to share was removed.',
        name
      ),
      label: trans.__('Save Text to File')
    },
    value: {
      message: trans.__(
        '%1: A value was too large to share and was removed.',
        name
      ),
      label: trans.__('Save Value to File')
    }
  });
  const notify = (removed: IRemovedContent) => {
    const name = PathExt.basename(provider.path);
    const { content, extension } = fileOf(removed);
    const { label, message } = wordsFor(name)[removed.kind];
    Notification.emit(message, 'warning', {
      autoClose: false,
      actions: [
        {
          label,
          caption: trans.__('Save it on your computer'),
          displayType: 'accent',
          callback: () => save(`${name}-${removed.kind}${extension}`, content)
        }
      ]
    });
  };
  provider.edits.removed.connect((_, contents) => contents.forEach(notify));
}

/**
 * What to write of a content, and into which kind of file.
 */
function fileOf({ kind, value }: IRemovedContent): {
  content: unknown;
  extension: string;
} {
  if (kind === 'output') {
    const { data, text } = value as {
      data?: Record<string, unknown>;
      text?: unknown;
    };
    const html = data?.['text/html'];
    if (isText(text)) {
      return { content: [text].flat().join(''), extension: '.txt' };
    }
    if (isText(html)) {
      return { content: [html].flat().join(''), extension: '.html' };
    }
  }
  const extension = typeof value === 'string' ? '.txt' : '.json';
  return { content: value, extension };
}

/**
 * Whether a value is a text as notebooks hold it: whole, or in lines.
 */
function isText(value: unknown): value is string | string[] {
  return typeof value === 'string' || Array.isArray(value);
}
