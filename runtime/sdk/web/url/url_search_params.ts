/** `URLSearchParams`: the names and values of a query, on their own or as part of a URL. */

import { requireArguments, usvString } from "../text";
import { type Pair, parsePairs, serializePairs } from "./form_urlencoded";

/** @internal */
export let paramsOf: (query: string, changed: (query: string) => void) => URLSearchParams;
/** @internal */
export let replaceParams: (params: URLSearchParams, query: string) => void;
/** @internal */
export let pairsOf: (params: URLSearchParams) => Pair[];

export class URLSearchParams {
  #pairs: Pair[];
  #changed: ((query: string) => void) | null = null;

  static {
    paramsOf = (query, changed) => {
      const params = new URLSearchParams();
      params.#pairs = parsePairs(query);
      params.#changed = changed;
      return params;
    };
    replaceParams = (params, query) => {
      params.#pairs = parsePairs(query);
    };
    pairsOf = (params) => params.#pairs;
  }

  /** A query, with or without its question mark; or pairs; or an object. */
  constructor(
    init:
      | string
      | Iterable<Iterable<string> | readonly [string, string]>
      | Record<string, string>
      | URLSearchParams = "",
  ) {
    if (typeof init === "object" || typeof init === "function") {
      this.#pairs = init === null ? [["null", ""]] : pairsFrom(init);
    } else {
      this.#pairs = parsePairs(usvString(init).replace(/^\?/, ""));
    }
  }

  get size(): number {
    return this.#pairs.length;
  }

  append(name: string, value: string): void {
    requireArguments("append", arguments.length, 2);
    this.#pairs.push([usvString(name), usvString(value)]);
    this.#update();
  }

  /** Removes all of this name, or of this name and value. */
  delete(name: string, value?: string): void {
    requireArguments("delete", arguments.length, 1);
    const isMeant = matching(name, value);
    this.#pairs = this.#pairs.filter((pair) => !isMeant(pair));
    this.#update();
  }

  /** The first value of the name; null when there is none. */
  get(name: string): string | null {
    requireArguments("get", arguments.length, 1);
    return this.#pairs.find(matching(name))?.[1] ?? null;
  }

  getAll(name: string): string[] {
    requireArguments("getAll", arguments.length, 1);
    return this.#pairs.filter(matching(name)).map(([, value]) => value);
  }

  has(name: string, value?: string): boolean {
    requireArguments("has", arguments.length, 1);
    return this.#pairs.some(matching(name, value));
  }

  /** The name has this value, and no other. */
  set(name: string, value: string): void {
    requireArguments("set", arguments.length, 2);
    const isMeant = matching(name);
    const pair: Pair = [usvString(name), usvString(value)];
    const first = this.#pairs.findIndex(isMeant);
    if (first < 0) {
      this.#pairs.push(pair);
    } else {
      this.#pairs[first] = pair;
      this.#pairs = this.#pairs.filter((other, index) => index <= first || !isMeant(other));
    }
    this.#update();
  }

  /** By name; values of one name keep their order. */
  sort(): void {
    this.#pairs.sort(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0));
    this.#update();
  }

  forEach(
    callback: (value: string, name: string, params: URLSearchParams) => void,
    thisValue?: unknown,
  ): void {
    requireArguments("forEach", arguments.length, 1);
    if (typeof callback !== "function") {
      throw new TypeError("forEach: expected a function");
    }
    for (const [name, value] of this) {
      callback.call(thisValue, value, name, this);
    }
  }

  /** Pairs as they are when the iterator comes to them. */
  *entries(): IterableIterator<[string, string]> {
    for (let i = 0; i < this.#pairs.length; i++) {
      const [name, value] = this.#pairs[i]!;
      yield [name, value];
    }
  }

  *keys(): IterableIterator<string> {
    for (let i = 0; i < this.#pairs.length; i++) {
      yield this.#pairs[i]![0];
    }
  }

  *values(): IterableIterator<string> {
    for (let i = 0; i < this.#pairs.length; i++) {
      yield this.#pairs[i]![1];
    }
  }

  [Symbol.iterator](): IterableIterator<[string, string]> {
    return this.entries();
  }

  toString(): string {
    return serializePairs(this.#pairs);
  }

  #update(): void {
    this.#changed?.(serializePairs(this.#pairs));
  }
}

function matching(name: string, value?: string): (pair: Pair) => boolean {
  const wanted = usvString(name);
  if (value === undefined) {
    return (pair) => pair[0] === wanted;
  }
  const wantedValue = usvString(value);
  return (pair) => pair[0] === wanted && pair[1] === wantedValue;
}

function pairsFrom(init: object): Pair[] {
  const iterator: unknown = (init as Iterable<unknown>)[Symbol.iterator];
  if (iterator === undefined || iterator === null) {
    return recordPairs(init as Record<string, unknown>);
  }
  const pairs: Pair[] = [];
  for (const item of init as Iterable<Iterable<unknown>>) {
    if (typeof item !== "object" && typeof item !== "function") {
      throw new TypeError("URLSearchParams: expected pairs of a name and a value");
    }
    const pair = [...item];
    if (pair.length !== 2) {
      throw new TypeError(`URLSearchParams: expected pairs, got ${pair.length} values together`);
    }
    pairs.push([usvString(pair[0]), usvString(pair[1])]);
  }
  return pairs;
}

function recordPairs(record: Record<string, unknown>): Pair[] {
  // A Map: what two names become the same, the last of them counts.
  const pairs = new Map<string, string>();
  for (const name of Reflect.ownKeys(record)) {
    if (Object.getOwnPropertyDescriptor(record, name)?.enumerable) {
      pairs.set(usvString(name), usvString(record[name as string]));
    }
  }
  return [...pairs];
}
