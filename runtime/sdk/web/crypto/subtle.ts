/**
 * `crypto.subtle`: digests and HMAC, which the host computes (runtime/operations/crypto.py).
 *
 * Other algorithms raise NotSupportedError, as the standard has it for what is not there.
 */

import { core } from "../core";
import { bytesOf, requireArguments } from "../text";
import { bytesOfKey, CryptoKey, type KeyUsage, makeKey, usable } from "./key";

export type HashName = "SHA-1" | "SHA-256" | "SHA-384" | "SHA-512";
export type AlgorithmIdentifier = string | { name: string };
export type BufferSource = ArrayBuffer | ArrayBufferView;

export interface HmacParams {
  name: string;
  hash: HashName | AlgorithmIdentifier;
  /** Of a key to be made, in bits. */
  length?: number;
}

export interface JsonWebKey {
  kty?: string;
  k?: string;
  alg?: string;
  key_ops?: string[];
  ext?: boolean;
}

// The bytes of a block, as long as a key is when it does not say.
const BLOCKS: Record<HashName, number> = {
  ...{ "SHA-1": 64, "SHA-256": 64, "SHA-384": 128, "SHA-512": 128 },
};
// The host takes no more (runtime/operations/crypto.py).
const MOST_BYTES = 8 << 20;
const MOST_KEY_BYTES = 64 << 10;

export class SubtleCrypto {
  /** The hash of bytes, at most 8 MiB. */
  async digest(algorithm: HashName | AlgorithmIdentifier, data: BufferSource): Promise<ArrayBuffer> {
    requireArguments("digest", arguments.length, 2);
    const payload = { algorithm: hashOf(algorithm), data: textOf(data, MOST_BYTES) };
    return bytesOfAnswer(await core.operation("crypto.digest", () => payload));
  }

  /** raw: the bytes of the key; jwk: an object with them as base64url. */
  async importKey(
    format: "raw" | "jwk",
    keyData: BufferSource | JsonWebKey,
    algorithm: HmacParams,
    extractable: boolean,
    usages: KeyUsage[],
  ): Promise<CryptoKey> {
    requireArguments("importKey", arguments.length, 5);
    const hash = hashOfHmac(algorithm);
    const checked = usagesOf(usages);
    const bytes = format === "jwk" ? bytesOfJwk(keyData as JsonWebKey) : rawBytes(format, keyData);
    if (bytes.length === 0 || bytes.length > MOST_KEY_BYTES) {
      throw refused(`a key has 1 to ${MOST_KEY_BYTES} bytes, got ${bytes.length}`, "DataError");
    }
    return makeKey(bytes.slice(), hash, !!extractable, checked);
  }

  /** A random key, as long as a block of its hash when it does not say. */
  async generateKey(
    algorithm: HmacParams,
    extractable: boolean,
    usages: KeyUsage[],
  ): Promise<CryptoKey> {
    requireArguments("generateKey", arguments.length, 3);
    const hash = hashOfHmac(algorithm);
    const checked = usagesOf(usages);
    const bits = algorithm.length === undefined ? BLOCKS[hash] * 8 : Number(algorithm.length);
    if (!(bits >= 8 && bits <= MOST_KEY_BYTES * 8 && bits % 8 === 0)) {
      throw refused("generateKey: length is in bits, a multiple of 8", "OperationError");
    }
    const bytes = new Uint8Array(bits / 8);
    core.fillRandom(bytes);
    return makeKey(bytes, hash, !!extractable, checked);
  }

  exportKey(format: "raw", key: CryptoKey): Promise<ArrayBuffer>;
  exportKey(format: "jwk", key: CryptoKey): Promise<JsonWebKey>;
  async exportKey(format: "raw" | "jwk", key: CryptoKey): Promise<ArrayBuffer | JsonWebKey> {
    requireArguments("exportKey", arguments.length, 2);
    if (!(key instanceof CryptoKey)) {
      throw new TypeError("exportKey: expected a CryptoKey");
    }
    if (!key.extractable) {
      throw refused("the key was not made to be exported", "InvalidAccessError");
    }
    const bytes = bytesOfKey(key);
    if (format === "raw") {
      return bytes.slice().buffer as ArrayBuffer;
    }
    if (format !== "jwk") {
      throw refused(`keys are exported as "raw" or "jwk"`, "NotSupportedError");
    }
    const k = core.encoding().base64Of(bytes);
    return {
      kty: "oct",
      k: k.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", ""),
      alg: `HS${key.algorithm.hash.name.slice(4)}`,
      key_ops: key.usages,
      ext: true,
    };
  }

  /** The HMAC of bytes, at most 8 MiB. */
  async sign(
    algorithm: AlgorithmIdentifier,
    key: CryptoKey,
    data: BufferSource,
  ): Promise<ArrayBuffer> {
    requireArguments("sign", arguments.length, 3);
    const payload = hmacPayload(algorithm, usable(key, "sign"), data);
    return bytesOfAnswer(await core.operation("crypto.hmac", () => payload));
  }

  /** Whether a signature is the HMAC of the bytes; compared in constant time. */
  async verify(
    algorithm: AlgorithmIdentifier,
    key: CryptoKey,
    signature: BufferSource,
    data: BufferSource,
  ): Promise<boolean> {
    requireArguments("verify", arguments.length, 4);
    const payload = {
      ...hmacPayload(algorithm, usable(key, "verify"), data),
      signature: textOf(signature, MOST_KEY_BYTES),
    };
    return (await core.operation("crypto.verifyHmac", () => payload)) as boolean;
  }
}

function nameOf(algorithm: unknown): string {
  if (typeof algorithm === "string") {
    return algorithm;
  }
  const name: unknown = (algorithm as { name?: unknown } | null | undefined)?.name;
  if (name === undefined) {
    throw new TypeError("expected the name of an algorithm, or an object with it as its name");
  }
  return `${name as string}`;
}

function hashOf(algorithm: unknown): HashName {
  const name = nameOf(algorithm);
  const known = Object.keys(BLOCKS).find((hash) => hash === name.toUpperCase());
  if (!known) {
    const all = Object.keys(BLOCKS).join(", ");
    throw refused(`${JSON.stringify(name)} is not there; digests are ${all}`, "NotSupportedError");
  }
  return known as HashName;
}

function hashOfHmac(algorithm: HmacParams): HashName {
  requireHmac(algorithm);
  if (algorithm.hash === undefined) {
    throw new TypeError("HMAC: expected {name, hash}");
  }
  return hashOf(algorithm.hash);
}

function requireHmac(algorithm: unknown): void {
  const name = nameOf(algorithm);
  if (name.toUpperCase() !== "HMAC") {
    throw refused(`${JSON.stringify(name)} is not there; keys are for HMAC`, "NotSupportedError");
  }
}

function usagesOf(usages: unknown): KeyUsage[] {
  const all = [...(usages as Iterable<KeyUsage>)];
  if (all.length === 0 || all.some((usage) => usage !== "sign" && usage !== "verify")) {
    throw refused('the usages of an HMAC key are "sign" and "verify"', "SyntaxError");
  }
  return [...new Set(all)];
}

function rawBytes(format: unknown, data: unknown): Uint8Array {
  if (format !== "raw") {
    throw refused('keys are imported as "raw" or "jwk"', "NotSupportedError");
  }
  const bytes = bytesOf(data);
  if (!bytes) {
    throw new TypeError("importKey: expected an ArrayBuffer or a view of one");
  }
  return bytes;
}

function bytesOfJwk(key: JsonWebKey): Uint8Array {
  if (key?.kty !== "oct" || typeof key.k !== "string") {
    throw refused('importKey: a key for HMAC has kty "oct" and its bytes as k', "DataError");
  }
  try {
    return core.encoding().bytesFromBase64(key.k.replaceAll("-", "+").replaceAll("_", "/"));
  } catch {
    throw refused("importKey: k is not base64url", "DataError");
  }
}

function hmacPayload(algorithm: unknown, key: CryptoKey, data: unknown) {
  requireHmac(algorithm);
  return {
    algorithm: key.algorithm.hash.name,
    key: core.encoding().base64Of(bytesOfKey(key)),
    data: textOf(data, MOST_BYTES),
  };
}

function textOf(data: unknown, most: number): string {
  const bytes = bytesOf(data);
  if (!bytes) {
    throw new TypeError("expected an ArrayBuffer or a view of one");
  }
  if (bytes.length > most) {
    throw refused(`at most ${most} bytes at once, got ${bytes.length}`, "OperationError");
  }
  return core.encoding().base64Of(bytes);
}

function bytesOfAnswer(answer: unknown): ArrayBuffer {
  return core.encoding().bytesFromBase64(answer as string).buffer;
}

function refused(message: string, name: string): Error {
  return new (core.events().DOMException)(message, name);
}
