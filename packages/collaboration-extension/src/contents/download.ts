// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Keeps a content on the user's own computer.
 */

/**
 * Let the browser download a content.
 *
 * @param name The name of the file.
 * @param content A text, or a notebook.
 */
export function download(name: string, content: unknown): void {
  const text =
    typeof content === 'string'
      ? content
      : `${JSON.stringify(content, null, 1)}\n`;
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text]));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
