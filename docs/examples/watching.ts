import type { IDocumentProvider } from '@jupyter/docprovider';
import { IDocumentProviders } from '@jupyter/docprovider';
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';

/**
 * Says when a shared document is offline or could not be saved, and who restored a version.
 */
function watch(document: IDocumentProvider): void {
  const { connection, saves, history } = document;
  connection.changed.connect(() => {
    if (connection.status === 'offline') {
      Notification.warning(`${document.path} is offline.`);
    }
  });
  saves.errorChanged.connect(() => {
    if (saves.error !== null) {
      Notification.error(`${document.path}: ${saves.error}`);
    }
  });
  history.restored.connect((_, { username }) => {
    Notification.info(`${username} restored a version of ${document.path}.`);
  });
}

const plugin: JupyterFrontEndPlugin<void> = {
  id: 'watching:plugin',
  description: 'Says what happens to shared documents.',
  autoStart: true,
  requires: [IDocumentProviders],
  activate: (app: JupyterFrontEnd, documents: IDocumentProviders) => {
    documents.all.forEach(watch);
    documents.opened.connect((_, document) => watch(document));
    app.commands.addCommand('watching:save-all', {
      label: 'Save All Shared Documents',
      execute: async () => {
        const unsaved = documents.all.filter(
          ({ access, saves }) => access.role === 'editor' && saves.isDirty
        );
        await Promise.all(unsaved.map(({ saves }) => saves.save()));
      }
    });
  }
};

export default plugin;
