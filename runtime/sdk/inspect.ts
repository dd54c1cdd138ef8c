/**
 * Values as a developer console shows them.
 *
 * It runs nothing of the value: getters are named, not called. A proxy cannot be told from a
 * plain object, so its traps do run; whatever they throw, the rest is still shown. Cycles,
 * depth, width and the length of the text are bounded.
 */

import { textAt } from "./errors";
import {
  arrayBufferLength,
  charCodeAt,
  dateText,
  dateTime,
  functionSource,
  getOwnPropertyDescriptor,
  getPrototypeOf,
  hasOwn,
  indexOf,
  isArray,
  isError,
  isObject,
  mapForEach,
  mapSize,
  ObjectPrototype,
  ownKeys,
  regExpFlags,
  regExpSource,
  repeat,
  SafeMap,
  SafeSet,
  setForEach,
  setSize,
  slice,
  startsWith,
  symbolText,
  typedArrayLength,
  typedArrayName,
} from "./intrinsics";
import { quote } from "./text";

const MAX_DEPTH = 4;
const MAX_ENTRIES = 100;
const MAX_STRING = 10_000;
const LINE_LENGTH = 76;

const descriptions = new SafeMap<object, (value: object) => unknown>();

/** Says what is shown of objects with this prototype: an object, a Map, or a text. */
export function inspectAs(prototype: object, describe: (value: object) => unknown): void {
  descriptions.set(prototype, describe);
}

/** The text of a value. room: about how many characters it may take. */
export function inspect(value: unknown, room: number): string {
  return new Inspection(room).text(value, 0);
}

/** `{ a: 1 }` on one line, or a line for each entry when it would be too long. */
class Entries {
  #flat = "";
  #broken = "";
  #count = 0;

  constructor(readonly indent: string) {}

  add(entry: string): void {
    this.#flat += `${this.#count ? ", " : ""}${entry}`;
    this.#broken += `${this.#count ? "," : ""}\n${this.indent}  ${entry}`;
    this.#count++;
  }

  between(start: string, open: string, close: string): string {
    if (this.#count === 0) {
      return `${start}${open}${close}`;
    }
    const flat = `${start}${open} ${this.#flat} ${close}`;
    const fits = flat.length + this.indent.length <= LINE_LENGTH && indexOf(this.#flat, "\n") === -1;
    return fits ? flat : `${start}${open}${this.#broken}\n${this.indent}${close}`;
  }

  get isEmpty(): boolean {
    return this.#count === 0;
  }
}

class Inspection {
  #room: number;
  readonly #above = new SafeSet<object>();

  constructor(room: number) {
    this.#room = room;
  }

  text(value: unknown, depth: number): string {
    if (this.#room <= 0) {
      return "…";
    }
    const text = isObject(value) ? this.#guarded(value, depth) : primitive(value);
    if (!isObject(value)) {
      this.#room -= text.length;
    }
    return text;
  }

  #guarded(value: object, depth: number): string {
    if (this.#above.has(value)) {
      return "[Circular]";
    }
    this.#room -= 8;
    this.#above.add(value);
    try {
      return this.#object(value, depth);
    } catch {
      return "[cannot be shown]";
    } finally {
      this.#above.delete(value);
    }
  }

  #object(value: object, depth: number): string {
    const name = className(value);
    const entries = new Entries(repeat("  ", depth));
    const describe = name === "Object" ? undefined : descriptionOf(value);
    if (describe && depth <= MAX_DEPTH) {
      const described = this.text(describe(value), depth);
      return startsWith(described, name) ? described : `${name} ${described}`;
    }
    if (typeof value === "function") {
      return this.#headed(functionHead(value), value, entries, depth);
    }
    if (isArray(value)) {
      const start = name === "Array" ? "" : `${name}(${value.length}) `;
      return depth > MAX_DEPTH ? "[Array]" : start + this.#list(value, entries, depth);
    }
    if (isError(value)) {
      return this.#headed(indented(errorHead(value), entries.indent), value, entries, depth);
    }
    const special = name === "Object" ? undefined : this.#builtIn(value, name, entries, depth);
    if (special !== undefined) {
      return special;
    }
    if (depth > MAX_DEPTH) {
      return `[${name}]`;
    }
    this.#properties(value, entries, depth);
    return entries.between(name === "Object" ? "" : `${name} `, "{", "}");
  }

  /** What has a text of its own, with its properties behind it. */
  #headed(head: string, value: object, entries: Entries, depth: number): string {
    this.#room -= head.length;
    if (depth <= MAX_DEPTH) {
      this.#properties(value, entries, depth);
      if (isError(value) && hasOwn(value, "cause")) {
        entries.add(`[cause]: ${this.#property(value, "cause", depth)}`);
      }
    }
    return entries.isEmpty ? head : entries.between(`${head} `, "{", "}");
  }

  #list(value: unknown[], entries: Entries, depth: number): string {
    const { length } = value;
    for (let i = 0; i < length; i++) {
      if (i === MAX_ENTRIES || this.#room <= 0) {
        entries.add(`… ${length - i} more`);
        break;
      }
      entries.add(hasOwn(value, i) ? this.#property(value, `${i}`, depth) : "<empty>");
    }
    return entries.between("", "[", "]");
  }

  #properties(value: object, entries: Entries, depth: number): void {
    const names = ownKeys(value);
    let shown = 0;
    for (let i = 0; i < names.length; i++) {
      const name = names[i] as string | symbol;
      if (!getOwnPropertyDescriptor(value, name)?.enumerable) {
        continue;
      }
      if (shown++ === MAX_ENTRIES || this.#room <= 0) {
        entries.add(`… ${names.length - i} more`);
        break;
      }
      entries.add(`${propertyName(name)}: ${this.#property(value, name, depth)}`);
    }
  }

  #property(value: object, name: string | symbol, depth: number): string {
    const descriptor = getOwnPropertyDescriptor(value, name);
    if (descriptor === undefined) {
      return "undefined";
    }
    if (hasOwn(descriptor, "value")) {
      return this.text(descriptor.value, depth + 1);
    }
    return descriptor.get ? (descriptor.set ? "[Getter/Setter]" : "[Getter]") : "[Setter]";
  }

  /** undefined for anything but the built-ins that are not made of properties. */
  #builtIn(value: object, name: string, entries: Entries, depth: number): string | undefined {
    // Each throws for what is not of its kind, whatever name it goes by.
    const attempts = [
      () => this.#map(value, `${name}(${mapSize(value)}) `, entries, depth),
      () => this.#set(value, `${name}(${setSize(value)}) `, entries, depth),
      () => (dateTime(value) === dateTime(value) ? dateText(value) : "Invalid Date"),
      () => `/${regExpSource(value)}/${regExpFlags(value)}`,
      () => `${name} { byteLength: ${arrayBufferLength(value)} }`,
      () => this.#typedArray(value, entries),
    ];
    for (let i = 0; i < attempts.length; i++) {
      try {
        return (attempts[i] as () => string | undefined)();
      } catch {
        // Of another kind: the next may fit.
      }
    }
    return undefined;
  }

  #map(map: object, start: string, entries: Entries, depth: number): string {
    let seen = 0;
    mapForEach(map, (value, key) => {
      if (seen++ < MAX_ENTRIES && this.#room > 0) {
        entries.add(`${this.text(key, depth + 1)} => ${this.text(value, depth + 1)}`);
      }
    });
    return entries.between(start, "{", "}");
  }

  #set(set: object, start: string, entries: Entries, depth: number): string {
    let seen = 0;
    setForEach(set, (value) => {
      if (seen++ < MAX_ENTRIES && this.#room > 0) {
        entries.add(this.text(value, depth + 1));
      }
    });
    return entries.between(start, "{", "}");
  }

  #typedArray(value: object, entries: Entries): string | undefined {
    const name = typedArrayName(value);
    if (name === undefined) {
      return undefined;
    }
    const length = typedArrayLength(value);
    for (let i = 0; i < length && i < MAX_ENTRIES; i++) {
      entries.add(primitive((value as Uint8Array)[i]));
    }
    if (length > MAX_ENTRIES) {
      entries.add(`… ${length - MAX_ENTRIES} more`);
    }
    return entries.between(`${name}(${length}) `, "[", "]");
  }
}

function primitive(value: unknown): string {
  switch (typeof value) {
    case "string":
      return quote(value.length > MAX_STRING ? slice(value, 0, MAX_STRING) : value);
    case "bigint":
      return `${value}n`;
    case "symbol":
      return symbolText(value);
    case "number":
      return value === 0 && 1 / value < 0 ? "-0" : `${value}`;
    default:
      return `${value as undefined}`;
  }
}

/** How the nearest class that has a description is shown. */
function descriptionOf(value: object): ((value: object) => unknown) | undefined {
  let prototype: unknown = getPrototypeOf(value);
  for (let level = 0; level < 8 && isObject(prototype) && prototype !== ObjectPrototype; level++) {
    const describe = descriptions.get(prototype);
    if (describe) {
      return describe;
    }
    prototype = getPrototypeOf(prototype);
  }
  return undefined;
}

/** The name of the nearest constructor; no getter is asked. */
function className(value: object): string {
  let prototype: unknown = getPrototypeOf(value);
  if (prototype === null) {
    return "[Object: null prototype]";
  }
  for (let level = 0; level < 8 && isObject(prototype); level++) {
    if (prototype === ObjectPrototype) {
      return "Object";
    }
    const maker: unknown = getOwnPropertyDescriptor(prototype, "constructor")?.value;
    const name = typeof maker === "function" ? ownText(maker, "name") : "";
    if (name) {
      return name;
    }
    prototype = getPrototypeOf(prototype);
  }
  return "Object";
}

function functionHead(value: object): string {
  const name = ownText(value, "name") || "(anonymous)";
  return startsWith(functionSource(value), "class") ? `[class ${name}]` : `[Function: ${name}]`;
}

function errorHead(error: object): string {
  const stack = textAt(error, "stack");
  if (stack) {
    return stack;
  }
  return `[${textAt(error, "name") || "Error"}: ${textAt(error, "message")}]`;
}

function ownText(value: object, name: string): string {
  const text: unknown = getOwnPropertyDescriptor(value, name)?.value;
  return typeof text === "string" ? text : "";
}

function propertyName(name: string | symbol): string {
  if (typeof name === "symbol") {
    return `[${symbolText(name)}]`;
  }
  for (let i = 0; i < name.length; i++) {
    const unit = charCodeAt(name, i);
    const isWord =
      (unit >= 0x61 && unit <= 0x7a) ||
      (unit >= 0x41 && unit <= 0x5a) ||
      (unit >= 0x30 && unit <= 0x39) ||
      unit === 0x5f ||
      unit === 0x24;
    if (!isWord) {
      return quote(name);
    }
  }
  return name || '""';
}

/** A text of several lines whose further lines are indented. */
export function indented(text: string, indent: string): string {
  if (indent === "") {
    return text;
  }
  let result = "";
  let from = 0;
  for (let at = indexOf(text, "\n"); at !== -1; at = indexOf(text, "\n", from)) {
    result += `${slice(text, from, at + 1)}${indent}`;
    from = at + 1;
  }
  return result + slice(text, from);
}
