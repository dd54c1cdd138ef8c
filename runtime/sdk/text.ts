/**
 * Text on its way out: quoted, measured as UTF-8, and free of lone surrogates.
 *
 * It knows only strings; plain.ts does the same for data.
 */

import { charCodeAt, indexOf, slice, stringify } from "./intrinsics";

/** JSON text of a string. */
export function quote(text: string): string {
  return wellFormed(stringify(text));
}

/** How many bytes a string takes as UTF-8. */
export function byteLength(text: string): number {
  return bytesUpTo(text, Infinity).bytes;
}

/** The longest prefix of the text that takes at most so many bytes as UTF-8. */
export function cut(text: string, maxBytes: number): string {
  if (text.length * 3 <= maxBytes) {
    return text;
  }
  return slice(text, 0, bytesUpTo(text, maxBytes).end);
}

function bytesUpTo(text: string, maxBytes: number): { bytes: number; end: number } {
  let bytes = 0;
  let i = 0;
  while (i < text.length) {
    const unit = charCodeAt(text, i);
    const next = unit >= 0xd800 && unit < 0xdc00 ? charCodeAt(text, i + 1) : 0;
    const isPair = next >= 0xdc00 && next < 0xe000;
    const size = isPair ? 4 : unit < 0x80 ? 1 : unit < 0x800 ? 2 : 3;
    if (bytes + size > maxBytes) {
      break;
    }
    bytes += size;
    i += isPair ? 2 : 1;
  }
  return { bytes, end: i };
}

/**
 * JSON text without lone surrogates, which the host's decoders refuse in any form.
 *
 * JSON.stringify escapes them in lower case, a script's JSON.rawJSON as it likes.
 */
export function wellFormed(text: string): string {
  if (indexOf(text, "\\ud") === -1 && indexOf(text, "\\uD") === -1) {
    return text;
  }
  let clean = "";
  let copied = 0;
  let i = indexOf(text, "\\");
  while (i !== -1) {
    // \uD800 to \uDFFF; pairs are not escaped, so that each is alone (or a script's own doing).
    const isLone =
      charCodeAt(text, i + 1) === 0x75 &&
      (charCodeAt(text, i + 2) | 0x20) === 0x64 &&
      charCodeAt(text, i + 3) >= 0x38;
    if (isLone) {
      clean += `${slice(text, copied, i)}\\ufffd`;
      copied = i + 6;
    }
    i = indexOf(text, "\\", i + (isLone ? 6 : 2));
  }
  return clean + slice(text, copied);
}
