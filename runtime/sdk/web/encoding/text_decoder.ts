/** `TextDecoder`: bytes of UTF-8, UTF-16 or Latin 1 to text, in one piece or in several. */

import { bytesOf, dictionary } from "../text";
import { characters, Utf8Decoder } from "./utf8";

// The labels that are in use; the standard has more, for encodings that are not here.
const LABELS: Record<string, string[]> = {
  "utf-8": ["utf-8", "utf8", "unicode-1-1-utf-8", "unicode11utf8", "unicode20utf8", "x-unicode20utf8"],
  "utf-16le": ["utf-16", "utf-16le", "ucs-2", "unicode", "unicodefeff", "iso-10646-ucs-2", "csunicode"],
  "utf-16be": ["utf-16be", "unicodefffe"],
  "windows-1252": [
    ..."latin1,l1,ascii,us-ascii,iso-8859-1,iso8859-1,iso88591,iso_8859-1,iso_8859-1:1987".split(","),
    ..."windows-1252,cp1252,x-cp1252,cp819,ibm819,csisolatin1,iso-ir-100,ansi_x3.4-1968".split(","),
  ],
};
// What windows-1252 has instead of the control characters 0x80 to 0x9f.
const WINDOWS_1252 = "€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ";

interface Decoding {
  decode(bytes: Uint8Array, isLast: boolean): string;
}

export interface TextDecoderOptions {
  /** Raise a TypeError for bytes that are no text, where they become U+FFFD otherwise. */
  fatal?: boolean;
  /** Keep a byte order mark at the start. */
  ignoreBOM?: boolean;
}

export class TextDecoder {
  readonly #encoding: string;
  readonly #fatal: boolean;
  readonly #ignoreBom: boolean;
  #decoding: Decoding | null = null;
  #atStart = true;

  /** utf-8, utf-16le, utf-16be and latin1 are known, each under its usual names. */
  constructor(label: string = "utf-8", options?: TextDecoderOptions) {
    const name = `${label}`.replace(/^[\t\n\f\r ]+|[\t\n\f\r ]+$/g, "").toLowerCase();
    const encoding = Object.keys(LABELS).find((known) => LABELS[known]!.includes(name));
    if (encoding === undefined) {
      throw new RangeError(`TextDecoder: the encoding ${JSON.stringify(label)} is not known`);
    }
    const { fatal, ignoreBOM } = dictionary("TextDecoder", options);
    this.#encoding = encoding;
    this.#fatal = !!fatal;
    this.#ignoreBom = !!ignoreBOM;
  }

  get encoding(): string {
    return this.#encoding;
  }
  get fatal(): boolean {
    return this.#fatal;
  }
  get ignoreBOM(): boolean {
    return this.#ignoreBom;
  }

  /** stream: more follows, so that a character may be cut off at the end. */
  decode(input?: ArrayBuffer | ArrayBufferView, options?: { stream?: boolean }): string {
    const bytes = input === undefined ? new Uint8Array(0) : bytesOf(input);
    if (bytes === undefined) {
      throw new TypeError("decode: expected an ArrayBuffer or a view of one");
    }
    const isLast = !dictionary("decode", options).stream;
    this.#decoding ??= decodingOf(this.#encoding, this.#fatal);
    let text: string;
    try {
      text = this.#decoding.decode(bytes, isLast);
    } catch (error) {
      this.#restart();
      throw error;
    }
    if (this.#atStart && text !== "") {
      this.#atStart = false;
      if (!this.#ignoreBom && text.charCodeAt(0) === 0xfeff && this.#encoding !== "windows-1252") {
        text = text.slice(1);
      }
    }
    if (isLast) {
      this.#restart();
    }
    return text;
  }

  #restart(): void {
    this.#decoding = null;
    this.#atStart = true;
  }
}

function decodingOf(encoding: string, fatal: boolean): Decoding {
  switch (encoding) {
    case "utf-8":
      return new Utf8Decoder(fatal);
    case "windows-1252":
      return { decode: latin1 };
    default:
      return new Utf16Decoder(encoding === "utf-16be", fatal);
  }
}

function latin1(bytes: Uint8Array): string {
  return characters(bytes).replace(
    /[\x80-\x9f]/g,
    (character) => WINDOWS_1252[character.charCodeAt(0) - 0x80]!,
  );
}

class Utf16Decoder {
  #odd = -1;
  #high = "";

  constructor(
    readonly isBigEndian: boolean,
    readonly fatal: boolean,
  ) {}

  decode(bytes: Uint8Array, isLast: boolean): string {
    const units = new Uint16Array((bytes.length + 1) >> 1);
    let count = 0;
    for (const byte of bytes) {
      if (this.#odd < 0) {
        this.#odd = byte;
      } else {
        units[count++] = this.isBigEndian ? (this.#odd << 8) | byte : (byte << 8) | this.#odd;
        this.#odd = -1;
      }
    }
    let text = this.#high + characters(units, count);
    this.#high = "";
    if (isLast) {
      if (this.#odd >= 0) {
        text += "\ud800"; // cut off, which is as wrong as a surrogate alone
      }
    } else if (/[\ud800-\udbff]$/.test(text)) {
      this.#high = text.slice(-1);
      text = text.slice(0, -1);
    }
    if (this.fatal && !text.isWellFormed()) {
      throw new TypeError("the bytes are not valid UTF-16");
    }
    return text.toWellFormed();
  }
}
