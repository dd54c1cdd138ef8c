/**
 * `setTimeout` and its relatives. The host keeps the time and says which timers are due.
 *
 * Ids are never used twice, so that a timer which fires while it is being cleared meets nobody.
 */

import {
  claimedNotice,
  currentOrigin,
  loseOrigin,
  notice,
  observe,
  type Origin,
  reportError,
  setOrigin,
} from "./bridge";
import { codedError } from "./errors";
import {
  getPrototypeOf,
  isObject,
  min,
  PromiseConstructor,
  apply,
  SafeMap,
  toNumber,
  trunc,
  TypeErrorConstructor,
} from "./intrinsics";

interface Timer {
  readonly callback: Function;
  readonly values: unknown[];
  /** Milliseconds between two calls; null for a timer that fires once. */
  readonly interval: number | null;
  readonly origin: Origin | null;
}

// The host throws away an isolate that sets more.
const MAX_TIMERS = 4096;
const LONGEST = 2 ** 31 - 1;

const timers = new SafeMap<number, Timer>();
let lastId = 0;

/** Calls the function once, after so many milliseconds. Gives the timer's id. */
export function setTimeout(
  callback: (...values: any[]) => unknown,
  delay?: number,
  ...values: unknown[]
): number {
  return start("setTimeout", callback, milliseconds(delay, 0), values, false);
}

/** Calls the function again and again, with so many milliseconds between. */
export function setInterval(
  callback: (...values: any[]) => unknown,
  delay?: number,
  ...values: unknown[]
): number {
  return start("setInterval", callback, milliseconds(delay, 1), values, true);
}

/** Forgets a timer; anything that is no timer's id is ignored. */
export function clearTimeout(id?: number): void {
  const number = typeof id === "string" ? toNumber(id) : id;
  if (timers.delete(number as number)) {
    claimedNotice("clear", `${number}`);
  }
}

/** The same as clearTimeout. */
export function clearInterval(id?: number): void {
  clearTimeout(id);
}

/** Calls the function once what runs now has come to its end. */
export function queueMicrotask(callback: () => void): void {
  requireFunction("queueMicrotask", callback);
  void (async () => {
    await undefined;
    try {
      callback();
    } catch (error) {
      reportError(error);
    }
  })();
}

/** @internal */
export function fireTimers(ids: number[]): void {
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i] as number;
    const timer = timers.get(id);
    if (!timer) {
      continue;
    }
    if (timer.interval === null) {
      timers.delete(id);
    }
    setOrigin(timer.origin);
    call(timer);
    if (timer.interval !== null && timers.has(id)) {
      notice("timer", `[${id},${timer.interval}]`);
    }
  }
  if (ids.length > 1) {
    loseOrigin(); // what goes on after them all may be anybody's
  }
}

function call({ callback, values }: Timer): void {
  try {
    const result: unknown = apply(callback, undefined, values);
    if (isObject(result) && getPrototypeOf(result) === PromiseConstructor.prototype) {
      observe(result);
    }
  } catch (error) {
    reportError(error);
  }
}

function start(
  name: string,
  callback: Function,
  delay: number,
  values: unknown[],
  repeats: boolean,
): number {
  requireFunction(name, callback);
  if (timers.size >= MAX_TIMERS) {
    throw codedError(`at most ${MAX_TIMERS} timers may be set at a time`, "LIMIT_EXCEEDED");
  }
  const id = ++lastId;
  claimedNotice("timer", `[${id},${delay}]`);
  timers.set(id, { callback, values, interval: repeats ? delay : null, origin: currentOrigin() });
  return id;
}

function milliseconds(delay: unknown, least: number): number {
  const number = trunc(toNumber(delay ?? 0));
  return number >= least ? min(number, LONGEST) : least;
}

function requireFunction(name: string, callback: unknown): void {
  if (typeof callback !== "function") {
    throw new TypeErrorConstructor(`${name}: expected a function, got ${typeof callback}`);
  }
}
