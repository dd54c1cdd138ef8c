/** How key-value data may be named and how large it may be: flora's rules, in flora's words. */

import { coded, type FloraError } from "./errors";

export interface KvSetOptions {
  /** Unix seconds. */
  expiration?: number | bigint | string | null;
  /** Seconds from now. */
  expirationTtl?: number | string | null;
  metadata?: any;
}

const MAX_KEY_BYTES = 512;
const MAX_VALUE_BYTES = 1 << 20;
const MAX_ENTRY_BYTES = 2 << 20;
const MAX_STORE_NAME_BYTES = 64;
const MAX_KEYS_AT_ONCE = 100;

export function checkStore(name: string): void {
  if (!name) {
    throw coded("store_name cannot be empty", "KV_INVALID_STORE");
  }
  if (Buffer.byteLength(name) > MAX_STORE_NAME_BYTES) {
    throw coded("store_name exceeds maximum size of 64 characters", "KV_INVALID_STORE");
  }
  if (/[/.\x00-\x1f\x7f]/.test(name)) {
    throw coded("store_name contains invalid characters", "KV_INVALID_STORE");
  }
}

export function checkKey(key: string): void {
  if (!key) {
    throw coded("key cannot be empty", "KV_INVALID_KEY");
  }
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) {
    throw coded("key exceeds maximum size of 512 characters", "KV_INVALID_KEY");
  }
  if (key.includes("\0")) {
    throw coded("key contains null character", "KV_INVALID_KEY");
  }
}

export function checkedPrefix(prefix: string | null | undefined): string {
  if (prefix?.includes("\0")) {
    throw coded("prefix contains null character", "KV_INVALID_KEY");
  }
  return prefix ?? "";
}

export function checkSizes(key: string, value: string, metadata: any): void {
  const size = Buffer.byteLength(value);
  if (size > MAX_VALUE_BYTES) {
    throw coded("value exceeds maximum size of 1MB", "KV_VALUE_TOO_LARGE");
  }
  const more = metadata === undefined || metadata === null ? "" : JSON.stringify(metadata);
  if (Buffer.byteLength(key) + size + Buffer.byteLength(more) > MAX_ENTRY_BYTES) {
    throw coded("kv entry exceeds maximum size of 2MB", "KV_VALUE_TOO_LARGE");
  }
}

export function checkNumber(field: string, list: unknown[]): void {
  if (list.length > MAX_KEYS_AT_ONCE) {
    const reason = `at most ${MAX_KEYS_AT_ONCE} at once, got ${list.length}`;
    throw coded(`Invalid input for ${field}: ${reason}`, "INVALID_INPUT");
  }
}

export function expiry({ expiration, expirationTtl }: KvSetOptions): number | undefined {
  if (expirationTtl === undefined || expirationTtl === null) {
    const given = expiration === undefined || expiration === null;
    return given ? undefined : Math.trunc(seconds("expiration", expiration));
  }
  if (expiration !== undefined && expiration !== null) {
    throw invalid("expirationTtl", "give expiration or expirationTtl, not both");
  }
  const lifetime = seconds("expirationTtl", expirationTtl);
  if (lifetime <= 0) {
    throw invalid("expirationTtl", "expected more than 0 seconds");
  }
  return Math.ceil(Date.now() / 1000 + lifetime);
}

function seconds(field: string, given: number | bigint | string): number {
  const value = given === "" ? NaN : Number(given);
  if (Number.isNaN(value)) {
    throw invalid(field, "not a number of seconds");
  }
  if (!(value >= 0 && value < 2 ** 62)) {
    throw invalid(field, "out of range");
  }
  return value;
}

function invalid(field: string, reason: string): FloraError {
  return coded(`Invalid input for ${field}: ${reason}`, "INVALID_INPUT");
}
