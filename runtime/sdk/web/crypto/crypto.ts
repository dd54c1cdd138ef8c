/** `crypto`: random numbers at once, digests and signatures by the host. */

import { core } from "../core";
import { bytesOf, requireArguments } from "../text";
import { SubtleCrypto } from "./subtle";

const MOST_AT_ONCE = 65536;

export class Crypto {
  readonly #subtle = new SubtleCrypto();

  get subtle(): SubtleCrypto {
    return this.#subtle;
  }

  /** Fills an array of integers, of at most 65 536 bytes, with random ones and gives it back. */
  getRandomValues<T extends ArrayBufferView>(array: T): T {
    requireArguments("getRandomValues", arguments.length, 1);
    const { DOMException } = core.events();
    const bytes = ArrayBuffer.isView(array) ? bytesOf(array)! : undefined;
    if (!bytes) {
      throw new TypeError("getRandomValues: expected an array of integers");
    }
    if (array instanceof DataView || /^Float/.test(`${(array as any)[Symbol.toStringTag]}`)) {
      throw new DOMException("getRandomValues: not an array of integers", "TypeMismatchError");
    }
    if (bytes.length > MOST_AT_ONCE) {
      throw new DOMException(
        `getRandomValues: at most ${MOST_AT_ONCE} bytes at once, got ${bytes.length}`,
        "QuotaExceededError",
      );
    }
    core.fillRandom(bytes);
    return array;
  }

  /** A random UUID, of version 4. */
  randomUUID(): `${string}-${string}-${string}-${string}-${string}` {
    const bytes = new Uint8Array(16);
    core.fillRandom(bytes);
    bytes[6] = (bytes[6]! & 0x0f) | 0x40;
    bytes[8] = (bytes[8]! & 0x3f) | 0x80;
    let text = "";
    bytes.forEach((byte, index) => {
      const isBorder = index === 4 || index === 6 || index === 8 || index === 10;
      text += `${isBorder ? "-" : ""}${byte.toString(16).padStart(2, "0")}`;
    });
    return text as ReturnType<Crypto["randomUUID"]>;
  }
}

export const crypto = new Crypto();
