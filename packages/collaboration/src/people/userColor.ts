// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Names, colors and initials of people, read from presence.
 *
 * Pure: what others put into their presence is checked here, and nowhere
 * believed: a color that is no color, a picture from a strange place or a
 * name that is no text falls back to something harmless.
 */

/**
 * The colors of people who have none: white text can be read on each, and
 * each can be told from a light and from a dark page.
 */
export const USER_COLORS = [
  '#d43535',
  '#ad5d25',
  '#8b6f1d',
  '#557e1b',
  '#1c823e',
  '#1b7e65',
  '#1e7c8f',
  '#2975c2',
  '#5b66dc',
  '#8b52da',
  '#b831d3',
  '#ce2c8a'
];

/**
 * The longest name that is shown, in characters.
 */
const LONGEST_NAME = 100;

/**
 * Colors that may be put into a style: words, hex, functions of numbers, and
 * the variables of the theme. Nothing here can load anything.
 */
const SAFE_COLORS = [
  /^[a-z]{3,30}$/i,
  /^#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})$/i,
  /^(?:rgb|hsl|hwb|lab|lch|oklab|oklch)a?\([\d\s.,%/+-]{1,60}(?:deg|rad|turn)?[\d\s.,%/+-]{0,60}\)$/i,
  /^var\(\s*--jp-[a-z0-9-]{1,60}\s*\)$/i
];

/**
 * The value as a record, or `null` if it is none.
 */
export function asRecord(value: unknown): Record<string, unknown> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : null;
}

/**
 * The name to show for the user of a presence.
 *
 * @param user The `user` field of an awareness state.
 * @param anonymous What to call somebody without a name.
 */
export function displayName(user: unknown, anonymous = 'Anonymous'): string {
  const record = asRecord(user);
  for (const key of ['display_name', 'name', 'username']) {
    const name = record?.[key];
    if (typeof name === 'string' && name.trim()) {
      return name.trim().slice(0, LONGEST_NAME);
    }
  }
  return anonymous;
}

/**
 * The color of somebody who has none: the same in every browser.
 *
 * @param key What tells people apart, such as the username.
 */
export function keyColor(key: string): string {
  // FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/, its first byte folded
  // into the last one; unsigned.
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(key)) {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  }
  return USER_COLORS[(((hash >>> 24) ^ hash) >>> 0) % USER_COLORS.length];
}

/**
 * Whether the server has made up the name of the user of a presence.
 *
 * @param user The `user` field of an awareness state.
 */
export function isAnonymous(user: unknown): boolean {
  return asRecord(user)?.anonymous === true;
}

/**
 * The color of the user of a presence.
 *
 * @param user The `user` field of an awareness state.
 * @param clientId The client, which stands in for a user without username.
 */
export function userColor(user: unknown, clientId: number): string {
  const color = asRecord(user)?.color;
  if (typeof color === 'string') {
    const trimmed = color.trim();
    if (SAFE_COLORS.some(pattern => pattern.test(trimmed))) {
      return trimmed;
    }
  }
  const username = asRecord(user)?.username;
  return keyColor(
    typeof username === 'string' && username ? username : String(clientId)
  );
}

/**
 * The initials of a name: of the first and the last word, in capitals.
 */
export function initialsOf(name: string): string {
  const words = name.split(/[\s_.]+/u).filter(word => word);
  const ends = words.length > 1 ? [words[0], words[words.length - 1]] : words;
  return ends.map(word => Array.from(word)[0].toLocaleUpperCase()).join('');
}

/**
 * The initials of the user of a presence: as given, or from the name.
 *
 * @param user The `user` field of an awareness state.
 * @param name The name that is shown.
 */
export function userInitials(user: unknown, name: string): string {
  const given = asRecord(user)?.initials;
  if (typeof given === 'string' && given.trim()) {
    return Array.from(given.trim()).slice(0, 3).join('');
  }
  return initialsOf(name);
}

/**
 * The address of the picture of a user, if it may be shown.
 *
 * Allowed are `https:`, pictures inside a `data:` address, and what comes from
 * the server of the page itself.
 *
 * @param user The `user` field of an awareness state.
 * @param base The address of the page.
 * @returns The address as it was given, or `null`.
 */
export function avatarUrl(user: unknown, base: string): string | null {
  const given = asRecord(user)?.avatar_url;
  if (typeof given !== 'string' || !given.trim()) {
    return null;
  }
  try {
    const page = new URL(base);
    const url = new URL(given, page);
    const allowed =
      url.protocol === 'https:' ||
      (url.protocol === 'data:' && /^image\//i.test(url.pathname)) ||
      (url.protocol === page.protocol && url.host === page.host && !!url.host);
    return allowed ? given : null;
  } catch {
    return null;
  }
}

/**
 * The color for text on a background.
 *
 * @param color The background: a CSS color.
 * @param resolve Gives a CSS color in numbers, if it can.
 * @returns Black or white, whichever reads better; the theme's inverse text
 *   color if the background is not known in numbers.
 */
export function textColorOn(
  color: string,
  resolve: (color: string) => string = () => color
): string {
  const rgb = parseColor(color) ?? parseColor(resolve(color));
  if (!rgb) {
    return 'var(--jp-ui-inverse-font-color1)';
  }
  const contrastToWhite = 1.05 / (luminance(rgb) + 0.05);
  return contrastToWhite >= 4.5 ? 'white' : 'black';
}

/**
 * The contrast of two colors in hex or `rgb()`, from 1 to 21, as in WCAG 2.1.
 */
export function contrast(one: string, other: string): number {
  const [low, high] = [one, other]
    .map(color => luminance(parseColor(color) ?? [0, 0, 0]) + 0.05)
    .sort((a, b) => a - b);
  return high / low;
}

/**
 * A CSS color as the page computes it, such as `rgb(1, 2, 3)`.
 */
export function pageColor(color: string): string {
  const probe = document.createElement('span');
  probe.style.color = color;
  probe.hidden = true;
  document.body.append(probe);
  const computed = getComputedStyle(probe).color;
  probe.remove();
  return computed;
}

/**
 * The relative luminance of channels, as in WCAG 2.1.
 */
function luminance(channels: [number, number, number]): number {
  const [red, green, blue] = channels.map(channel => {
    const part = channel / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/**
 * The channels, from 0 to 255, of a color in hex or `rgb()`.
 */
function parseColor(color: string): [number, number, number] | null {
  const text = color.trim();
  const hex = /^#([0-9a-f]{3,8})$/i.exec(text)?.[1];
  if (hex && [3, 4, 6, 8].includes(hex.length)) {
    const wide = hex.length > 4;
    const channel = (index: number): number =>
      wide
        ? parseInt(hex.slice(2 * index, 2 * index + 2), 16)
        : 17 * parseInt(hex[index], 16);
    return [channel(0), channel(1), channel(2)];
  }
  const numbers = /^rgba?\(([^()%]+)\)$/i
    .exec(text)?.[1]
    .split(/[\s,/]+/)
    .filter(part => part)
    .map(Number);
  if (numbers && numbers.length >= 3 && numbers.every(Number.isFinite)) {
    return [numbers[0], numbers[1], numbers[2]];
  }
  return null;
}
