/** `application/x-www-form-urlencoded`: pairs to text and back. */

import { core } from "../core";
import { percentEncoded } from "./percent";

export type Pair = [name: string, value: string];

export function parsePairs(text: string): Pair[] {
  const pairs: Pair[] = [];
  for (const piece of text.split("&")) {
    if (piece !== "") {
      const equals = piece.indexOf("=");
      const name = equals < 0 ? piece : piece.slice(0, equals);
      pairs.push([decoded(name), equals < 0 ? "" : decoded(piece.slice(equals + 1))]);
    }
  }
  return pairs;
}

export function serializePairs(pairs: Iterable<Pair>): string {
  let text = "";
  for (const [name, value] of pairs) {
    text += `${text && "&"}${encoded(name)}=${encoded(value)}`;
  }
  return text;
}

function decoded(text: string): string {
  const spaced = text.replaceAll("+", " ");
  if (!spaced.includes("%")) {
    return spaced.toWellFormed();
  }
  const bytes = core.encoding().encodeUtf8(spaced);
  let length = 0;
  for (let i = 0; i < bytes.length; i++) {
    const high = bytes[i] === 0x25 ? digit(bytes[i + 1]) : -1;
    const low = high < 0 ? -1 : digit(bytes[i + 2]);
    if (low < 0) {
      bytes[length++] = bytes[i]!;
    } else {
      bytes[length++] = high * 16 + low;
      i += 2;
    }
  }
  return core.encoding().decodeUtf8(bytes.subarray(0, length));
}

function digit(byte: number | undefined): number {
  return byte === undefined || byte < 0x30 ? -1 : "0123456789abcdef".indexOf(lower(byte));
}

function lower(byte: number): string {
  return String.fromCharCode(byte >= 0x41 && byte <= 0x46 ? byte | 0x20 : byte);
}

function encoded(text: string): string {
  if (/^[\w*.-]*$/.test(text)) {
    return text;
  }
  let result = "";
  for (const byte of core.encoding().encodeUtf8(text)) {
    const character = String.fromCharCode(byte);
    result += byte === 0x20 ? "+" : /[\w*.-]/.test(character) ? character : percentEncoded(byte);
  }
  return result;
}
