// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * What tells a text from its earlier ones, as the server computes it. [R15]
 */

/** Bytes of a text of which the hash is taken. */
const LONGEST = 2 ** 16;

const FACTOR = 0x5bd1e995;

/**
 * The size of a text in bytes, and a hash of its start; for a long text, also a
 * checksum of the whole.
 */
export function sourceMark(source: string): string {
  const bytes = new TextEncoder().encode(source);
  const mark = `${bytes.length}:${murmur(bytes.subarray(0, LONGEST))}`;
  return bytes.length <= LONGEST ? mark : `${mark}:${crc32(bytes)}`;
}

/**
 * The CRC-32 of zlib.
 */
function crc32(data: Uint8Array): number {
  let found = ~0;
  for (const byte of data) {
    found = TABLE[(found ^ byte) & 0xff] ^ (found >>> 8);
  }
  return ~found >>> 0;
}

const TABLE = Int32Array.from({ length: 256 }, (_, at) => {
  for (let bit = 0; bit < 8; bit++) {
    at = at & 1 ? (at >>> 1) ^ 0xedb88320 : at >>> 1;
  }
  return at;
});

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
