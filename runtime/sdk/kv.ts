/**
 * `kv`: the guild's key-value stores.
 *
 * While an answer is outstanding nothing else of the script runs, so that reading a value and
 * writing it back is one step. Limits and keys are the host's to judge.
 */

import { textOperation } from "./bridge";
import { inputError } from "./errors";
import type { JsonValue } from "./event_types";
import type { PlainObject } from "./plain";
import { plainText, snapshot, snapshotOptions } from "./plain";
import { quote } from "./text";

export interface RawKvGetResult {
  value: string | null;
  metadata?: any;
}

export interface RawKvSetOptions {
  /** When the entry ends, in seconds since 1970. */
  expiration?: number | bigint;
  metadata?: JsonValue;
}

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

  /** Sets value, expiration and metadata; what is not given is removed. */
  async set(key: string, value: string, options?: RawKvSetOptions): Promise<void> {
    await textOperation("kv.set", () => {
      const text = `{${this.#entry(key)},"value":${quoted("value", value)}`;
      return `${text}${options ? settings(snapshotOptions("options", options)) : ""}}`;
    });
  }

  /** Sets the metadata of an entry and keeps the rest; undefined removes it. */
  async updateMetadata(key: string, metadata: JsonValue | undefined): Promise<void> {
    await textOperation(
      "kv.updateMetadata",
      () => `{${this.#entry(key)}${settings({ metadata: snapshot("metadata", metadata) })}}`,
    );
  }

  async delete(key: string): Promise<void> {
    await textOperation("kv.delete", () => `{${this.#entry(key)}}`);
  }

  /** One page of keys, in the order of their bytes. */
  async list(options?: RawKvListKeysOptions): Promise<RawKvListKeysResult> {
    const page = await textOperation("kv.list", () => {
      const plain = options ? snapshotOptions("options", options) : {};
      const { prefix, limit, cursor } = plain;
      return plainText({
        store: this.#name,
        prefix: prefix ?? undefined,
        limit: limit ?? undefined,
        cursor: cursor ?? undefined,
      });
    });
    return { ...page, list_complete: page.listComplete };
  }

  #entry(key: string): string {
    return `"store":${quote(this.#name)},"key":${quoted("key", key)}`;
  }
}

/** A store of the guild by its name; it must have been created before. */
export function store(name: string): KvStore {
  if (typeof name !== "string") {
    throw inputError("store_name", `expected text, got ${typeof name}`);
  }
  return new KvStore(name);
}

export const kv = { store };

function quoted(field: string, value: unknown): string {
  if (typeof value !== "string") {
    throw inputError(field, `expected text, got ${value === null ? "null" : typeof value}`);
  }
  return quote(value);
}

function settings({ expiration, metadata }: PlainObject): string {
  const time = expiration ?? undefined;
  const kept = metadata ?? undefined;
  return (
    (time === undefined ? "" : `,"expiration":${plainText(time)}`) +
    (kept === undefined ? "" : `,"metadata":${plainText(kept)}`)
  );
}
