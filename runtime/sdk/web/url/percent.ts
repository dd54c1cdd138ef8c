/** What whatwg-url takes from `@exodus/bytes`, for UTF-8 alone: an isolate knows no other query. */

import { core } from "../core";

export const utf8Encode = (text: string): Uint8Array => core.encoding().encodeUtf8(text);
export const utf8DecodeWithoutBOM = (bytes: Uint8Array): string =>
  core.encoding().decodeUtf8(bytes);

/** Percent-encodes what is not printable ASCII, and the characters named besides. */
export function percentEncodeAfterEncoding(_encoding: string, text: string, set: string): string {
  let result = "";
  for (const byte of utf8Encode(text)) {
    const character = String.fromCharCode(byte);
    result +=
      byte <= 0x1f || byte > 0x7e || set.includes(character) ? percentEncoded(byte) : character;
  }
  return result;
}

export function percentEncoded(byte: number): string {
  return `%${byte < 16 ? "0" : ""}${byte.toString(16).toUpperCase()}`;
}
