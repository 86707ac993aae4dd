// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * People as JupyterLab describes users.
 */

import type { User } from '@jupyterlab/services';

import type { IDocumentUser } from './users';

/**
 * The identity of somebody: as it is in their presence, as far as it is safe.
 *
 * @param user The person.
 * @param state Their presence.
 */
export function identityOf(
  user: IDocumentUser,
  state: unknown
): User.IIdentity {
  const { user: found } = Object(state) as { user?: Partial<User.IIdentity> };
  return {
    username: user.username ?? '',
    name: found?.name ?? user.name,
    display_name: user.name,
    initials: user.initials,
    color: user.color,
    avatar_url: user.avatarUrl ?? undefined
  };
}
