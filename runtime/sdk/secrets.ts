/**
 * `secrets`: values that whoever administers the guild keeps in flora, and that no script sees.
 *
 * A script has placeholders, which the host replaces in what `fetch` sends to hosts that the secret
 * allows. They come with the script's start and again whenever the guild's secrets change.
 */

import { operation } from "./bridge";
import { base64Of } from "./bytes";
import { codedError, inputError } from "./errors";
import { charCodeAt, hasOwn, indexOf, isObject, slice, toLowerCase } from "./intrinsics";
import type { PlainObject } from "./plain";

/** What `secrets.hmac` computes with. */
export type HmacAlgorithm = "sha1" | "sha256" | "sha384" | "sha512";
export type HmacEncoding = "hex" | "base64" | "base64url";

// Longer ones have no place in a header.
const MAX_USER = 256;
const ALGORITHMS = ["sha1", "sha256", "sha384", "sha512"];
const ENCODINGS = ["hex", "base64", "base64url"];

let placeholders: PlainObject = {};

/** What the host says of the guild's secrets. @internal */
export function setPlaceholders(known: unknown): void {
  placeholders = isObject(known) ? (known as PlainObject) : {};
}

export const secrets = {
  /**
   * What stands for a secret in addresses, headers and texts that `fetch` sends; undefined when the
   * guild has none of this name.
   *
   * @example fetch(url, { headers: { Authorization: `Bearer ${secrets.get("API_TOKEN")}` } })
   */
  get(name: string): string | undefined {
    const key = text("name", name);
    return hasOwn(placeholders, key) ? (placeholders[key] as string) : undefined;
  },

  /**
   * A value for the header `Authorization`, with the secret as the user's password.
   *
   * @example fetch(url, { headers: { Authorization: secrets.basicAuth("me", "API_PASSWORD") } })
   */
  basicAuth(user: string, name: string): string {
    const placeholder = secrets.get(name);
    if (placeholder === undefined) {
      throw codedError(`there is no secret '${name}'`, "UNKNOWN_SECRET");
    }
    const who = text("user", user);
    if (who.length > MAX_USER || indexOf(who, ":") !== -1) {
      throw inputError("user", `expected at most ${MAX_USER} characters, no colon among them`);
    }
    return `Basic ${placeholder}.basic.${hexadecimal(who)}.`;
  },

  /**
   * The HMAC of the data with the secret as its key, computed by the host.
   *
   * @example await secrets.hmac("WEBHOOK_KEY", "sha256", body, "hex")
   */
  async hmac(
    name: string,
    algorithm: HmacAlgorithm,
    data: string | ArrayBuffer | ArrayBufferView,
    encoding: HmacEncoding = "hex",
  ): Promise<string> {
    return operation("secrets.hmac", () => ({
      name: text("name", name),
      algorithm: oneOf("algorithm", algorithm, ALGORITHMS),
      encoding: oneOf("encoding", encoding, ENCODINGS),
      ...(typeof data === "string" ? { text: data } : { data: bytes(data) }),
    }));
  },
};

function text(field: string, value: unknown): string {
  if (typeof value !== "string") {
    throw inputError(field, `expected text, got ${value === null ? "null" : typeof value}`);
  }
  return value;
}

function oneOf(field: string, value: unknown, known: string[]): string {
  const word = toLowerCase(text(field, value));
  const short = indexOf(word, "sha-") === 0 ? `sha${slice(word, 4)}` : word;
  for (let i = 0; i < known.length; i++) {
    if (known[i] === short) {
      return short;
    }
  }
  let list = "";
  for (let i = 0; i < known.length; i++) {
    list += `${i ? ", " : ""}${known[i]}`;
  }
  throw inputError(field, `expected one of ${list}`);
}

function bytes(data: unknown): string {
  const encoded = isObject(data) ? base64Of(data) : undefined;
  if (encoded === undefined) {
    throw inputError("data", "expected text, an ArrayBuffer or a typed array");
  }
  return encoded;
}

/** Four digits for each UTF-16 unit. */
function hexadecimal(value: string): string {
  const digits = "0123456789abcdef";
  let hex = "";
  for (let i = 0; i < value.length; i++) {
    const unit = charCodeAt(value, i);
    for (let shift = 12; shift >= 0; shift -= 4) {
      hex += digits[(unit >> shift) & 15];
    }
  }
  return hex;
}
