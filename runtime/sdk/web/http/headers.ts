/** `Headers`: the names and values of a request's or a response's head. */

import { byteString, requireArguments } from "../text";

export type HeadersInit =
  | Headers
  | Iterable<Iterable<string> | readonly [string, string]>
  | Record<string, string>;

/** @internal */
export let freeze: (headers: Headers) => void;

export class Headers {
  readonly #values = new Map<string, string[]>();
  #isFrozen = false;

  static {
    freeze = (headers) => {
      headers.#isFrozen = true;
    };
  }

  constructor(init?: HeadersInit) {
    if (init === undefined) {
      return;
    }
    if ((typeof init !== "object" && typeof init !== "function") || init === null) {
      throw new TypeError("Headers: expected pairs of a name and a value, or an object");
    }
    for (const [name, value] of pairsFrom(init)) {
      this.append(name, value);
    }
  }

  /** Names are the same in upper and lower case. Values of one name are joined by ", ". */
  append(name: string, value: string): void {
    requireArguments("append", arguments.length, 2);
    const [key, text] = [checkedName(name), checkedValue(value)];
    this.#requireMutable();
    const values = this.#values.get(key);
    if (values) {
      values.push(text);
    } else {
      this.#values.set(key, [text]);
    }
  }

  delete(name: string): void {
    requireArguments("delete", arguments.length, 1);
    const key = checkedName(name);
    this.#requireMutable();
    this.#values.delete(key);
  }

  /** null when there is none. */
  get(name: string): string | null {
    requireArguments("get", arguments.length, 1);
    return this.#values.get(checkedName(name))?.join(", ") ?? null;
  }

  /** Every set-cookie header by itself. */
  getSetCookie(): string[] {
    return [...(this.#values.get("set-cookie") ?? [])];
  }

  has(name: string): boolean {
    requireArguments("has", arguments.length, 1);
    return this.#values.has(checkedName(name));
  }

  /** The name has this value, and no other. */
  set(name: string, value: string): void {
    requireArguments("set", arguments.length, 2);
    const [key, text] = [checkedName(name), checkedValue(value)];
    this.#requireMutable();
    this.#values.set(key, [text]);
  }

  forEach(
    callback: (value: string, name: string, headers: Headers) => void,
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

  /** In the order of their names, which are in lower case. */
  *entries(): IterableIterator<[string, string]> {
    for (let i = 0; ; i++) {
      const pair = this.#sorted()[i]; // anew each time: the loop may change them
      if (!pair) {
        return;
      }
      yield pair;
    }
  }

  *keys(): IterableIterator<string> {
    for (const [name] of this.entries()) {
      yield name;
    }
  }

  *values(): IterableIterator<string> {
    for (const [, value] of this.entries()) {
      yield value;
    }
  }

  [Symbol.iterator](): IterableIterator<[string, string]> {
    return this.entries();
  }

  #sorted(): [string, string][] {
    const names = [...this.#values.keys()].sort();
    return names.flatMap((name): [string, string][] => {
      const values = this.#values.get(name)!;
      return name === "set-cookie"
        ? values.map((value) => [name, value])
        : [[name, values.join(", ")]];
    });
  }

  #requireMutable(): void {
    if (this.#isFrozen) {
      throw new TypeError("Headers: these came with a response and cannot be changed");
    }
  }
}

function pairsFrom(init: object): Iterable<[string, string]> {
  const iterator: unknown = (init as Iterable<unknown>)[Symbol.iterator];
  if (iterator === undefined || iterator === null) {
    const record = init as Record<string, string>;
    return Reflect.ownKeys(record)
      .filter((name) => Object.getOwnPropertyDescriptor(record, name)?.enumerable)
      .map((name) => [byteString(name), record[name as string]!]);
  }
  return [...(init as Iterable<Iterable<string>>)].map((item) => {
    const pair = typeof item === "object" || typeof item === "function" ? [...item] : [];
    if (pair.length !== 2) {
      throw new TypeError("Headers: expected pairs of a name and a value");
    }
    return pair as [string, string];
  });
}

function checkedName(name: string): string {
  const text = byteString(name);
  if (!/^[\w!#$%&'*+.^`|~-]+$/.test(text)) {
    throw new TypeError(`Headers: ${JSON.stringify(text)} is no name of a header`);
  }
  return text.toLowerCase();
}

function checkedValue(value: string): string {
  const text = byteString(value).replace(/^[\t\n\r ]+|[\t\n\r ]+$/g, "");
  if (/[\0\n\r]/.test(text)) {
    throw new TypeError("Headers: a value has no line breaks and no NUL");
  }
  return text;
}
