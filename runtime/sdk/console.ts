/**
 * `console`: what a script prints, as lines of its guild's log.
 *
 * The host counts and limits lines too; here a runaway loop is kept from filling the isolate.
 */

import { currentTurn, offeredNotice } from "./bridge";
import { table } from "./console_table";
import { textAt } from "./errors";
import { indented, inspect } from "./inspect";
import {
  ErrorConstructor,
  indexOf,
  min,
  now,
  repeat,
  SafeMap,
  slice,
  toNumber,
  trunc,
} from "./intrinsics";
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
  /** Prints the values as an error, but only when the condition does not hold. */
  assert(condition?: unknown, ...values: unknown[]): void;
  /** Prints one value as an object, never as a format. */
  dir(value?: unknown, options?: unknown): void;
  dirxml(...values: unknown[]): void;
  /** Prints a line for each entry, with the properties of all as columns. */
  table(value?: unknown, columns?: readonly string[]): void;
  /** Prints the values and indents what follows, until groupEnd or the end of what runs now. */
  group(...values: unknown[]): void;
  groupCollapsed(...values: unknown[]): void;
  groupEnd(): void;
  /** Prints how often it was called with this label. */
  count(label?: string): void;
  countReset(label?: string): void;
  /** Starts a clock, which timeLog and timeEnd print. */
  time(label?: string): void;
  timeLog(label?: string, ...values: unknown[]): void;
  timeEnd(label?: string): void;
  /** Does nothing: what is in the log stays. */
  clear(): void;
}

const MAX_TEXT_BYTES = 10_000;
const MAX_LINES_OF_TURN = 200;
const MAX_INDENT = 10;
const MAX_LABELS = 1000;

let turn = -1;
let lines = 0;
let groups = 0;
const counts = new SafeMap<string, number>();
const clocks = new SafeMap<string, number>();

export const console: Console = {
  log: (...values) => print("info", text(values)),
  info: (...values) => print("info", text(values)),
  debug: (...values) => print("debug", text(values)),
  warn: (...values) => print("warn", text(values)),
  error: (...values) => print("error", text(values)),
  trace: (...values) => print("debug", `Trace: ${text(values)}${callers()}`),
  assert: (condition, ...values) => {
    if (!condition) {
      print("error", `Assertion failed${values.length > 0 ? `: ${text(values)}` : ""}`);
    }
  },
  dir: (value) => print("info", inspect(value, MAX_TEXT_BYTES)),
  dirxml: (...values) => print("info", text(values)),
  table: (value, columns) => print("info", table(value, columns) ?? text([value])),
  group,
  groupCollapsed: group,
  groupEnd: () => {
    beginTurn();
    groups -= groups > 0 ? 1 : 0;
  },
  count: (label = "default") => {
    const name = `${label}`;
    const count = (counts.get(name) ?? 0) + 1;
    remember(counts, name, count);
    print("info", `${name}: ${count}`);
  },
  countReset: (label = "default") => {
    if (!counts.delete(`${label}`)) {
      print("warn", `Count for '${label}' does not exist`);
    }
  },
  time: (label = "default") => {
    if (clocks.has(`${label}`)) {
      print("warn", `Timer '${label}' already exists`);
    } else {
      remember(clocks, `${label}`, now());
    }
  },
  timeLog: (label = "default", ...values) => printClock(`${label}`, values),
  timeEnd: (label = "default") => {
    printClock(`${label}`, []);
    clocks.delete(`${label}`);
  },
  clear: () => {},
};

function group(...values: unknown[]): void {
  if (values.length > 0) {
    print("info", text(values));
  }
  beginTurn();
  groups++;
}

function printClock(label: string, values: unknown[]): void {
  const start = clocks.get(label);
  if (start === undefined) {
    print("warn", `Timer '${label}' does not exist`);
  } else {
    print("info", `${label}: ${now() - start} ms${values.length > 0 ? ` ${text(values)}` : ""}`);
  }
}

/** What a label counts. When there are too many of them those before are forgotten. */
function remember(labels: Map<string, number>, label: string, number: number): void {
  if (labels.size >= MAX_LABELS && !labels.has(label)) {
    labels.clear();
  }
  labels.set(label, number);
}

function beginTurn(): void {
  if (turn !== currentTurn()) {
    turn = currentTurn();
    lines = groups = 0;
  }
}

function print(level: Level, line: string): void {
  beginTurn();
  lines++;
  if (lines > MAX_LINES_OF_TURN) {
    return;
  }
  const indent = repeat("  ", min(groups, MAX_INDENT));
  offeredNotice("log", `["${level}",${quote(bounded(indent + indented(line, indent)))}]`);
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
