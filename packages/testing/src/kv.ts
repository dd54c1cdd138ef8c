/**
 * A guild's key-value data in memory, by the real one's rules and in its words.
 *
 * Not counted here: writes a minute, and bytes of a store and of a guild.
 */

import { coded } from "./errors";
import {
  checkedPrefix,
  checkKey,
  checkNumber,
  checkSizes,
  checkStore,
  expiry,
  type KvSetOptions,
} from "./kv_rules";

export interface KvEntry {
  value: string;
  expiration?: number;
  metadata?: any;
}

export interface KvKey {
  name: string;
  expiration?: number;
  metadata?: any;
}

export interface KvListOptions {
  prefix?: string | null;
  limit?: number | bigint | null;
  cursor?: string | null;
}

const MAX_STORES = 100;
const LIST_DEFAULT = 100;
const LIST_MAX = 1000;

export class KvMock {
  stores = new Map<string, Map<string, KvEntry>>();

  get(store: string, key: string): string | null {
    return this.#entry(store, key)?.value ?? null;
  }

  /** The value, and what was set with it: null for nothing. */
  getWithMetadata(store: string, key: string): [string, Omit<KvEntry, "value"> | null] | null {
    const entry = this.#entry(store, key);
    if (!entry) {
      return null;
    }
    const { value, ...rest } = entry;
    return [value, Object.keys(rest).length > 0 ? rest : null];
  }

  set(store: string, key: string, value: string, options: KvSetOptions = {}): void {
    checkStore(store);
    checkKey(key);
    checkSizes(key, value, options.metadata);
    const expiration = expiry(options);
    const entry: KvEntry = { value };
    if (expiration !== undefined) {
      entry.expiration = expiration;
    }
    if (options.metadata !== undefined && options.metadata !== null) {
      entry.metadata = options.metadata;
    }
    this.#written(store).set(key, entry);
  }

  updateMetadata(store: string, key: string, metadata: any): void {
    const entry = this.#entry(store, key);
    if (!entry) {
      throw coded("key not found", "KV_KEY_NOT_FOUND");
    }
    checkSizes(key, entry.value, metadata);
    if (metadata === undefined || metadata === null) {
      delete entry.metadata;
    } else {
      entry.metadata = metadata;
    }
  }

  /** Whether it was there. */
  delete(store: string, key: string): boolean {
    const there = this.#entry(store, key) !== undefined;
    this.stores.get(store)?.delete(key);
    return there;
  }

  listKeys(
    options: KvListOptions,
    store: string,
  ): { keys: KvKey[]; listComplete: boolean; cursor?: string } {
    checkStore(store);
    const prefix = checkedPrefix(options.prefix);
    const limit = Math.trunc(Math.min(Number(options.limit ?? LIST_DEFAULT), LIST_MAX));
    if (!(limit >= 1)) {
      throw coded(`Invalid input for limit: expected 1 to ${LIST_MAX}`, "INVALID_INPUT");
    }
    const after = options.cursor ? Buffer.from(options.cursor) : null;
    const found = this.#keys(store, prefix).filter(
      (name) => !after || Buffer.compare(Buffer.from(name), after) > 0,
    );
    const keys = found.slice(0, limit).map((name): KvKey => {
      const { value: _, ...rest } = this.#entry(store, name) as KvEntry;
      return { name, ...rest };
    });
    const listComplete = found.length <= limit;
    const cursor = keys.at(-1)?.name;
    return { keys, listComplete, ...(!listComplete && cursor !== undefined && { cursor }) };
  }

  clear(): void {
    this.stores.clear();
  }

  /** What the operation `kv.<method>` answers. @internal */
  perform(method: string, payload: any): unknown {
    const { store, key } = payload;
    switch (method) {
      case "get":
        return this.get(store, key);
      case "getWithMetadata": {
        const entry = this.#entry(store, key);
        const metadata = entry?.metadata;
        return { value: entry?.value ?? null, ...(metadata !== undefined && { metadata }) };
      }
      case "getMany":
        checkNumber("keys", payload.keys);
        return payload.keys.map((name: string) => this.get(store, name));
      case "set":
        return this.set(store, key, payload.value, payload);
      case "setMany":
        checkNumber("entries", payload.entries);
        return this.#setMany(store, payload.entries);
      case "updateMetadata":
        return this.updateMetadata(store, key, payload.metadata);
      case "increment":
        return this.#increment(store, key, payload);
      case "compareAndSet":
        if (this.get(store, key) !== payload.expected) {
          return false;
        }
        this.set(store, key, payload.value, payload);
        return true;
      case "delete":
        this.delete(store, key);
        return null;
      case "deleteMany":
        checkNumber("keys", payload.keys);
        return payload.keys.filter((name: string) => this.delete(store, name)).length;
      case "list":
        return this.listKeys(payload, store);
      case "count":
        checkStore(store);
        return this.#keys(store, checkedPrefix(payload.prefix)).length;
      default:
        throw coded(`unknown operation 'kv.${method}'`, "UNKNOWN_OPERATION");
    }
  }

  /** All or none. */
  #setMany(store: string, entries: any[]): void {
    const before = new Map(this.stores.get(store));
    try {
      entries.forEach((row) => this.set(store, row.key, row.value, row));
    } catch (error) {
      this.stores.set(store, before);
      throw error;
    }
  }

  #increment(store: string, key: string, payload: any): number {
    const entry = this.#entry(store, key);
    const text = (entry?.value ?? "0").trim();
    if (!/^[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?$/.test(text)) {
      throw coded(`the value is no number: '${text.slice(0, 32)}'`, "KV_NOT_A_NUMBER");
    }
    const sum = Number(text) + payload.by;
    if (Math.abs(sum) > Number.MAX_SAFE_INTEGER) {
      const range = `±${Number.MAX_SAFE_INTEGER}`;
      throw coded(`the number would leave the range that can be counted in: ${range}`, "KV_NOT_A_NUMBER");
    }
    if (entry) {
      entry.value = String(sum); // the rest stays as it was
    } else {
      this.set(store, key, String(sum), payload);
    }
    return sum;
  }

  #entry(store: string, key: string): KvEntry | undefined {
    checkStore(store);
    checkKey(key);
    const entry = this.stores.get(store)?.get(key);
    if (entry?.expiration !== undefined && entry.expiration <= Math.floor(Date.now() / 1000)) {
      this.stores.get(store)?.delete(key);
      return undefined;
    }
    return entry;
  }

  #keys(store: string, prefix: string): string[] {
    const names = [...(this.stores.get(store)?.keys() ?? [])].filter((name) => name.startsWith(prefix));
    return names
      .filter((name) => this.#entry(store, name))
      .sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
  }

  #written(store: string): Map<string, KvEntry> {
    let entries = this.stores.get(store);
    if (!entries) {
      if (this.stores.size >= MAX_STORES) {
        throw coded(`a guild may have ${MAX_STORES} stores`, "KV_TOO_MANY_STORES");
      }
      entries = new Map();
      this.stores.set(store, entries);
    }
    return entries;
  }
}
