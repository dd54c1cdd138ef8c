/**
 * `console`: what a script prints, as lines of its guild's log.
 *
 * The host counts and limits lines too; here a runaway loop is kept from filling the isolate.
 */

import { currentTurn, offeredNotice } from "./bridge";
import { textAt } from "./errors";
import { inspect } from "./inspect";
import { ErrorConstructor, indexOf, slice, toNumber, trunc } from "./intrinsics";
import { byteLength, cut, quote } from "./text";

type Level = "debug" | "info" | "warn" | "error";

export interface Console {
  log(...values: unknown[]): void;
  info(...values: unknown[]): void;
  debug(...values: unknown[]): void;
  warn(...values: unknown[]): void;
  error(...values: unknown[]): void;
  /** Prints the values and where it was called. */
  trace(...values: unknown[]): void;
}

const MAX_TEXT_BYTES = 10_000;
const MAX_LINES_OF_TURN = 200;

let turn = -1;
let lines = 0;

export const console: Console = {
  log: (...values) => print("info", text(values)),
  info: (...values) => print("info", text(values)),
  debug: (...values) => print("debug", text(values)),
  warn: (...values) => print("warn", text(values)),
  error: (...values) => print("error", text(values)),
  trace: (...values) => print("debug", `Trace: ${text(values)}${callers()}`),
};

function print(level: Level, line: string): void {
  if (turn !== currentTurn()) {
    turn = currentTurn();
    lines = 0;
  }
  lines++;
  if (lines > MAX_LINES_OF_TURN) {
    return;
  }
  offeredNotice("log", `["${level}",${quote(bounded(line))}]`);
  if (lines === MAX_LINES_OF_TURN) {
    const note = `more than ${MAX_LINES_OF_TURN} lines at once: what else is printed now is dropped`;
    offeredNotice("log", `["warn",${quote(note)}]`);
  }
}

function bounded(line: string): string {
  if (line.length * 3 <= MAX_TEXT_BYTES) {
    return line;
  }
  const kept = cut(line, MAX_TEXT_BYTES);
  return kept.length < line.length ? `${kept}… (cut: ${byteLength(line)} bytes)` : line;
}

/** Values side by side; a text at the start may have places (`%s`) for those that follow. */
function text(values: unknown[]): string {
  let result = "";
  let i = 0;
  if (values.length > 1 && typeof values[0] === "string" && indexOf(values[0], "%") !== -1) {
    const format = values[0];
    let from = 0;
    i = 1;
    for (let at = indexOf(format, "%"); at !== -1; at = indexOf(format, "%", at)) {
      const place = slice(format, at + 1, at + 2);
      const filled = place === "%" ? "%" : i < values.length ? placed(place, values[i]) : undefined;
      if (filled === undefined) {
        at += 1;
        continue;
      }
      result += slice(format, from, at) + filled;
      at = from = at + 2;
      i += place === "%" ? 0 : 1;
    }
    result += slice(format, from);
  } else if (values.length > 0) {
    result = shown(values[0]);
    i = 1;
  }
  for (; i < values.length && result.length <= MAX_TEXT_BYTES; i++) {
    result += ` ${shown(values[i])}`;
  }
  return result;
}

/** What a place of a format becomes; undefined for what is no place. */
function placed(place: string, value: unknown): string | undefined {
  switch (place) {
    case "s":
      return shown(value);
    case "d":
    case "i":
    case "f": {
      const number = typeof value === "number" || typeof value === "string" ? toNumber(value) : NaN;
      return `${place === "i" ? trunc(number) : number}`;
    }
    case "o":
    case "O":
    case "j":
      return inspect(value, MAX_TEXT_BYTES);
    case "c":
      return "";
    default:
      return undefined;
  }
}

function shown(value: unknown): string {
  return typeof value === "string" ? value : inspect(value, MAX_TEXT_BYTES);
}

/** The stack without its first two lines: the header and this module. */
function callers(): string {
  const stack = textAt(new ErrorConstructor(), "stack");
  let at = indexOf(stack, "\n");
  for (let skipped = 0; skipped < 2 && at !== -1; skipped++) {
    at = indexOf(stack, "\n", at + 1);
  }
  return at === -1 ? "" : slice(stack, at);
}
