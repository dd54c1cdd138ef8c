/** Text to UTF-8 and back, as the Encoding standard has it: errors become U+FFFD, or raise. */

// fromCharCode takes its characters as arguments, of which there may not be too many.
const CHUNK = 8192;

export function utf8Length(text: string): number {
  let length = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0x80) {
      length += unit < 0x800 ? 1 : 2;
      if (unit >= 0xd800 && unit < 0xdc00 && isLow(text.charCodeAt(i + 1))) {
        i++; // a pair: two units, four bytes
      }
    }
  }
  return length;
}

export function encodeUtf8(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(utf8Length(text));
  encodeInto(text, bytes);
  return bytes;
}

/** Writes as many whole characters as fit. Gives the units read and the bytes written. */
export function encodeInto(text: string, bytes: Uint8Array): { read: number; written: number } {
  let written = 0;
  let read = 0;
  while (read < text.length) {
    let point = text.charCodeAt(read);
    let units = 1;
    if (point >= 0xd800 && point < 0xe000) {
      const low = text.charCodeAt(read + 1);
      if (point < 0xdc00 && isLow(low)) {
        point = 0x10000 + ((point & 0x3ff) << 10) + (low & 0x3ff);
        units = 2;
      } else {
        point = 0xfffd;
      }
    }
    const size = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    if (written + size > bytes.length) {
      break;
    }
    if (size === 1) {
      bytes[written++] = point;
    } else {
      bytes[written++] = [0, 0, 0xc0, 0xe0, 0xf0][size]! | (point >> (6 * (size - 1)));
      for (let shift = 6 * (size - 2); shift >= 0; shift -= 6) {
        bytes[written++] = 0x80 | ((point >> shift) & 0x3f);
      }
    }
    read += units;
  }
  return { read, written };
}

/** What was cut off in the middle of a character goes on with the next piece. */
export class Utf8Decoder {
  #needed = 0;
  #seen = 0;
  #point = 0;
  #lower = 0x80;
  #upper = 0xbf;

  constructor(readonly fatal: boolean) {}

  /** isLast: nothing follows, so that a character cut off is an error. */
  decode(bytes: Uint8Array, isLast: boolean): string {
    const units = new Uint16Array(Math.min(bytes.length + 2, CHUNK));
    let text = "";
    let count = 0;
    for (let i = 0; i < bytes.length; i++) {
      if (count + 2 > units.length) {
        text += characters(units, count);
        count = 0;
      }
      const byte = bytes[i]!;
      if (this.#needed === 0) {
        if (byte < 0x80) {
          units[count++] = byte;
        } else if (!this.#begin(byte)) {
          units[count++] = this.#replacement();
        }
      } else if (byte < this.#lower || byte > this.#upper) {
        this.#reset();
        units[count++] = this.#replacement();
        i--; // it may begin another character
      } else {
        this.#lower = 0x80;
        this.#upper = 0xbf;
        this.#point = (this.#point << 6) | (byte & 0x3f);
        if (++this.#seen === this.#needed) {
          const point = this.#point;
          this.#reset();
          if (point < 0x10000) {
            units[count++] = point;
          } else {
            units[count++] = 0xd7c0 + (point >> 10);
            units[count++] = 0xdc00 | (point & 0x3ff);
          }
        }
      }
    }
    if (isLast && this.#needed > 0) {
      this.#reset();
      units[count++] = this.#replacement();
    }
    return text + characters(units, count);
  }

  #begin(byte: number): boolean {
    if (byte < 0xc2 || byte > 0xf4) {
      return false;
    }
    this.#needed = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
    this.#point = byte & (0x3f >> this.#needed);
    // Neither overlong, nor surrogates, nor beyond U+10FFFF.
    this.#lower = byte === 0xe0 ? 0xa0 : byte === 0xf0 ? 0x90 : 0x80;
    this.#upper = byte === 0xed ? 0x9f : byte === 0xf4 ? 0x8f : 0xbf;
    return true;
  }

  #reset(): void {
    this.#needed = this.#seen = this.#point = 0;
    this.#lower = 0x80;
    this.#upper = 0xbf;
  }

  #replacement(): number {
    if (this.fatal) {
      throw new TypeError("the bytes are not valid UTF-8");
    }
    return 0xfffd;
  }
}

/** A whole text; a byte order mark at its start stays. */
export function decodeUtf8(bytes: Uint8Array): string {
  return new Utf8Decoder(false).decode(bytes, true);
}

/** The text of UTF-16 code units, or of bytes that are one character each. */
export function characters(units: Uint16Array | Uint8Array, count: number = units.length): string {
  let text = "";
  for (let i = 0; i < count; i += CHUNK) {
    const piece = units.subarray(i, Math.min(i + CHUNK, count));
    text += String.fromCharCode.apply(null, piece as unknown as number[]);
  }
  return text;
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000;
}
