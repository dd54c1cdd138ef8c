/** Values as Web IDL turns them into texts and numbers: what every family's arguments go through. */

/** A text without lone surrogates. */
export function usvString(value: unknown): string {
  return `${value as string}`.toWellFormed();
}

/** A text of which each character is one byte. */
export function byteString(value: unknown): string {
  const text = `${value as string}`;
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) > 255) {
      throw new TypeError(`expected a text of bytes, but its character ${i} is above 255`);
    }
  }
  return text;
}

/** Raises a TypeError when a function was called with less than it needs. */
export function requireArguments(name: string, given: number, needed: number): void {
  if (given < needed) {
    throw new TypeError(`${name}: ${needed} argument${needed > 1 ? "s" : ""} required, got ${given}`);
  }
}

/** An options bag: undefined and null are empty ones, anything else must be an object. */
export function dictionary<T extends object>(name: string, value: T | null | undefined): Partial<T> {
  if (value === undefined || value === null) {
    return {};
  }
  if (typeof value !== "object" && typeof value !== "function") {
    throw new TypeError(`${name}: expected an object, got ${typeof value}`);
  }
  return value;
}

/** The bytes of an ArrayBuffer or of a view of one, not copied; undefined for anything else. */
export function bytesOf(value: unknown): Uint8Array<ArrayBuffer> | undefined {
  if (ArrayBuffer.isView(value)) {
    return new Uint8Array(value.buffer as ArrayBuffer, value.byteOffset, value.byteLength);
  }
  try {
    byteLength.call(value as ArrayBuffer);
    return new Uint8Array(value as ArrayBuffer);
  } catch {
    return undefined;
  }
}

// Throws for anything that is no ArrayBuffer, whatever its prototype says.
const byteLength = Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, "byteLength")!.get!;
