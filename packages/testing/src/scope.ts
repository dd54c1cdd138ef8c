/**
 * flora's globals in the scope of a test, for scripts that are a part of it, and out of it again.
 *
 * What Node has itself stays Node's, so that test runners go on; but a script's console, and all
 * that belongs to `fetch`, are flora's.
 */

import { globalNames } from "./isolate";

type Global = Record<string, any>;

const FLORAS = new Set([
  ...["console", "fetch", "Request", "Response", "Headers", "FormData", "Blob", "File"],
  ...["AbortController", "AbortSignal"],
]);
const HANDLERS = "__floraHandlers";
const DISPATCH = "__floraDispatch";
// The scope has one of each, whoever's.
const SCOPES_OWN = new Set(["self", "global", "globalThis"]);

export class ScriptScope {
  readonly #script: Global;
  readonly #before = new Map<string, PropertyDescriptor | undefined>();
  readonly #dispatch: unknown;

  /** script: the global object of the SDK's context. */
  constructor(script: Global) {
    this.#script = script;
    this.#dispatch = script[DISPATCH];
  }

  install(): void {
    const scope = globalThis as Global;
    const names = globalNames.filter((name) => {
      const isNodes = name in scope && !name.startsWith("__flora");
      return !SCOPES_OWN.has(name) && (FLORAS.has(name) || !isNodes);
    });
    for (const name of names) {
      this.#define(name, { value: this.#script[name], writable: true });
    }
    this.#define("__floraGuildId", { value: this.#script.__floraGuildId, writable: true });
    this.#define(HANDLERS, {
      get: () => this.#script[HANDLERS],
      set: (handlers) => (this.#script[HANDLERS] = handlers),
    });
  }

  /** A script may replace the dispatch: the SDK looks for it in its own scope after the load. */
  handBack(): void {
    const dispatch = (globalThis as Global)[DISPATCH];
    if (dispatch !== this.#dispatch) {
      this.#script[DISPATCH] = dispatch;
    }
  }

  remove(): void {
    for (const [name, before] of this.#before) {
      if (before) {
        Object.defineProperty(globalThis, name, before);
      } else {
        Reflect.deleteProperty(globalThis, name);
      }
    }
    this.#before.clear();
  }

  #define(name: string, property: PropertyDescriptor): void {
    if (!this.#before.has(name)) {
      this.#before.set(name, Object.getOwnPropertyDescriptor(globalThis, name));
    }
    Object.defineProperty(globalThis, name, { configurable: true, enumerable: false, ...property });
  }
}
