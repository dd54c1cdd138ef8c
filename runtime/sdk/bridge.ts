/**
 * The only way out of the isolate and back in: operations, notices, `receive` and `drain`.
 *
 * docs/bridge.md is the contract. Records are built as text when the script acts and joined when
 * the host drains; state lives in this module's scope, where no script reaches it. It knows
 * nothing of Discord: what an event, a timer or the start means is handed in by main.ts.
 */

import { codedError, errorText } from "./errors";
import {
  define,
  ErrorConstructor,
  indexOf,
  isObject,
  keys,
  parse,
  PromiseConstructor,
  promiseThen,
  SafeMap,
  SafeWeakSet,
  slice,
} from "./intrinsics";
import { type Plain, type PlainObject, plainText } from "./plain";
import { byteLength } from "./text";

/**
 * guild: its id. secrets: placeholders by their names. seed: of random numbers, 32 bytes as hex.
 * operations: how many may be unanswered at once, 0 or nothing for any number.
 */
export interface StartSettings {
  readonly guild: string | null;
  readonly secrets?: PlainObject;
  readonly seed?: string;
  readonly operations?: number;
}

/** What the bridge hands the host's texts to. */
export interface Receivers {
  /** A gateway event; must not throw. dispatch is the host's number, as text. */
  event(dispatch: string, name: string, json: string): void;
  /** Timers that are due; must not throw. */
  timers(ids: number[]): void;
  /** Called once, before the script; must not throw. */
  start(settings: StartSettings): void;
  /** The guild's secrets have changed; must not throw. */
  secrets(placeholders: unknown): void;
}

/** What the host keeps of an isolate. The first two take their text as `this`. */
export interface Bridge {
  receive(this: string): void;
  drain(): string;
  /** V8 says: a promise was rejected without a handler (0), or has got one after all (1). */
  rejected(event: number, promise: object, reason: unknown): void;
}

/**
 * In whose course a script computes. dispatch: the host's number of the event, as text, `-1` when
 * it is one of several; event: the script's name of it.
 */
export interface Origin {
  readonly event: string | null;
  readonly dispatch: string;
}

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly origin: Origin | null;
}

interface Rejection {
  readonly reason: unknown;
  readonly origin: Origin | null;
}

interface Answer {
  readonly isError: boolean;
  readonly value: unknown;
}

// The host refuses a drain over 16 MiB; the rest is left for notices, which must always fit.
const MAX_DRAIN_BYTES = 15 << 20;
// What a script causes in one turn, its host looks at one by one.
const MAX_CLAIMED = 10_000;
// Below this a text is not measured but taken for three bytes a character.
const SMALL = 4096;
// What a record takes beside its payload: its number, its name, punctuation.
const RECORD_BYTES = 64;
// A turn in which more goes wrong than this tells of the rest without details.
const MAX_ERROR_BYTES = 256 << 10;
// Rejections of one turn that are kept until its end, to see whether somebody handles them.
const MAX_UNHANDLED = 100;
const ONE_OF_SEVERAL: Origin = { event: null, dispatch: "-1" };
const TOO_MANY_ERRORS =
  '{"name":"Error","message":"too many errors at once: not all are shown","stack":""}';

let records = "";
let claimed = 0;
let claimedBytes = 0;
let errorBytes = 0;
let turn = 0;
let lastOperation = 0;
let mostOperations = 0;
let subscriptions = "";
// The event in whose course a script computes now, null for none.
let origin: Origin | null = null;
const waiting = new SafeMap<number, Waiting>();
const unhandled = new SafeMap<object, Rejection>();
const told = new SafeWeakSet<object>();

/**
 * Asks the host for an operation and gives its answer, undefined where the host has none.
 *
 * payload is called at once; what it raises rejects the returned promise. Since the error of a
 * failed operation is made inside an async function, V8 follows the awaits and its stack names
 * the line of the script: free while all goes well, where capturing a stack with each call costs
 * 2.5 to 7 µs (V8 14.4, measured 2026-11-23).
 */
export async function operation(name: string, payload: () => PlainObject): Promise<any> {
  return valueOf(await ask(name, plainText(payload()))) ?? undefined;
}

/** The same for a payload that is JSON text already; an answer of null stays null. */
export async function textOperation(name: string, payload: () => string): Promise<any> {
  return valueOf(await ask(name, payload()));
}

/** Tells the host something; payload is JSON text. Notices of the bridge itself always fit. */
export function notice(name: string, payload: string): void {
  record(`[0,"${name}",${payload}]`);
}

/** A notice that a script causes as often as it likes. Raises LIMIT_EXCEEDED when a turn is full. */
export function claimedNotice(name: string, payload: string): void {
  claim(payload);
  notice(name, payload);
}

/** A notice that a full turn drops: who causes it must not fail because of it. */
export function offeredNotice(name: string, payload: string): void {
  if (takeRoom(payload)) {
    notice(name, payload);
  }
}

/** Tells the host of an error where nobody waits, once for each cause. */
export function reportError(error: unknown, event: string | null = eventOf(origin)): void {
  if (errorBytes <= MAX_ERROR_BYTES && !(isObject(error) && told.has(error))) {
    notice("error", toldError(error, event));
  }
}

/** The bridge's error as JSON text; once a turn has told enough of errors, only that it has. */
export function toldError(error: unknown, event: string | null = null): string {
  if (isObject(error)) {
    told.add(error);
  }
  if (errorBytes > MAX_ERROR_BYTES) {
    return TOO_MANY_ERRORS;
  }
  const text = errorText(error, event);
  errorBytes += size(text);
  return errorBytes > MAX_ERROR_BYTES ? TOO_MANY_ERRORS : text;
}

/** Reports the rejection of a promise that nobody awaits. */
export function observe(promise: unknown): void {
  promiseThen(promise, undefined, reportError);
}

/** The event in whose course the script computes now, for what it leaves to be done later. */
export function currentOrigin(): Origin | null {
  return origin;
}

/** What follows until the turn's end is of this event's making. */
export function setOrigin(event: Origin | null): void {
  origin = event;
}

/** What follows until the turn's end is of one of several events' making, or of none's. */
export function loseOrigin(): void {
  origin = ONE_OF_SEVERAL;
}

/** From now on so many operations may be unanswered at once, 0: any number. */
export function limitOperations(most: number): void {
  mostOperations = most;
}

/** Changes whenever the host has taken what a script said. */
export function currentTurn(): number {
  return turn;
}

/** Says at the next drain what the script listens to: JSON text of names, or `"*"` in quotes. */
export function announceSubscriptions(text: string): void {
  subscriptions = text;
}

export function makeBridge(receivers: Receivers): Bridge {
  function receive(this: string): void {
    try {
      const kind = this[0];
      if (kind === "E") {
        const name = indexOf(this, "\n") + 1;
        const json = indexOf(this, "\n", name) + 1;
        receivers.event(slice(this, 1, name - 1), slice(this, name, json - 1), slice(this, json));
      } else if (kind === "A") {
        answer(parse(slice(this, 1)) as Plain[][]);
      } else if (kind === "T") {
        receivers.timers(parse(slice(this, 1)) as number[]);
      } else if (kind === "S") {
        receivers.start(parse(slice(this, 1)) as StartSettings);
      } else if (kind === "P") {
        receivers.secrets(parse(slice(this, 1)));
      }
    } catch (error) {
      reportError(error);
    }
  }

  function rejected(event: number, promise: object, reason: unknown): void {
    if (event === 1) {
      unhandled.delete(promise);
    } else if (unhandled.size < MAX_UNHANDLED) {
      unhandled.set(promise, { reason, origin });
    }
  }

  function drain(): string {
    if (unhandled.size > 0) {
      unhandled.forEach((rejection) => reportError(rejection.reason, eventOf(rejection.origin)));
      unhandled.clear();
    }
    origin = null;
    if (subscriptions) {
      records = `[0,"subscriptions",${subscriptions}]${records && ","}${records}`;
      subscriptions = "";
    }
    if (!records) {
      return "";
    }
    const text = `[${records}]`;
    records = "";
    claimed = claimedBytes = errorBytes = 0;
    turn++;
    return text;
  }

  return { receive, drain, rejected };
}

/** What is too much is refused here: a flood would keep the host busy with saying no. */
function ask(name: string, payload: string): Promise<Answer> {
  if (mostOperations > 0 && waiting.size >= mostOperations) {
    throw codedError(
      `more than ${mostOperations} operations are under way: await some first`,
      "TOO_MANY_OPERATIONS",
    );
  }
  claim(payload);
  const id = ++lastOperation;
  return new PromiseConstructor<Answer>((resolve) => {
    waiting.set(id, { resolve, origin });
    record(`[${id},"${name}",${payload}${origin ? `,${origin.dispatch}` : ""}]`);
  });
}

function eventOf(origin: Origin | null): string | null {
  return origin ? origin.event : null;
}

function valueOf(answer: Answer): unknown {
  if (answer.isError) {
    throw operationError(answer.value);
  }
  return answer.value;
}

function record(text: string): void {
  records = records ? `${records},${text}` : text;
}

function claim(payload: string): void {
  if (!takeRoom(payload)) {
    const most = claimed < MAX_CLAIMED ? `${MAX_DRAIN_BYTES} bytes` : `${MAX_CLAIMED} messages`;
    throw codedError(
      `too much at once: at most ${most} may leave a script in one turn`,
      "LIMIT_EXCEEDED",
    );
  }
}

/** Takes the room that a record with this payload needs; false when this turn has no more. */
function takeRoom(payload: string): boolean {
  const bytes = RECORD_BYTES + size(payload);
  if (claimed >= MAX_CLAIMED || claimedBytes + bytes > MAX_DRAIN_BYTES) {
    return false;
  }
  claimed++;
  claimedBytes += bytes;
  return true;
}

function size(text: string): number {
  return text.length < SMALL ? text.length * 3 : byteLength(text);
}

function answer(rows: Plain[][]): void {
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as Plain[];
    const id = row[0] as number;
    const asked = waiting.get(id);
    if (asked) {
      waiting.delete(id);
      // What goes on after several answers goes on after them all: whose it is, is not known.
      origin = i === 0 || asked.origin === origin ? asked.origin : ONE_OF_SEVERAL;
      // Without a prototype, so that resolving looks for no `then` that a script has planted.
      asked.resolve({ __proto__: null, isError: row[1] !== 1, value: row[2] } as unknown as Answer);
    }
  }
}

function operationError(details: unknown): Error {
  const plain: PlainObject = isObject(details) ? (details as PlainObject) : {};
  const names = keys(plain);
  const error = new ErrorConstructor(typeof plain.message === "string" ? plain.message : "");
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string;
    if (name !== "message") {
      define(error, name, plain[name]);
    }
  }
  return error;
}
