import { ICollaborativeContentProvider } from '@jupyter/collaborative-drive';
import type { DocumentChange } from '@jupyter/ydoc';
import { YDocument } from '@jupyter/ydoc';
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';

/**
 * The document type `checklist`, with the same content as in Python.
 */
export class YChecklist extends YDocument<DocumentChange> {
  constructor() {
    super();
    this.undoManager.addToScope(this.items);
  }

  readonly version = '1.0.0';

  readonly items = this.ydoc.getArray<string>('items');

  getSource(): string {
    return JSON.stringify({ items: this.items.toJSON() });
  }

  setSource(value: string): void {
    this.transact(() => {
      this.items.delete(0, this.items.length);
      this.items.push(JSON.parse(value).items);
    });
  }
}

const plugin: JupyterFrontEndPlugin<void> = {
  id: 'checklist:documents',
  description: 'Shares checklists.',
  autoStart: true,
  // Optional: without collaboration, checklists open as they would otherwise.
  optional: [ICollaborativeContentProvider],
  activate: (
    app: JupyterFrontEnd,
    content: ICollaborativeContentProvider | null
  ) => {
    app.docRegistry.addFileType({
      name: 'checklist',
      extensions: ['.checklist'],
      contentType: 'checklist',
      fileFormat: 'text'
    });
    content?.sharedModelFactory.registerDocumentFactory(
      'checklist',
      () => new YChecklist()
    );
  }
};

export default plugin;
