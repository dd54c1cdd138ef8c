/**
 * Values to JSON text and back: what leaves the isolate is valid, well-formed and bounded.
 *
 * It knows nothing of operations. A script's value is first *snapshotted* into plain data, so
 * that getters, proxies and `toJSON` run once, in the turn of whoever passed them; everything
 * after that works on plain data only.
 */

import { base64Of } from "./bytes";
import { inputError, reasonOf } from "./errors";
import {
  ArrayPrototype,
  charCodeAt,
  ErrorConstructor,
  getPrototypeOf,
  hasOwn,
  indexOf,
  isArray,
  isObject,
  keys,
  ObjectPrototype,
  parse,
  stringify,
  toNumber,
} from "./intrinsics";
import { wellFormed } from "./text";

/** What JSON.parse gives. */
export type Plain = string | number | boolean | null | Plain[] | PlainObject;
export interface PlainObject {
  [key: string]: Plain | undefined;
}

// The host's decoder gives up on deep nesting; nothing that Discord takes is half as deep.
const MAX_DEPTH = 64;
const LARGEST_SAFE = 2n ** 53n - 1n;
// Options that can hold bytes, or something with bytes in it.
const FILE_FIELDS = ["files", "attachments", "file", "image", "icon", "avatar", "payload", "message"];

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const [BRACE, CLOSING_BRACE, BRACKET, CLOSING_BRACKET] = [0x7b, 0x7d, 0x5b, 0x5d];

/** Plain data equal to what the script passed. Raises INVALID_INPUT naming the argument. */
export function snapshot(name: string, value: unknown): Plain {
  try {
    return parse(shallow(scriptText(value))) as Plain;
  } catch (error) {
    throw inputError(name, reasonOf(error));
  }
}

/**
 * A snapshot of an options object. Raises INVALID_INPUT naming the property at fault.
 *
 * Typed arrays and ArrayBuffers become base64, where the options can have files.
 */
export function snapshotOptions(name: string, value: unknown): PlainObject {
  if (typeof value !== "object" || value === null) {
    throw inputError(name, `expected an object, got ${value === null ? "null" : typeof value}`);
  }
  let plain: Plain;
  try {
    plain = parse(shallow(scriptText(value, mayHaveFiles(value)))) as Plain;
  } catch (error) {
    nameCulprit(value as Record<string, unknown>);
    throw inputError(name, reasonOf(error));
  }
  if (isArray(plain) || !isObject(plain)) {
    throw inputError(name, "expected an object");
  }
  return plain;
}

/**
 * JSON text of plain data; a `toJSON` that a script put on a prototype is not consulted.
 *
 * The text is checked all the same: the data has passed methods that a script may have replaced.
 */
export function plainText(value: Plain | PlainObject): string {
  const poisoned =
    hasOwn(ObjectPrototype, "toJSON") ||
    hasOwn(ArrayPrototype, "toJSON") ||
    getPrototypeOf(ArrayPrototype) !== ObjectPrototype;
  return wellFormed(shallow(poisoned ? textByHand(value) : (stringify(value) as string)));
}

/** The text itself, unless brackets nest too deep in it. */
function shallow(text: string): string {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = charCodeAt(text, i);
    if (unit === QUOTE) {
      i = endOfString(text, i);
    } else if (unit === BRACE || unit === BRACKET) {
      if (++depth > MAX_DEPTH) {
        throw new ErrorConstructor(`nested deeper than ${MAX_DEPTH} levels`);
      }
    } else if (unit === CLOSING_BRACE || unit === CLOSING_BRACKET) {
      depth--;
    }
  }
  return text;
}

function endOfString(text: string, start: number): number {
  let end = start;
  let escapes: number;
  do {
    end = indexOf(text, '"', end + 1);
    escapes = 0;
    while (charCodeAt(text, end - 1 - escapes) === BACKSLASH) {
      escapes++;
    }
  } while (escapes % 2 === 1);
  return end;
}

function scriptText(value: unknown, withFiles = false): string {
  let text: string | undefined;
  try {
    text = withFiles ? stringify(value, asJson) : stringify(value);
  } catch {
    // Most likely a BigInt; whatever else it was throws again.
    text = stringify(value, asJson);
  }
  return text === undefined ? "null" : text;
}

/** What JSON has no form for; it is slower than JSON.stringify alone. */
function asJson(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") {
    return value <= LARGEST_SAFE && value >= -LARGEST_SAFE ? toNumber(value) : `${value}`;
  }
  return isObject(value) ? (base64Of(value) ?? value) : value;
}

function mayHaveFiles(options: object): boolean {
  for (let i = 0; i < FILE_FIELDS.length; i++) {
    if (hasOwn(options, FILE_FIELDS[i] as string)) {
      return true;
    }
  }
  return false;
}

function nameCulprit(options: Record<string, unknown>): void {
  let names: string[] = [];
  try {
    names = keys(options);
  } catch {
    // A proxy without keys: the whole is at fault.
  }
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string;
    let value: unknown;
    try {
      value = options[name];
    } catch (error) {
      throw inputError(name, reasonOf(error));
    }
    snapshot(name, value);
  }
}

function textByHand(value: Plain | undefined): string {
  if (!isObject(value)) {
    return stringify(value) as string;
  }
  let text = "";
  if (isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      text += `${i ? "," : ""}${textByHand(value[i])}`;
    }
    return `[${text}]`;
  }
  const names = keys(value);
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string;
    const item = (value as PlainObject)[name];
    if (item !== undefined) {
      text += `${text ? "," : ""}${stringify(name)}:${textByHand(item)}`;
    }
  }
  return `{${text}}`;
}

