/**
 * Handlers: who listens to what, and what happens when an event arrives.
 *
 * Handlers of one event run in the order of their registration, each awaited before the next;
 * the first that throws ends the event. `__floraHandlers` and `__floraDispatch` are the
 * original's doors to this: as long as a script does not touch them it is told of exactly the
 * events that it has handlers for, otherwise of all.
 */

import { announceSubscriptions, notice, setOrigin, toldError } from "./bridge";
import {
  type BaseContext,
  type ComponentInteractionContext,
  type InteractionContext,
  makeContext,
  type MessageContext,
  type MessageDeleteBulkContext,
  type MessageDeleteContext,
  type MessageUpdateContext,
  type ModalSubmitContext,
  type ReactionContext,
  type ReactionRemoveAllContext,
} from "./context";
import { discordNameOf, scriptEvent } from "./event_table";
import type { EventReady } from "./event_types";
import { append, isArray, isObject, parse, SafeMap, TypeErrorConstructor } from "./intrinsics";
import type { PlainObject } from "./plain";

/** The events by name, with the context that their handlers get. */
export interface FloraEventMap {
  ready: BaseContext<EventReady>;
  messageCreate: MessageContext;
  messageUpdate: MessageUpdateContext;
  messageDelete: MessageDeleteContext;
  messageDeleteBulk: MessageDeleteBulkContext;
  /** A slash command. */
  interactionCreate: InteractionContext;
  /** A button or a select menu. */
  componentInteraction: ComponentInteractionContext;
  /** A submitted form. */
  modalSubmit: ModalSubmitContext;
  reactionAdd: ReactionContext;
  reactionRemove: ReactionContext;
  reactionRemoveEmoji: ReactionContext;
  reactionRemoveAll: ReactionRemoveAllContext;
}

export type FloraEventHandler<Event extends keyof FloraEventMap> = (
  ctx: FloraEventMap[Event],
) => unknown;

type Handler = (ctx: unknown) => unknown;
type Dispatch = (event: string, payload: unknown) => Promise<void>;

const handlers = new SafeMap<string, Handler[]>();
// Set when a script has asked for `__floraHandlers`: from then on that object is the truth.
let sharedHandlers: Record<string, Handler[]> | null = null;
let replacedDispatch: Dispatch | null = null;
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
  const name = `${event}`;
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

/** What `__floraDispatch` is until a script replaces it. @internal */
export async function dispatchToHandlers(event: string, payload: unknown): Promise<void> {
  const list: unknown = sharedHandlers ? sharedHandlers[event] : handlers.get(event);
  if (!isArray(list)) {
    return;
  }
  const count = list.length;
  for (let i = 0; i < count; i++) {
    const handler = list[i] as Handler;
    const result = handler(makeContext(event, payload as object));
    if (isObject(result)) {
      await result;
    }
  }
}

/** An event from the host. Never throws; `done` or `failed` follows when its handlers settle. @internal */
export function receiveEvent(dispatch: string, discordName: string, json: string): void {
  void run(dispatch, discordName, json);
}

async function run(dispatch: string, discordName: string, json: string): Promise<void> {
  try {
    const raw = parse(json) as PlainObject;
    const event = scriptEvent(discordName, raw);
    if (event) {
      setOrigin(event.name);
      if (replacedDispatch) {
        const replaced = replacedDispatch;
        await replaced(event.name, event.payload(raw));
      } else if (sharedHandlers || handlers.has(event.name)) {
        await dispatchToHandlers(event.name, event.payload(raw));
      }
    }
  } catch (error) {
    notice("failed", `[${dispatch},${toldError(error)}]`);
    return;
  }
  notice("done", dispatch);
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
  const text = replacedDispatch || sharedHandlers ? '"*"' : `[${subscribedNames()}]`;
  if (text !== announced) {
    announced = text;
    announceSubscriptions(text);
  }
}

function subscribedNames(): string {
  const seen = new SafeMap<string, true>();
  let names = "";
  handlers.forEach((_list, event) => {
    const name = discordNameOf(event);
    if (name !== undefined && !seen.has(name)) {
      seen.set(name, true);
      names += `${names && ","}"${name}"`;
    }
  });
  return names;
}
