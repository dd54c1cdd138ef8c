/** `atob` and `btoa`: base64 of texts whose characters are one byte each. */

import { core } from "../core";
import { requireArguments } from "../text";
import { characters } from "./utf8";

type Base64 = { fromBase64(text: string): Uint8Array<ArrayBuffer> };
// V8 has them since 14.0; TypeScript's library does not know them yet (5.9).
const { fromBase64 } = Uint8Array as unknown as Base64;
const { toBase64 } = Uint8Array.prototype as unknown as { toBase64(this: Uint8Array): string };

/** The text that a base64 text stands for. */
export function atob(text: string): string {
  requireArguments("atob", arguments.length, 1);
  let bytes: Uint8Array;
  try {
    bytes = fromBase64.call(Uint8Array, `${text}`);
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw invalid("atob: the text is not base64");
    }
    throw error;
  }
  return characters(bytes);
}

/** The base64 of a text. Raises for characters above U+00FF: encode those as UTF-8 first. */
export function btoa(text: string): string {
  requireArguments("btoa", arguments.length, 1);
  const binary = `${text}`;
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) {
    const unit = binary.charCodeAt(i);
    if (unit > 255) {
      throw invalid(`btoa: character ${i} is above U+00FF`);
    }
    bytes[i] = unit;
  }
  return base64Of(bytes);
}

/** @internal */
export function base64Of(bytes: Uint8Array): string {
  return toBase64.call(bytes);
}

/** @internal */
export function bytesFromBase64(text: string): Uint8Array<ArrayBuffer> {
  return fromBase64.call(Uint8Array, text);
}

function invalid(message: string): Error {
  return new (core.events().DOMException)(message, "InvalidCharacterError");
}
