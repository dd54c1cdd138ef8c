/**
 * `kv`: the guild's key-value stores.
 *
 * While an answer is outstanding nothing else of the script runs, so that reading a value and
 * writing it back is one step. Names, sizes and limits are the host's to judge.
 */

import { textOperation } from "./bridge";
import { codedError, inputError, reasonOf } from "./errors";
import type { JsonValue } from "./event_types";
import {
  append,
  isArray,
  isFiniteNumber,
  isObject,
  keys,
  MapConstructor,
  mapForEach,
  mapSet,
  mapSize,
  parse,
  toNumber,
} from "./intrinsics";
import type { Plain, PlainObject } from "./plain";
import { plainText, snapshot, snapshotOptions } from "./plain";
import { quote } from "./text";

export interface RawKvGetResult {
  value: string | null;
  metadata?: any;
}

export interface RawKvSetOptions {
  /** When the entry ends, in seconds since 1970. */
  expiration?: number | bigint;
  /** How long the entry lives, in seconds from now; instead of `expiration`. */
  expirationTtl?: number | bigint;
  metadata?: JsonValue;
}

/** Values by key, as an object or a Map, or a list of them with options where need be. */
export type KvEntries =
  | { readonly [key: string]: string }
  | ReadonlyMap<string, string>
  | readonly (readonly [key: string, value: string, options?: RawKvSetOptions])[];

export interface RawKvListKeysOptions {
  prefix?: string;
  /** 100 when not given, 1000 at most. */
  limit?: number | bigint;
  /** The cursor of the page before. */
  cursor?: string;
}

export interface RawKvKeyInfo {
  name: string;
  expiration?: number;
  metadata?: any;
}

export interface RawKvListKeysResult {
  keys: RawKvKeyInfo[];
  listComplete: boolean;
  list_complete: boolean;
  cursor?: string;
}

export class KvStore {
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  /** The value, null for a key that is not there. */
  get(key: string): Promise<string | null> {
    return textOperation("kv.get", () => `{${this.#entry(key)}}`);
  }

  /** The value with the metadata that was set with it. */
  async getWithMetadata(key: string): Promise<RawKvGetResult> {
    const found = await textOperation("kv.getWithMetadata", () => `{${this.#entry(key)}}`);
    return found ?? { value: null };
  }

  /** The value of each key, null for those that are not there; at most 100 keys. */
  async getMany(keys: readonly string[]): Promise<Map<string, string | null>> {
    const asked = names(keys);
    const values = await textOperation("kv.getMany", () => this.#keys(asked));
    const found = new MapConstructor<string, string | null>();
    for (let i = 0; i < asked.length; i++) {
      mapSet(found, asked[i], values[i]);
    }
    return found;
  }

  /** What `setJSON` has set, null for a key that is not there. Raises KV_NOT_JSON. */
  async getJSON<T = any>(key: string): Promise<T | null> {
    const value = await this.get(key);
    try {
      return value === null ? null : (parse(value) as T);
    } catch (error) {
      throw codedError(`the value of ${quote(key)} is not JSON: ${reasonOf(error)}`, "KV_NOT_JSON");
    }
  }

  /** Sets value, expiration and metadata; what is not given is removed. */
  async set(key: string, value: string, options?: RawKvSetOptions): Promise<void> {
    await textOperation("kv.set", () => `{${this.#store},${row(key, value, settings(options))}}`);
  }

  /** Sets several keys, all or none; at most 100. options: of those that bring none themselves. */
  async setMany(entries: KvEntries, options?: RawKvSetOptions): Promise<void> {
    await textOperation("kv.setMany", () => `{${this.#store},"entries":${rows(entries, options)}}`);
  }

  /** Sets the value's JSON text, with the rest as `set` does. */
  async setJSON(key: string, value: JsonValue, options?: RawKvSetOptions): Promise<void> {
    const kind = typeof value;
    if (kind === "undefined" || kind === "function" || kind === "symbol") {
      throw inputError("value", `expected what JSON can hold, got ${kind}`);
    }
    await this.set(key, plainText(snapshot("value", value)), options);
  }

  /**
   * Adds to the number that the value is, 0 for a key that is not there, and gives the sum.
   *
   * options count for an entry that it makes; one that is there keeps its own. Raises
   * KV_NOT_A_NUMBER when the value is something else.
   */
  increment(key: string, by: number | bigint = 1, options?: RawKvSetOptions): Promise<number> {
    return textOperation("kv.increment", () => {
      const text = `{${this.#entry(key)},"by":${finite("by", by)}`;
      return `${text}${settings(options)}}`;
    });
  }

  /**
   * Sets as `set` does, but only if the value is the expected one; null: only if the key is not
   * there. Whether it was set.
   */
  compareAndSet(
    key: string,
    expected: string | null,
    value: string,
    options?: RawKvSetOptions,
  ): Promise<boolean> {
    return textOperation("kv.compareAndSet", () => {
      const before = expected === null ? "null" : quoted("expected", expected);
      return `{${this.#store},"expected":${before},${row(key, value, settings(options))}}`;
    });
  }

  /** Sets the metadata of an entry and keeps the rest; undefined removes it. */
  async updateMetadata(key: string, metadata: JsonValue | undefined): Promise<void> {
    await textOperation(
      "kv.updateMetadata",
      () => `{${this.#entry(key)}${kept(snapshot("metadata", metadata))}}`,
    );
  }

  async delete(key: string): Promise<void> {
    await textOperation("kv.delete", () => `{${this.#entry(key)}}`);
  }

  /** Deletes several keys, at most 100; how many of them were there. */
  deleteMany(keys: readonly string[]): Promise<number> {
    return textOperation("kv.deleteMany", () => this.#keys(names(keys)));
  }

  /** One page of keys, in the order of their bytes. */
  async list(options?: RawKvListKeysOptions): Promise<RawKvListKeysResult> {
    const page = await textOperation("kv.list", () => {
      const { prefix, limit, cursor } = plainOptions(options, ["limit"]);
      return plainText({
        store: this.#name,
        prefix: prefix ?? undefined,
        limit: limit ?? undefined,
        cursor: cursor ?? undefined,
      });
    });
    return { ...page, list_complete: page.listComplete };
  }

  /** How many keys there are, or how many begin with a prefix. */
  count(options?: { prefix?: string }): Promise<number> {
    return textOperation("kv.count", () => {
      const { prefix } = plainOptions(options, []);
      return plainText({ store: this.#name, prefix: prefix ?? undefined });
    });
  }

  get #store(): string {
    return `"store":${quote(this.#name)}`;
  }

  #entry(key: string): string {
    return `${this.#store},"key":${quoted("key", key)}`;
  }

  #keys(keys: string[]): string {
    return `{${this.#store},"keys":${plainText(keys)}}`;
  }
}

/** A store of the guild by its name; the first key that is set in it makes it. */
export function store(name: string): KvStore {
  if (typeof name !== "string") {
    throw inputError("store_name", `expected text, got ${typeof name}`);
  }
  return new KvStore(name);
}

export const kv = { store };

function row(key: unknown, value: unknown, settings: string): string {
  return `"key":${quoted("key", key)},"value":${quoted("value", value)}${settings}`;
}

function rows(entries: unknown, options: unknown): string {
  const list = asList(entries);
  const plain = snapshot("entries", list);
  if (!isArray(plain)) {
    throw inputError("entries", "expected a list of [key, value]");
  }
  const common = settings(options);
  let text = "";
  for (let i = 0; i < plain.length; i++) {
    const item = plain[i];
    if (!isArray(item)) {
      throw inputError(`entries[${i}]`, "expected [key, value]");
    }
    // Not the snapshot's, in which a number that is none has become null.
    const own = item.length > 2 ? settings((list[i] as unknown[])[2]) : common;
    text += `${i ? "," : ""}{${row(item[0], item[1], own)}}`;
  }
  return `[${text}]`;
}

function asList(entries: unknown): unknown[] {
  if (isArray(entries)) {
    return entries;
  }
  if (!isObject(entries)) {
    throw inputError("entries", "expected an object, a Map or a list of [key, value]");
  }
  const list: unknown[] = [];
  if (isMap(entries)) {
    mapForEach(entries, (value, key) => append(list, [key, value]));
  } else {
    const plain = snapshotOptions("entries", entries);
    const keysOfPlain = keys(plain);
    for (let i = 0; i < keysOfPlain.length; i++) {
      const key = keysOfPlain[i] as string;
      append(list, [key, plain[key]]);
    }
  }
  return list;
}

function isMap(value: object): boolean {
  try {
    mapSize(value);
    return true;
  } catch {
    return false;
  }
}

function names(list: unknown): string[] {
  const plain = snapshot("keys", list);
  if (!isArray(plain)) {
    throw inputError("keys", "expected a list");
  }
  for (let i = 0; i < plain.length; i++) {
    quoted(`keys[${i}]`, plain[i]);
  }
  return plain as string[];
}

function quoted(field: string, value: unknown): string {
  if (typeof value !== "string") {
    throw inputError(field, `expected text, got ${value === null ? "null" : typeof value}`);
  }
  return quote(value);
}

function finite(field: string, value: unknown): number {
  const number = typeof value === "bigint" ? toNumber(value) : value;
  if (typeof number !== "number") {
    throw inputError(field, `expected a number, got ${value === null ? "null" : typeof value}`);
  }
  if (!isFiniteNumber(number)) {
    throw inputError(field, `expected a finite number, got ${number}`);
  }
  return number;
}

/** Options as plain data. numbers: those that JSON would turn into null when they are none. */
function plainOptions(options: unknown, numbers: readonly string[]): PlainObject {
  if (options === undefined || options === null) {
    return {};
  }
  const plain = snapshotOptions("options", options);
  for (let i = 0; i < numbers.length; i++) {
    const name = numbers[i] as string;
    const given = plain[name] === null ? (options as Record<string, unknown>)[name] : null;
    if (given !== null && given !== undefined) {
      finite(name, given);
    }
  }
  return plain;
}

function settings(options: unknown): string {
  const { expiration, expirationTtl, metadata } = plainOptions(options, [
    "expiration",
    "expirationTtl",
  ]);
  return `${optional("expiration", expiration)}${optional("expirationTtl", expirationTtl)}${kept(metadata)}`;
}

function kept(metadata: Plain | undefined): string {
  return optional("metadata", metadata);
}

function optional(name: string, value: Plain | undefined): string {
  return value === undefined || value === null ? "" : `,"${name}":${plainText(value)}`;
}
