// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Loads code before it is needed, and again if that failed.
 */

import { Backoff } from '@jupyter/docprovider';

/**
 * The modules that the application's parts share: by name and version, what
 * loads each.
 */
type ShareScope = Record<string, Record<string, { get(): unknown }>>;

declare const __webpack_share_scopes__: { default: ShareScope };

/**
 * Load something when the page has nothing else to do.
 *
 * @param load Loads it; it is called again until that succeeds.
 * @param backoff How long to wait after a failure.
 */
export async function loadAhead(
  load: () => Promise<unknown>,
  backoff = new Backoff()
): Promise<void> {
  await idle();
  for (;;) {
    try {
      await load();
      return;
    } catch {
      await new Promise(resolve => setTimeout(resolve, backoff.next()));
    }
  }
}

/**
 * Load all versions of a module that the application shares, if it does.
 *
 * Whoever imports it later has it without asking the server. Importing it here
 * would do the same, but an import that failed is not tried again: the failure
 * of a shared module is kept for the life of the page.
 *
 * @param name The name of the module.
 * @param scope What is shared.
 */
export async function loadShared(
  name: string,
  scope: ShareScope = __webpack_share_scopes__.default
): Promise<void> {
  const versions = Object.values(scope[name] ?? {});
  await Promise.all(versions.map(version => version.get()));
}

function idle(): Promise<unknown> {
  return new Promise(resolve => {
    // Safari has no idle callbacks.
    (globalThis.requestIdleCallback ?? setTimeout)(resolve);
  });
}
