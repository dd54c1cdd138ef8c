/**
 * The host's side of the bridge (docs/bridge.md), over a context of Node instead of an isolate.
 *
 * It sends texts in, one after the other, and hands records on; what operations mean is its
 * host's to know. As in a worker, a script gets nothing else while one of its KV operations waits.
 */

import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { createContext, Script } from "node:vm";

import { complete } from "./older_node";

type Global = Record<string, any>;

export interface StartSettings {
  readonly guild: string;
  /** What `secrets.get` gives, by name. */
  readonly secrets: Record<string, string>;
}

/** An operation (number > 0) or a notice (0) of a script. */
export type SdkRecord = [number: number, name: string, payload: any];

/** What becomes of records. answer gives an operation's result, at once or later. */
export interface Host {
  answer(name: string, payload: any): unknown;
  notice(name: string, payload: any): void;
}

interface Bridge {
  receive(this: string): void;
  drain(): string;
}

const here = dirname(fileURLToPath(import.meta.url));
const read = (name: string): string => readFileSync(join(here, name), "utf8");

/** The names that the SDK adds to a global scope. */
export const globalNames: string[] = JSON.parse(read("globals.json"));
const sdk = new Script(read("sdk.js"), { filename: "flora:sdk" });

// A test runner may put its own clock into their place.
const clock = { setTimeout, clearTimeout, setImmediate };
// How often a script is looked at that waits for something of Node's; milliseconds.
const LOOK_EVERY = 1;

const GATED = "kv.";

export class Isolate {
  readonly global: Global;
  readonly #context: object;
  readonly #bridge: Bridge;
  readonly #host: Host;
  readonly #inputs: string[] = [];
  readonly #timers = new Map<number, NodeTimer>();
  #running = false;
  #closed = false;

  constructor(host: Host, settings: StartSettings) {
    const context = (this.#context = createContext({}));
    this.#host = host;
    complete(context);
    this.#bridge = sdk.runInContext(context);
    this.global = new Script("globalThis").runInContext(context);
    const seed = randomBytes(32).toString("hex");
    this.#bridge.receive.call(`S${JSON.stringify({ ...settings, seed })}`);
    // So that a test's `error instanceof Error` holds for errors of the script's world, too.
    Object.setPrototypeOf(this.global.Error.prototype, Error.prototype);
  }

  /** Runs a script's text, one classic script as flora's builder makes them. */
  evaluate(source: string): void {
    const wrapped = `__floraMain(async()=>{"use strict";${source}\n})`;
    new Script(wrapped, { filename: "bundle.js" }).runInContext(this.#context);
  }

  /** A text of the host's, when its turn comes. */
  send(text: string): void {
    this.#inputs.push(text);
    void this.#run();
  }

  /** A text that changes nothing but what is known, at once. */
  tell(text: string): void {
    this.#bridge.receive.call(text);
  }

  /** Takes what the script has said so far; operations are begun. */
  collect(): void {
    const text = this.#closed ? "" : this.#bridge.drain();
    const records: SdkRecord[] = text ? JSON.parse(text) : [];
    for (const [number, name, payload] of records) {
      if (number > 0) {
        this.#begin(number, name, payload);
      } else if (name === "timer") {
        this.#setTimer(payload[0], payload[1]);
      } else if (name === "clear") {
        this.#clearTimer(payload);
      } else {
        this.#host.notice(name, payload);
      }
    }
  }

  /** Returns when the condition holds; the script goes on meanwhile. */
  async until(condition: () => boolean): Promise<void> {
    this.collect();
    while (!condition() && !this.#closed) {
      await new Promise<void>((resolve) => clock.setImmediate(resolve));
      this.collect();
      if (!condition() && !this.#running) {
        await new Promise<void>((resolve) => clock.setTimeout(resolve, LOOK_EVERY));
        this.collect();
      }
    }
  }

  close(): void {
    this.#closed = true;
    this.#inputs.length = 0;
    this.#timers.forEach((timer) => clock.clearTimeout(timer));
    this.#timers.clear();
  }

  async #run(): Promise<void> {
    if (this.#running) {
      return;
    }
    this.#running = true;
    for (let text = this.#inputs.shift(); text !== undefined; text = this.#inputs.shift()) {
      this.#bridge.receive.call(text);
      // All microtasks run before it: what could make progress has said so.
      await new Promise<void>((resolve) => clock.setImmediate(resolve));
      this.collect();
    }
    this.#running = false;
  }

  #begin(number: number, name: string, payload: any): void {
    let result: unknown;
    try {
      result = this.#host.answer(name, payload);
    } catch (error) {
      this.#answer(number, name, 0, described(error));
      return;
    }
    if (isThenable(result)) {
      result.then(
        (value: unknown) => this.#answer(number, name, 1, value),
        (error: unknown) => this.#answer(number, name, 0, described(error)),
      );
    } else {
      this.#answer(number, name, 1, result);
    }
  }

  #answer(number: number, name: string, success: 0 | 1, value: unknown): void {
    const text = `A${JSON.stringify([[number, success, value ?? null]])}`;
    if (name.startsWith(GATED)) {
      this.#inputs.unshift(text);
      void this.#run();
    } else {
      this.send(text);
    }
  }

  #setTimer(id: number, milliseconds: number): void {
    const timer = clock.setTimeout(() => {
      this.#timers.delete(id);
      this.send(`T[${id}]`);
    }, milliseconds);
    timer.unref();
    this.#timers.set(id, timer);
  }

  #clearTimer(id: number): void {
    const timer = this.#timers.get(id);
    if (timer) {
      clock.clearTimeout(timer);
      this.#timers.delete(id);
    }
  }
}

/** An error as the bridge carries it: its message, and every property that it has. */
function described(error: unknown): object {
  const { message, stack: _, ...properties } = Object(error);
  return { message: message ?? String(error), ...properties };
}

function isThenable(value: any): value is Promise<unknown> {
  return typeof value?.then === "function";
}
