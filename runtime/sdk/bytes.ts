/** Bytes as scripts hold them, turned into the base64 in which they leave the isolate. */

import { arrayBufferLength, typedArrayName, viewOf } from "./intrinsics";

// V8 has it since 14.0; the compiler's library does not know it yet.
type WithBase64 = { toBase64(): string };

const ByteArray = Uint8Array;
const toBase64 = Function.prototype.call.bind(
  (Uint8Array.prototype as unknown as WithBase64).toBase64,
) as (bytes: Uint8Array) => string;

/** The base64 of a typed array or an ArrayBuffer; undefined for anything else. */
export function base64Of(value: object): string | undefined {
  if (typedArrayName(value) !== undefined) {
    const { buffer, start, length } = viewOf(value);
    return toBase64(new ByteArray(buffer, start, length));
  }
  try {
    arrayBufferLength(value);
  } catch {
    return undefined;
  }
  return toBase64(new ByteArray(value as ArrayBuffer));
}
