// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * What tells a text from its earlier ones, as the server computes it. [R15]
 */

/** Bytes of a text of which the hash is taken. */
const LONGEST = 2 ** 16;

const FACTOR = 0x5bd1e995;

/**
 * The size of a text in bytes, and a hash of its start.
 */
export function sourceMark(source: string): string {
  const bytes = new TextEncoder().encode(source);
  return `${bytes.length}:${murmur(bytes.subarray(0, LONGEST))}`;
}

/**
 * MurmurHash2 with the seed 0.
 */
function murmur(data: Uint8Array): number {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const whole = data.length - (data.length % 4);
  let found = data.length;
  for (let at = 0; at < whole; at += 4) {
    let mixed = Math.imul(view.getUint32(at, true), FACTOR);
    mixed = Math.imul(mixed ^ (mixed >>> 24), FACTOR);
    found = Math.imul(found, FACTOR) ^ mixed;
  }
  if (whole < data.length) {
    data.subarray(whole).forEach((byte, index) => {
      found ^= byte << (8 * index);
    });
    found = Math.imul(found, FACTOR);
  }
  found = Math.imul(found ^ (found >>> 13), FACTOR);
  return (found ^ (found >>> 15)) >>> 0;
}
