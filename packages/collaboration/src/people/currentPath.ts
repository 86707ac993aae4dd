// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * What somebody looks at, in the presence that is shared outside of documents.
 */

/**
 * The path in the field `current`, such as `notebook:a/b.ipynb`.
 *
 * @param current The field.
 * @returns The path; `null` if it is none.
 */
export function currentPath(current: unknown): string | null {
  const found =
    typeof current === 'string' ? /^[\w-]+:(.+)$/.exec(current) : null;
  return found ? found[1] : null;
}
