// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

// @vitest-environment jsdom

import { afterEach, describe, expect, it } from 'vitest';
import { Awareness } from 'y-protocols/awareness';
import * as Y from 'yjs';

import { authorColors, documentColors } from '../src/people/documentColors';
import { keyColor, USER_COLORS } from '../src/people/userColor';
import { otherUsers } from '../src/people/users';
import { Company } from './fakes';

const companies: Company[] = [];

afterEach(() => {
  companies.splice(0).forEach(company => company.dispose());
});

/** A page's presence of some people, of whom the given one is oneself. */
function pageOf(own: string, people: readonly string[], color?: string) {
  const company = new Company();
  companies.push(company);
  const user = { username: own, color: 'var(--jp-collaborator-color1)' };
  company.own.setLocalState({ user });
  for (const name of people.filter(each => each !== own)) {
    // The server stamps the color that everybody has.
    company.joins(name, {
      user: { username: name, color: color ?? keyColor(name) }
    });
  }
  return company;
}

/** Names of which many have one color. */
function colliding(count: number): string[] {
  const names = Array.from({ length: 500 }, (_, at) => `user${at}`);
  const color = keyColor(names[0]);
  return names.filter(name => keyColor(name) === color).slice(0, count);
}

// [P11]
describe('Colors of a document', () => {
  it.each([2, 5, 12])('differ for %i people with one color', count => {
    const names = colliding(count);
    expect(names).toHaveLength(count);
    const colors = documentColors(pageOf(names[0], names).own);
    expect(new Set(colors.values()).size).toBe(count);
    for (const color of colors.values()) {
      expect(USER_COLORS).toContain(color);
    }
  });

  it('are the same in the pages of all, in whatever order they came', () => {
    const names = colliding(5);
    const expected = [...documentColors(pageOf(names[0], names).own)].sort();
    for (const own of names) {
      const page = pageOf(own, [...names].reverse());
      expect([...documentColors(page.own)].sort()).toEqual(expected);
    }
  });

  it('are the own ones as long as those differ', () => {
    const names = ['ada', 'grace'];
    expect(keyColor('ada')).not.toBe(keyColor('grace'));
    const colors = documentColors(pageOf('ada', names).own);
    expect(colors.get('user:ada')).toBe(keyColor('ada'));
    expect(colors.get('user:grace')).toBe(keyColor('grace'));
  });

  it('are those of badges, of cells, and of one person in all tabs', () => {
    const company = pageOf('ada', []);
    const [one, other] = colliding(2);
    const user = { username: other, color: keyColor(other) };
    company.joins('first tab', { user });
    company.joins('second tab', { user });
    company.joins(one, { user: { username: one, color: keyColor(one) } });
    const colors = documentColors(company.own);
    const users = otherUsers(company.own);
    expect(users).toHaveLength(2);
    for (const { color, key } of users) {
      expect(color).toBe(colors.get(key));
    }
    expect(new Set(users.map(({ color }) => color)).size).toBe(2);
  });

  it('follow who comes, goes, and gets another color', () => {
    const [one, other] = colliding(2).sort();
    const company = pageOf('ada', []);
    const late = company.joins(other, {
      user: { username: other, color: keyColor(other) }
    });
    const colorOf = (name: string) =>
      documentColors(company.own).get(`user:${name}`);
    expect(colorOf(other)).toBe(keyColor(other));
    const early = company.joins(one, {
      user: { username: one, color: keyColor(one) }
    });
    expect(colorOf(one)).toBe(keyColor(one));
    expect(colorOf(other)).not.toBe(keyColor(other));
    early.setLocalStateField('user', { username: one, color: '#123456' });
    expect(colorOf(one)).toBe('#123456');
    expect(colorOf(other)).toBe(keyColor(other));
    late.setLocalState(null);
    expect(colorOf(other)).toBeUndefined();
  });

  it('repeat only when there are more people than colors', () => {
    const names = Array.from({ length: 20 }, (_, at) => `person${at}`);
    const colors = documentColors(pageOf(names[0], names).own);
    expect(new Set(colors.values()).size).toBe(USER_COLORS.length);
    expect(colors.size).toBe(20);
  });
});

// [P11]
describe('Colors of authors', () => {
  it('are those in the document for whoever is there', () => {
    const names = colliding(4);
    const page = pageOf(names[0], names.slice(0, 3));
    const present = documentColors(page.own);
    const colors = authorColors(names, present);
    for (const name of names.slice(0, 3)) {
      expect(colors.get(name)).toBe(present.get(`user:${name}`));
    }
    expect(new Set(colors.values()).size).toBe(4);
  });

  it('do not depend on the order of the authors', () => {
    const names = colliding(5);
    const present = documentColors(new Awareness(new Y.Doc()));
    const one = authorColors(names, present);
    const other = authorColors([...names].reverse(), present);
    expect([...other].sort()).toEqual([...one].sort());
    expect(new Set(one.values()).size).toBe(5);
  });
});
