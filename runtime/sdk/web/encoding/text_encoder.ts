/** `TextEncoder`: text to UTF-8. */

import { usvString } from "../text";
import { encodeInto, encodeUtf8 } from "./utf8";

export class TextEncoder {
  get encoding(): string {
    return "utf-8";
  }

  encode(text: string = ""): Uint8Array<ArrayBuffer> {
    return encodeUtf8(`${text}`);
  }

  /** Writes as many whole characters as fit. Gives the units read and the bytes written. */
  encodeInto(text: string, target: Uint8Array): { read: number; written: number } {
    if (!(target instanceof Uint8Array)) {
      throw new TypeError("encodeInto: expected a Uint8Array");
    }
    return encodeInto(usvString(text), target);
  }
}
