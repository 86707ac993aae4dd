// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * What axe-core finds wrong in a part of a page for those who do not see it, or use no mouse.
 */

import AxeBuilder from '@axe-core/playwright';
import { expect } from '@playwright/test';

import type { Person } from './person';

/**
 * The items of a document's toolbar that are ours.
 */
export const OUR_ITEMS = ['connection', 'users', 'share', 'timeline'].map(
  name => `.jp-Toolbar > [data-jp-item-name="${name}"]`
);

/**
 * See that a part of a page has no serious finding.
 *
 * @param selectors The parts that are looked at.
 */
export async function seesNoBarrier(
  person: Person,
  ...selectors: string[]
): Promise<void> {
  const builder = new AxeBuilder({ page: person.page });
  selectors.forEach(selector => builder.include(selector));
  const { violations } = await builder.analyze();
  const found = violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(
      ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join('\n')}`
    );
  expect(found).toEqual([]);
}
