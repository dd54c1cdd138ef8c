/** `CryptoKey`: a key for HMAC, the one algorithm of keys that there is. */

import { core } from "../core";

export type KeyUsage = "sign" | "verify";

export interface HmacKeyAlgorithm {
  name: "HMAC";
  hash: { name: string };
  /** In bits. */
  length: number;
}

const HIDDEN = Symbol("made by the platform");

/** @internal */
export let makeKey: (
  bytes: Uint8Array,
  hash: string,
  extractable: boolean,
  usages: KeyUsage[],
) => CryptoKey;
/** @internal */
export let bytesOfKey: (key: CryptoKey) => Uint8Array;

export class CryptoKey {
  readonly #bytes: Uint8Array;
  readonly #algorithm: HmacKeyAlgorithm;
  readonly #extractable: boolean;
  readonly #usages: KeyUsage[];

  static {
    makeKey = (bytes, hash, extractable, usages) => {
      const algorithm = { name: "HMAC", hash: { name: hash }, length: bytes.length * 8 } as const;
      return new CryptoKey(HIDDEN, bytes, algorithm, extractable, usages);
    };
    bytesOfKey = (key) => key.#bytes;
  }

  /** @internal */
  constructor(
    hidden: symbol,
    bytes: Uint8Array,
    algorithm: HmacKeyAlgorithm,
    extractable: boolean,
    usages: KeyUsage[],
  ) {
    if (hidden !== HIDDEN) {
      throw new TypeError("CryptoKey: keys come from crypto.subtle");
    }
    this.#bytes = bytes;
    this.#algorithm = algorithm;
    this.#extractable = extractable;
    this.#usages = usages;
  }

  get type(): "secret" {
    return "secret";
  }
  get extractable(): boolean {
    return this.#extractable;
  }
  get algorithm(): HmacKeyAlgorithm {
    return this.#algorithm;
  }
  get usages(): KeyUsage[] {
    return [...this.#usages];
  }
}

/** @internal A key of those that may do this; raises otherwise. */
export function usable(key: unknown, usage: KeyUsage): CryptoKey {
  if (!(key instanceof CryptoKey)) {
    throw new TypeError(`${usage}: expected a CryptoKey`);
  }
  if (!key.usages.includes(usage)) {
    throw new (core.events().DOMException)(
      `the key was not imported for "${usage}"`,
      "InvalidAccessError",
    );
  }
  return key;
}
