/** Names between the two worlds: Discord's snake_case and a script's camelCase. */

import {
  charCodeAt,
  indexOf,
  isArray,
  isObject,
  keys,
  SafeMap,
  slice,
  toLowerCase,
  toUpperCase,
} from "./intrinsics";
import type { Plain, PlainObject } from "./plain";

const camelNames = new SafeMap<string, string>();

/** `edited_timestamp` → `editedTimestamp`. */
export function camelName(name: string): string {
  if (indexOf(name, "_") === -1) {
    return name; // nor is it kept: ids are keys too, and there is no end to them
  }
  let camel = camelNames.get(name);
  if (camel === undefined) {
    camel = "";
    let from = 0;
    for (let at = indexOf(name, "_"); at !== -1; at = indexOf(name, "_", from)) {
      camel += slice(name, from, at) + toUpperCase(slice(name, at + 1, at + 2));
      from = at + 2;
    }
    camel += slice(name, from);
    camelNames.set(name, camel);
  }
  return camel;
}

/** `iconUrl` → `icon_url`; what is snake_case already stays. */
export function snakeName(name: string): string {
  let snake = "";
  let from = 0;
  for (let i = 0; i < name.length; i++) {
    const unit = charCodeAt(name, i);
    if (unit >= 0x41 && unit <= 0x5a) {
      snake += `${slice(name, from, i)}_${toLowerCase(slice(name, i, i + 1))}`;
      from = i + 1;
    }
  }
  return snake + slice(name, from);
}

/** A copy of a script's data in Discord's spelling, at every depth; ids as keys stay as they are. */
export function snakeCased(value: Plain | undefined): Plain | undefined {
  if (!isObject(value)) {
    return value;
  }
  if (isArray(value)) {
    const list: Plain[] = [];
    for (let i = 0; i < value.length; i++) {
      list[i] = snakeCased(value[i]) as Plain;
    }
    return list;
  }
  const copy: PlainObject = {};
  const names = keys(value);
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string;
    copy[snakeName(name)] = snakeCased((value as PlainObject)[name]);
  }
  return copy;
}

/** A copy of Discord's data with camelCase names, at every depth. */
export function camelCased(value: Plain | undefined): unknown {
  if (!isObject(value)) {
    return value;
  }
  if (isArray(value)) {
    const list: unknown[] = [];
    for (let i = 0; i < value.length; i++) {
      list[i] = camelCased(value[i]);
    }
    return list;
  }
  const copy: Record<string, unknown> = {};
  const names = keys(value);
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string;
    copy[camelName(name)] = camelCased((value as PlainObject)[name]);
  }
  return copy;
}
