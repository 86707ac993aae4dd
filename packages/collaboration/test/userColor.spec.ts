// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { describe, expect, it } from 'vitest';

import {
  avatarUrl,
  contrast,
  displayName,
  initialsOf,
  keyColor,
  textColorOn,
  USER_COLORS,
  userColor,
  userInitials
} from '../src/people/userColor';

/** The colors of JupyterLab's themes for collaborators: light, then dark. */
const THEME_COLORS = [
  ['#ad4a00', '#7b6a00', '#007e00', '#008772', '#0079b9', '#8b45c6', '#be208b'],
  ['#ffad8e', '#dac83d', '#72dd76', '#00e4d0', '#45d4ff', '#e2b1ff', '#ff9de6']
];

describe('displayName', () => {
  it('takes the display name, then the name, then the username', () => {
    const user = { display_name: 'Ada L.', name: 'Ada', username: 'ada' };
    expect(displayName(user)).toBe('Ada L.');
    expect(displayName({ ...user, display_name: ' ' })).toBe('Ada');
    expect(displayName({ username: 'ada' })).toBe('ada');
  });

  it('calls anything else anonymous', () => {
    for (const user of [undefined, null, 3, 'ada', [], { name: {} }]) {
      expect(displayName(user)).toBe('Anonymous');
    }
    expect(displayName({}, 'Anonyme')).toBe('Anonyme');
  });
});

describe('userColor', () => {
  it('takes colors', () => {
    for (const color of [
      'red',
      '#abc',
      '#aabbcc80',
      'rgb(1, 2, 3)',
      'hsl(120deg 50% 50% / 0.5)',
      'var(--jp-collaborator-color3)'
    ]) {
      expect(userColor({ color }, 1)).toBe(color);
    }
  });

  it('falls back to one that is the same in every browser', () => {
    for (const color of [
      undefined,
      7,
      '',
      '#ab',
      'url(https://example.org/x.png)',
      'var(--x, url(https://example.org))',
      'red; position: fixed'
    ]) {
      const user = { color, username: 'grace' };
      expect(userColor(user, 8)).toBe(keyColor('grace'));
      expect(userColor(user, 9)).toBe(keyColor('grace'));
    }
    expect(userColor(null, 6)).toBe(keyColor('6'));
    // As the server computes it: test_identity.py has the same.
    expect(keyColor('grace')).toBe('#557e1b');
    expect(keyColor('Zoë 🦊')).toBe('#b831d3');
    const names = Array.from({ length: 200 }, (_, index) => `user-${index}`);
    expect(new Set(names.map(keyColor)).size).toBe(USER_COLORS.length);
  });
});

// WCAG AA
describe('The text on a color', () => {
  it('can be read on those of people who have none', () => {
    for (const color of USER_COLORS) {
      expect(textColorOn(color)).toBe('white');
      expect(contrast('#ffffff', color)).toBeGreaterThanOrEqual(4.5);
    }
  });

  it.each(THEME_COLORS)('can be read on those of a theme', (...colors) => {
    for (const color of colors) {
      const text = textColorOn('var(--jp-a)', () => color);
      const hex = text === 'white' ? '#ffffff' : '#000000';
      expect(contrast(hex, color)).toBeGreaterThanOrEqual(4.5);
    }
  });

  it('can be read on any color', () => {
    for (let step = 0; step < 0x1000; step++) {
      const color = `#${step.toString(16).padStart(3, '0')}`;
      const hex = textColorOn(color) === 'white' ? '#ffffff' : '#000000';
      expect(contrast(hex, color)).toBeGreaterThanOrEqual(4.5);
    }
  });

  it('tells both from a light and from a dark page', () => {
    for (const color of USER_COLORS) {
      expect(contrast('#ffffff', color)).toBeGreaterThanOrEqual(3);
      expect(contrast('#111111', color)).toBeGreaterThanOrEqual(3);
    }
  });
});

describe('initials', () => {
  it('are those of the first and the last word', () => {
    expect(initialsOf('ada king lovelace')).toBe('AL');
    expect(initialsOf('grace.hopper')).toBe('GH');
    expect(initialsOf('émile')).toBe('É');
    expect(initialsOf('🦊 fox')).toBe('🦊F');
    expect(initialsOf(' ')).toBe('');
  });

  it('are taken as given if they are', () => {
    expect(userInitials({ initials: 'X1' }, 'Ada')).toBe('X1');
    expect(userInitials({ initials: 3 }, 'Ada')).toBe('A');
  });
});

describe('avatarUrl', () => {
  const page = 'http://localhost:8888/lab';

  it('takes https, pictures as data, and the own server', () => {
    for (const avatar_url of [
      'https://example.org/a.png',
      'data:image/png;base64,AAAA',
      '/static/a.png',
      'a.png',
      'http://localhost:8888/a.png'
    ]) {
      expect(avatarUrl({ avatar_url }, page)).toBe(avatar_url);
    }
  });

  it('takes nothing else', () => {
    for (const avatar_url of [
      undefined,
      3,
      '',
      'http://example.org/a.png',
      '//example.org/a.png',
      'javascript:alert(1)',
      'data:text/html,x',
      'blob:https://example.org/1',
      'http://'
    ]) {
      expect(avatarUrl({ avatar_url }, page)).toBeNull();
    }
    expect(avatarUrl({ avatar_url: 'a.png' }, '')).toBeNull();
  });
});

describe('textColorOn', () => {
  it('is the one that reads better', () => {
    expect(textColorOn('#fff')).toBe('black');
    expect(textColorOn('#ffad8e')).toBe('black');
    expect(textColorOn('#00008b')).toBe('white');
    expect(textColorOn('rgb(0, 0, 0)')).toBe('white');
    expect(textColorOn('rgb(250 250 0 / 0.9)')).toBe('black');
  });

  it('looks variables up, and leaves what is unknown to the theme', () => {
    const inverse = 'var(--jp-ui-inverse-font-color1)';
    expect(textColorOn('var(--jp-a)', () => '#000')).toBe('white');
    expect(textColorOn('var(--jp-a)')).toBe(inverse);
    expect(textColorOn('tomato')).toBe(inverse);
    expect(textColorOn('#12345')).toBe(inverse);
  });
});
