/**
 * Errors that scripts get from the SDK, and errors of scripts as the host gets them.
 *
 * It knows nothing of what failed. An error that a script throws is hostile: its properties
 * may be getters that throw, and anything may be thrown that is no Error at all.
 */

import {
  define,
  ErrorConstructor,
  indexOf,
  isObject,
  slice,
  symbolText,
  toText,
} from "./intrinsics";
import { cut, quote } from "./text";

const MAX_NAME_BYTES = 256;
const MAX_MESSAGE_BYTES = 2048;
const MAX_STACK_BYTES = 8192;

/** An Error with a `code` that scripts can tell apart. */
export function codedError(message: string, code: string): Error {
  const error = new ErrorConstructor(message);
  define(error, "code", code);
  return error;
}

/** What the original says for an argument that cannot be used. */
export function inputError(field: string, reason: string): Error {
  return codedError(`Invalid input for ${field}: ${reason}`, "INVALID_INPUT");
}

/** One line that says why something hostile threw. */
export function reasonOf(error: unknown): string {
  const message = isObject(error) ? textAt(error, "message") : primitiveText(error);
  const end = indexOf(message, "\n");
  return cut(end === -1 ? message : slice(message, 0, end), MAX_MESSAGE_BYTES);
}

/** The bridge's error (`{name, message, stack, event?}`) as JSON text. Never throws. */
export function errorText(error: unknown, event: string | null = null): string {
  let name = "Error";
  let message: string;
  let stack = "";
  if (isObject(error)) {
    name = textAt(error, "name") || name;
    message = textAt(error, "message");
    stack = textAt(error, "stack");
  } else {
    message = primitiveText(error);
  }
  return `{"name":${quote(cut(name, MAX_NAME_BYTES))},"message":${quote(
    cut(message, MAX_MESSAGE_BYTES),
  )},"stack":${quote(cut(stack, MAX_STACK_BYTES))}${
    event === null ? "" : `,"event":${quote(event)}`
  }}`;
}

/** A property of a hostile object, if it is text; else the empty string. */
export function textAt(target: object, name: string): string {
  try {
    const value: unknown = (target as Record<string, unknown>)[name];
    return typeof value === "string" ? value : "";
  } catch {
    return "";
  }
}

function primitiveText(value: unknown): string {
  return typeof value === "symbol" ? symbolText(value) : toText(value);
}
