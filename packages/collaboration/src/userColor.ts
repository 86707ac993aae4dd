// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Names, colours and initials of people, read from presence.
 *
 * Pure: what others put into their presence is checked here, and nowhere
 * believed: a colour that is no colour, a picture from a strange place or a
 * name that is no text falls back to something harmless.
 */

/**
 * The number of colours that the themes hold for collaborators.
 */
export const COLLABORATOR_COLORS = 7;

/**
 * The longest name that is shown, in characters.
 */
const LONGEST_NAME = 100;

/**
 * Colours that may be put into a style: words, hex, functions of numbers, and
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
 * The colour of the theme for a client.
 *
 * @param clientId The client id of a document's replica.
 */
export function clientColor(clientId: number): string {
  const index = Math.abs(Math.trunc(clientId)) % COLLABORATOR_COLORS;
  return `var(--jp-collaborator-color${index + 1})`;
}

/**
 * The colour of the user of a presence.
 *
 * @param user The `user` field of an awareness state.
 * @param clientId The client, whose colour is used if the user has none.
 */
export function userColor(user: unknown, clientId: number): string {
  const color = asRecord(user)?.color;
  if (typeof color === 'string') {
    const trimmed = color.trim();
    if (SAFE_COLORS.some(pattern => pattern.test(trimmed))) {
      return trimmed;
    }
  }
  return clientColor(clientId);
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
 * The colour for text on a background.
 *
 * @param color The background: a CSS colour.
 * @param lookUp Gives the value of a CSS variable; empty if there is none.
 * @returns Black or white, whichever reads better; the theme's inverse text
 *   colour if the background is not known in numbers.
 */
export function textColorOn(
  color: string,
  lookUp: (variable: string) => string = () => ''
): string {
  const variable = /^var\(\s*(--[\w-]+)\s*\)$/.exec(color.trim());
  const rgb = parseColor(variable ? lookUp(variable[1]) : color);
  if (!rgb) {
    return 'var(--jp-ui-inverse-font-color1)';
  }
  // Relative luminance and contrast as in WCAG 2.1: black reads better above
  // the luminance at which both contrasts are equal, sqrt(1.05 * 0.05) - 0.05.
  const [red, green, blue] = rgb.map(channel => {
    const part = channel / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  const luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  return luminance > 0.179 ? 'black' : 'white';
}

/**
 * The value of a CSS variable of the page; empty if there is none.
 */
export function pageVariable(variable: string): string {
  return typeof document === 'undefined'
    ? ''
    : getComputedStyle(document.body).getPropertyValue(variable).trim();
}

/**
 * The channels, from 0 to 255, of a colour in hex or `rgb()`.
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
