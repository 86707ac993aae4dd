// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

// @vitest-environment jsdom

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { removeAwarenessStates } from 'y-protocols/awareness';

import { Arrivals } from '../src/people/arrivals';
import { NotebookPlaces } from '../src/people/notebookPlaces';
import { DocumentPresence } from '../src/people/documentPresence';
import { Company, FakeNotebook } from './fakes';

// [P2]
describe('Arrivals', () => {
  let arrivals: Arrivals;
  let company: Company;
  let isLive: boolean;
  let notebook: FakeNotebook;
  let presence: DocumentPresence;
  let seen: string[];

  const names = (users: { name: string }[]) =>
    users.map(({ name }) => name).join(', ');
  const settled = () => new Promise<void>(resolve => setTimeout(resolve));

  beforeEach(() => {
    company = new Company();
    notebook = new FakeNotebook();
    company.joins('Grace');
    presence = new DocumentPresence({
      awareness: company.own,
      places: new NotebookPlaces(notebook.real),
      anonymous: 'Anonymous',
      ownUsername: 'ada'
    });
    isLive = true;
    seen = [];
    arrivals = new Arrivals(presence, () => isLive);
    arrivals.changed.connect((_, { joined, left }) => {
      seen.push(`+${names(joined)} -${names(left)}`);
    });
  });

  afterEach(() => {
    arrivals.dispose();
    presence.dispose();
    notebook.dispose();
    company.dispose();
  });

  it('are who comes and who goes', async () => {
    const bob = company.joins('Bob');
    bob.setLocalState(null);
    await settled();
    expect(seen).toEqual(['+Bob -', '+ -Bob']);
  });

  it('do not change when the own connection is lost and comes back', async () => {
    const bob = company.joins('Bob');
    await settled();
    seen = [];
    // As a lost connection does it: the state changes only after that.
    const others = [...company.own.getStates().keys()].filter(
      id => id !== company.own.clientID
    );
    removeAwarenessStates(company.own, others, null);
    others.forEach(id => company.own.meta.delete(id));
    isLive = false;
    await settled();
    expect(presence.users).toEqual([]);
    expect(seen).toEqual([]);
    isLive = true;
    bob.setLocalState({ ...bob.getLocalState() });
    company.joins('Eve');
    await settled();
    expect(seen).toEqual(['+Eve -']);
    bob.setLocalState(null);
    await settled();
    expect(seen).toEqual(['+Eve -', '+ -Bob']);
  });

  it('leave out who is back at once, as after a reload', async () => {
    const bob = company.joins('Bob');
    const state = bob.getLocalState();
    bob.setLocalState(null);
    bob.setLocalState(state);
    await settled();
    expect(seen).toEqual(['+Bob -']);
  });
});
