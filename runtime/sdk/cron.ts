/**
 * `cron`: jobs by the clock. The host keeps them, says when one is due and whether it starts.
 *
 * A job's handler is one of the event `__cron:<name>`, as in the original. What the host finds
 * wrong with a job fails the load of the script that registers it while it loads.
 */

import { observe, operation } from "./bridge";
import type { BaseContext } from "./context";
import { codedError, inputError, textAt } from "./errors";
import { off, on } from "./events";
import {
  append,
  define,
  ErrorConstructor,
  indexOf,
  isObject,
  promiseThen,
  SafeSet,
  slice,
  trim,
  TypeErrorConstructor,
} from "./intrinsics";
import { type PlainObject, snapshotOptions } from "./plain";

export interface EventCron {
  /** The job's name. */
  name: string;
  /** The time that this run is for, RFC 3339. */
  scheduledAt: string;
}

export type CronContext = BaseContext<EventCron> & EventCron;

export interface CronOptions {
  /** Leave a slot out while the run before is still under way. */
  skipIfRunning?: boolean;
  /** Slots that pass while flora does not run: left out, or made up for by one run. */
  catchUp?: "skip" | "once";
}

const names = new SafeSet<string>();
// While the script loads: what its load waits for. null afterwards.
let registrations: Promise<void>[] | null = [];

/**
 * Calls the handler at the times that the expression names, in UTC: five fields from minutes to
 * weekdays, seconds before them and years after them if you like.
 *
 * @example cron("weekly report", "0 9 * * MON", (ctx) => console.log(ctx.scheduledAt))
 */
export function cron(
  name: string,
  cronExpr: string,
  handler: (ctx: CronContext) => unknown,
  options?: CronOptions,
): void {
  requireText("name", name);
  requireText("expression", cronExpr);
  if (typeof handler !== "function") {
    throw new TypeErrorConstructor("cron handler must be a function");
  }
  const payload = { name, expression: cronExpr, ...settings(options) };
  if (names.has(name)) {
    throw codedError(`cron job with name '${name}' already exists`, "CRON_JOB_EXISTS");
  }
  names.add(name);
  on(`__cron:${name}`, handler as (ctx: BaseContext<any>) => unknown);
  const registered = register(payload, handler, new ErrorConstructor());
  if (registrations) {
    promiseThen(registered, undefined, () => undefined); // whoever loads is told
    append(registrations, registered);
  } else {
    observe(registered);
  }
}

/** Waits until the host has taken all that the script has registered. @internal */
export async function allRegistered(): Promise<void> {
  for (let i = 0; registrations && i < registrations.length; i++) {
    await registrations[i];
  }
  registrations = null;
}

/** call: an error made where the script calls `cron`, for its stack. */
async function register(payload: PlainObject, handler: Function, call: Error): Promise<void> {
  try {
    await operation("cron.register", () => payload);
  } catch (error) {
    names.delete(payload.name as string);
    off(`__cron:${payload.name}`, handler);
    if (isObject(error)) {
      const stack = textAt(call, "stack");
      const frames = indexOf(stack, "\n");
      const where = frames === -1 ? "" : slice(stack, frames);
      define(error, "stack", `Error: ${textAt(error, "message")}${where}`, false);
    }
    throw error;
  }
}

function settings(options: CronOptions | undefined): PlainObject {
  const { skipIfRunning, catchUp } =
    options === undefined || options === null ? {} : snapshotOptions("options", options);
  if (catchUp !== undefined && catchUp !== "skip" && catchUp !== "once") {
    throw inputError("catchUp", 'expected "skip" or "once"');
  }
  return { skipIfRunning: !!skipIfRunning, catchUp };
}

function requireText(what: string, value: unknown): void {
  if (typeof value !== "string" || trim(value) === "") {
    throw new TypeErrorConstructor(`cron ${what} must be a non-empty string`);
  }
}
