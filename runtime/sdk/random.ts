/**
 * Random bytes of this isolate: ChaCha20, keyed with 32 bytes of the host's.
 *
 * The key is used for one refill and replaced by the refill's first bytes ("fast key erasure"):
 * who sees the memory of an isolate learns nothing of what was drawn before. Key and stock live
 * in this module's scope; what fills them passes nothing that a script may have replaced.
 */

import { block, stateOf, WORDS } from "./chacha20";
import { charCodeAt, ErrorConstructor } from "./intrinsics";

const KEY_WORDS = 8;
const BLOCKS = 8;
const STOCK_BYTES = (BLOCKS * WORDS - KEY_WORDS) * 4;

const key = new Uint32Array(KEY_WORDS);
const stock = new Uint32Array(BLOCKS * WORDS);
let used = STOCK_BYTES;
let isSeeded = false;

/** hex: 64 hexadecimal digits, lower case. */
export function seed(hex: string): void {
  for (let i = 0; i < KEY_WORDS * 4; i++) {
    const byte = (digit(hex, 2 * i) << 4) | digit(hex, 2 * i + 1);
    key[i >> 2]! |= byte << (8 * (i & 3)); // little-endian, as ChaCha20 reads its key
  }
  isSeeded = hex.length === KEY_WORDS * 8;
}

/** Fills the array. Raises an Error in an isolate that has got no seed. */
export function fillRandom(bytes: Uint8Array, length: number): void {
  if (!isSeeded) {
    throw new ErrorConstructor("no random numbers: the host has given no seed");
  }
  for (let i = 0; i < length; i++) {
    if (used === STOCK_BYTES) {
      refill();
    }
    const word = KEY_WORDS + (used >> 2);
    const shift = 8 * (used & 3);
    bytes[i] = stock[word]! >>> shift;
    stock[word]! &= ~(0xff << shift); // drawn once, gone
    used++;
  }
}

function refill(): void {
  const state = stateOf(key);
  for (let i = 0; i < BLOCKS; i++) {
    state[12] = i;
    block(state, stock, i * WORDS);
  }
  for (let i = 0; i < KEY_WORDS; i++) {
    key[i] = stock[i]!;
    stock[i] = 0;
  }
  used = 0;
}

function digit(hex: string, at: number): number {
  const unit = charCodeAt(hex, at);
  return unit < 0x60 ? unit - 0x30 : unit - 0x57;
}
