/**
 * The block function of ChaCha20 (RFC 8439, section 2.3), for random.ts.
 *
 * It uses operators and elements of typed arrays alone, which no script can replace.
 */

const Words = Uint32Array; // captured: a script may put its own in place

/** Words of a state, and of the block that it becomes. */
export const WORDS = 16;

/** A state of the constant, a key of eight words, and counter and nonce of zero. */
export function stateOf(key: Uint32Array): Uint32Array {
  const state = new Words(WORDS);
  state[0] = 0x61707865;
  state[1] = 0x3320646e;
  state[2] = 0x79622d32;
  state[3] = 0x6b206574;
  for (let i = 0; i < 8; i++) {
    state[4 + i] = key[i]!;
  }
  return state;
}

/** Writes the block of a state to out, from the word `at` on. Does not count up. */
export function block(state: Uint32Array, out: Uint32Array, at: number): void {
  const x = new Words(WORDS);
  for (let i = 0; i < WORDS; i++) {
    x[i] = state[i]!;
  }
  for (let round = 0; round < 10; round++) {
    quarter(x, 0, 4, 8, 12);
    quarter(x, 1, 5, 9, 13);
    quarter(x, 2, 6, 10, 14);
    quarter(x, 3, 7, 11, 15);
    quarter(x, 0, 5, 10, 15);
    quarter(x, 1, 6, 11, 12);
    quarter(x, 2, 7, 8, 13);
    quarter(x, 3, 4, 9, 14);
  }
  for (let i = 0; i < WORDS; i++) {
    out[at + i] = x[i]! + state[i]!;
  }
}

function quarter(x: Uint32Array, a: number, b: number, c: number, d: number): void {
  x[a]! += x[b]!;
  x[d] = rotated(x[d]! ^ x[a]!, 16);
  x[c]! += x[d]!;
  x[b] = rotated(x[b]! ^ x[c]!, 12);
  x[a]! += x[b]!;
  x[d] = rotated(x[d]! ^ x[a]!, 8);
  x[c]! += x[d]!;
  x[b] = rotated(x[b]! ^ x[c]!, 7);
}

function rotated(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
