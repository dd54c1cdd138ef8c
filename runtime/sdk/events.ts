/**
 * Handlers: who listens to what, and what happens when an event arrives.
 *
 * Handlers of one event run in the order of their registration, each awaited before the next,
 * those of `*` after them; the first that throws ends the event, unless they are isolated.
 * `__floraHandlers` and `__floraDispatch` are the original's doors to this: as long as a script
 * does not touch them it is told of exactly the events that it has handlers for, otherwise of all.
 */

import { announceSubscriptions, notice, reportError, setOrigin, toldError } from "./bridge";
import { type BaseContext, makeContext } from "./context";
import type { FloraEventHandler, FloraEventMap } from "./event_map";
import { discordNameOf, eventName, isByRule, isOfClock, type ScriptEvent, scriptEvent } from "./event_table";
import {
  append,
  ErrorConstructor,
  isArray,
  isObject,
  keys,
  parse,
  SafeMap,
  SafeSet,
  slice,
  TypeErrorConstructor,
} from "./intrinsics";
import type { PlainObject } from "./plain";
import { resume, suspend } from "./suspension";

type Handler = (ctx: unknown) => unknown;
type Dispatch = (event: string, payload: unknown) => Promise<void>;

/** What a handler has thrown, and what it had been given. */
interface Failure {
  readonly error: unknown;
  readonly ctx: unknown;
}

const ANY = "*";
// The script's own: no event of the host's.
const ERROR = "error";

const handlers = new SafeMap<string, Handler[]>();
// Set when a script has asked for `__floraHandlers`: from then on that object is the truth.
let sharedHandlers: Record<string, Handler[]> | null = null;
let replacedDispatch: Dispatch | null = null;
let isolated = false;
let announced = "";

/**
 * Calls the handler whenever the event happens in this guild.
 *
 * @example on("messageCreate", async (ctx) => { if (ctx.msg.content === "hi") await ctx.reply("hello") })
 */
export function on<Event extends keyof FloraEventMap>(
  event: Event,
  handler: FloraEventHandler<Event>,
): void;
export function on(event: string, handler: (ctx: BaseContext<any>) => unknown): void;
export function on(event: string, handler: Function): void {
  if (typeof handler !== "function") {
    throw new TypeErrorConstructor(
      `on(event, handler): handler must be a function, got ${typeof handler}`,
    );
  }
  const name = eventName(`${event}`);
  if (sharedHandlers) {
    (sharedHandlers[name] ??= []).push(handler as Handler);
    return;
  }
  const list = handlers.get(name);
  if (list) {
    append(list, handler as Handler);
  } else {
    handlers.set(name, [handler as Handler]);
    announce();
  }
}

/** Takes a handler of an event back. @internal */
export function off(event: string, handler: Function): void {
  const list: unknown = handlersOf(event);
  const rest: Handler[] = [];
  for (let i = 0; isArray(list) && i < list.length; i++) {
    if (list[i] !== handler) {
      append(rest, list[i] as Handler);
    }
  }
  if (sharedHandlers) {
    sharedHandlers[event] = rest;
  } else {
    handlers.set(event, rest);
  }
}

/** The list of an event's handlers, if there is one. @internal */
export function handlersOf(event: string): unknown {
  return sharedHandlers ? sharedHandlers[event] : handlers.get(event);
}

/** From now on a handler that throws does not keep the others from running. @internal */
export function isolateHandlers(): void {
  isolated = true;
}

/** What `__floraDispatch` is until a script replaces it. @internal */
export async function dispatchToHandlers(event: string, payload: unknown): Promise<void> {
  const failures: Failure[] = [];
  await runHandlers(eventName(event), payload, failures);
  for (let i = 1; i < failures.length; i++) {
    reportError((failures[i] as Failure).error);
  }
  if (failures.length > 0) {
    throw (failures[0] as Failure).error;
  }
}

/**
 * Notes in `failures` what handlers throw. An object that it returned would be asked for a `then`,
 * which a script may have given to all objects; that is why it returns nothing.
 */
async function runHandlers(event: string, payload: unknown, failures: Failure[]): Promise<void> {
  const alone = event === ANY || isOfClock(event);
  const lists = [handlersOf(event), alone ? null : handlersOf(ANY)];
  const counts = [length(lists[0]), length(lists[1])];
  for (let which = 0; which < lists.length; which++) {
    for (let i = 0; i < (counts[which] as number); i++) {
      const handler = (lists[which] as Handler[])[i] as Handler;
      let ctx: unknown;
      try {
        ctx = makeContext(event, payload as object);
        const result = handler(ctx);
        if (isObject(result)) {
          await result;
        }
      } catch (error) {
        append(failures, { error, ctx });
        if (!isolated) {
          return;
        }
      }
    }
  }
}

function length(list: unknown): number {
  return isArray(list) ? list.length : 0;
}

/** An event from the host. Never throws; `done` or `failed` follows when its handlers settle. @internal */
export function receiveEvent(dispatch: string, discordName: string, json: string): void {
  void run(dispatch, discordName, json);
}

async function run(dispatch: string, discordName: string, json: string): Promise<void> {
  const failures: Failure[] = [];
  let name = "";
  try {
    const raw = parse(json) as PlainObject;
    const event = scriptEvent(discordName, raw);
    name = event?.name ?? "";
    if (event) {
      setOrigin({ event: name, dispatch });
      await runEvent(event, raw, failures);
    }
  } catch (error) {
    append(failures, { error, ctx: undefined });
  }
  if (failures.length === 0) {
    notice("done", dispatch);
    return;
  }
  const listeners = handlersOf(ERROR);
  for (let i = 0; i < failures.length && length(listeners) > 0; i++) {
    try {
      await tellErrorHandlers(listeners as Handler[], failures[i] as Failure, name);
    } catch (error) {
      reportError(error, name);
    }
  }
  for (let i = 1; i < failures.length; i++) {
    reportError((failures[i] as Failure).error, name);
  }
  notice("failed", `[${dispatch},${toldError((failures[0] as Failure).error)}]`);
}

async function runEvent(event: ScriptEvent, raw: PlainObject, failures: Failure[]): Promise<void> {
  const { name, payload } = event;
  if (name === "suspend") {
    await suspend(handlersOf(name));
  } else if (name === "resume") {
    await resume(handlersOf(name), raw);
  } else if (!replacedDispatch) {
    requireHandler(name);
    if (hasHandlers(name)) {
      await runHandlers(name, payload(raw), failures);
    }
  } else if (!isByRule(name) || hasHandlers(name)) {
    // Who replaces it expects the original's events, and of others those that it asks for.
    const replaced = replacedDispatch;
    await replaced(name, payload(raw));
  }
}

function hasHandlers(event: string): boolean {
  return length(handlersOf(event)) + length(handlersOf(ANY)) > 0;
}

/** Raises what one of them throws. */
async function tellErrorHandlers(
  list: Handler[],
  { error, ctx }: Failure,
  event: string,
): Promise<void> {
  const count = list.length;
  for (let i = 0; i < count; i++) {
    const result = (list[i] as Handler)({ error, event, ctx });
    if (isObject(result)) {
      await result;
    }
  }
}

/** A job's slot and a task come once: that nobody took them must not pass for a success. */
function requireHandler(event: string): void {
  if (isOfClock(event) && length(handlersOf(event)) === 0) {
    const what =
      event === "task" ? 'tasks: add on("task", …)' : `the cron job '${slice(event, 7)}'`;
    throw new ErrorConstructor(`the script has no handler for ${what}`);
  }
}

/** The object behind `__floraHandlers`; whoever has it may do anything to it. @internal */
export function shareHandlers(): Record<string, Handler[]> {
  if (!sharedHandlers) {
    const shared: Record<string, Handler[]> = {};
    handlers.forEach((list, event) => {
      shared[event] = list;
    });
    replaceHandlers(shared);
  }
  return sharedHandlers as unknown as Record<string, Handler[]>;
}

/** A script has assigned to `__floraHandlers`. @internal */
export function replaceHandlers(replacement: unknown): void {
  sharedHandlers = (isObject(replacement) ? replacement : {}) as Record<string, Handler[]>;
  announce();
}

/** Looks, after the load, whether a script has replaced `__floraDispatch`. @internal */
export function adoptDispatch(dispatch: unknown): void {
  if (typeof dispatch !== "function") {
    throw new TypeErrorConstructor("Dispatch symbol is not a function");
  }
  replacedDispatch = dispatch === dispatchToHandlers ? null : (dispatch as Dispatch);
  announce();
}

/** Tells the host what the script listens to, if that has changed. */
function announce(): void {
  const text = `[${subscribedNames()}]`;
  if (text !== announced) {
    announced = text;
    announceSubscriptions(text);
  }
}

function subscribedNames(): string {
  const seen = new SafeSet<string>();
  let names = "";
  const add = (name: string | undefined) => {
    if (name !== undefined && !seen.has(name)) {
      seen.add(name);
      names += `${names && ","}"${name}"`;
    }
  };
  const listen = (event: string) => {
    if (event !== ERROR) {
      add(event === ANY ? ANY : discordNameOf(event));
    }
  };
  if (replacedDispatch || sharedHandlers) {
    add(ANY);
  }
  handlers.forEach((_list, event) => listen(event));
  const shared = keys(sharedHandlers ?? {});
  for (let i = 0; i < shared.length; i++) {
    listen(shared[i] as string);
  }
  return names;
}
