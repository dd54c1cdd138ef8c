/** `structuredClone`: a copy that shares nothing with its original, cycles and all. */

import { core } from "../core";
import { dictionary, requireArguments } from "../text";

export interface StructuredSerializeOptions {
  /** ArrayBuffers that are moved instead of copied: the original's are empty afterwards. */
  transfer?: ArrayBuffer[];
}

const ERRORS = { EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };
const BOXES = { Boolean, Number, String, BigInt } as unknown as Record<
  string,
  { prototype: { valueOf(): unknown } }
>;
const REFUSED =
  /^\[object (Promise|Weak(Map|Set|Ref)|(Async)?Generator|FinalizationRegistry|Symbol|Intl\..*|.* Iterator|Temporal\..*)\]$/;

// These raise for whatever is not of their kind: safe ways to ask what a value is.
const getterOf = (prototype: object, name: string | symbol): ((this: unknown) => unknown) =>
  Object.getOwnPropertyDescriptor(prototype, name)!.get!;
const kinds = {
  date: Date.prototype.getTime,
  map: getterOf(Map.prototype, "size"),
  set: getterOf(Set.prototype, "size"),
  regExp: getterOf(RegExp.prototype, "source"),
  buffer: getterOf(ArrayBuffer.prototype, "byteLength"),
};
/** The name of a typed array; undefined for a DataView. */
const viewName = getterOf(
  Object.getPrototypeOf(Uint8Array.prototype) as object,
  Symbol.toStringTag,
) as (this: unknown) => string | undefined;
type View = new (buffer: ArrayBuffer, offset: number, length: number) => ArrayBufferView;
const VIEWS: Record<string, View> = Object.fromEntries(
  "Int8 Uint8 Uint8Clamped Int16 Uint16 Int32 Uint32 Float16 Float32 Float64 BigInt64 BigUint64"
    .split(" ")
    .map((kind) => [`${kind}Array`, (globalThis as any)[`${kind}Array`]]),
);

/** A deep copy. Raises a DataCloneError for functions and whatever else cannot be copied. */
export function structuredClone<T>(value: T, options?: StructuredSerializeOptions): T {
  requireArguments("structuredClone", arguments.length, 1);
  const { transfer } = dictionary("structuredClone", options);
  const moved = transfer === undefined ? [] : [...transfer];
  const isSound = moved.every((buffer) => is("buffer", buffer) && !buffer.detached);
  if (!isSound || new Set(moved).size < moved.length) {
    throw refused("transfer takes ArrayBuffers, each once, that have not been moved");
  }
  const copy = new Cloning().clone(value) as T;
  for (const buffer of moved) {
    buffer.transfer(); // once nothing can fail any more
  }
  return copy;
}

class Cloning {
  readonly #copies = new Map<object, unknown>();
  clone(value: unknown): unknown {
    if (typeof value === "symbol" || typeof value === "function") {
      throw refused(`a ${typeof value} cannot be copied`);
    }
    if (typeof value !== "object" || value === null) {
      return value;
    }
    if (!this.#copies.has(value)) {
      const copy = this.#copyOf(value);
      this.#copies.set(value, copy);
      this.#fill(copy, value);
    }
    return this.#copies.get(value);
  }

  /** The copy without its contents, which may come back to it. */
  #copyOf(value: object): object {
    if (Array.isArray(value)) {
      return new Array(value.length);
    }
    const box = Object.keys(BOXES).find((name) => boxes(name, value));
    if (box) {
      return Object(BOXES[box]!.prototype.valueOf.call(value));
    }
    if (is("date", value)) {
      return new Date(kinds.date.call(value as Date));
    }
    if (is("regExp", value)) {
      return new RegExp((value as RegExp).source, (value as RegExp).flags);
    }
    if (is("buffer", value)) {
      return this.#buffer(value as ArrayBuffer);
    }
    if (ArrayBuffer.isView(value)) {
      return this.#view(value);
    }
    if (is("map", value)) {
      return new Map();
    }
    if (is("set", value)) {
      return new Set();
    }
    if ((Error as unknown as { isError(value: unknown): boolean }).isError(value)) {
      return errorLike(value as Error);
    }
    const { Blob, File } = core.blobs();
    if (value instanceof File) {
      const { name, type, lastModified } = value;
      return new File([value], name, { type, lastModified });
    }
    if (value instanceof Blob) {
      return value.slice(0, value.size, value.type);
    }
    if (core.isPlatformObject(value) || REFUSED.test(Object.prototype.toString.call(value))) {
      throw refused(`${Object.prototype.toString.call(value)} cannot be copied`);
    }
    return {};
  }

  #fill(copy: unknown, value: object): void {
    if (copy instanceof Map) {
      for (const [key, item] of [...Map.prototype.entries.call(value)]) {
        copy.set(this.clone(key), this.clone(item));
      }
    } else if (copy instanceof Set) {
      for (const item of [...Set.prototype.values.call(value)]) {
        copy.add(this.clone(item));
      }
    } else if (copy instanceof Error) {
      if (Object.hasOwn(value, "cause")) {
        define(copy, "cause", this.clone((value as Error).cause), false);
      }
    } else if (Array.isArray(copy) || Object.getPrototypeOf(copy) === Object.prototype) {
      for (const name of Object.keys(value)) {
        if (Object.hasOwn(value, name)) {
          define(copy as object, name, this.clone((value as Record<string, unknown>)[name]), true);
        }
      }
    }
  }

  #buffer(buffer: ArrayBuffer): ArrayBuffer {
    if (buffer.detached) {
      throw refused("an ArrayBuffer that was moved away cannot be copied");
    }
    const copy = buffer.resizable
      ? new ArrayBuffer(buffer.byteLength, { maxByteLength: buffer.maxByteLength })
      : new ArrayBuffer(buffer.byteLength);
    new Uint8Array(copy).set(new Uint8Array(buffer));
    return copy;
  }

  #view(view: ArrayBufferView): ArrayBufferView {
    const { byteOffset } = view;
    const name = viewName.call(view);
    const length = name === undefined ? view.byteLength : (view as Uint8Array).length;
    const buffer = this.clone(view.buffer) as ArrayBuffer;
    const type: View = name === undefined ? DataView : VIEWS[name]!;
    return new type(buffer, byteOffset, length);
  }
}

function is(kind: keyof typeof kinds, value: unknown): boolean {
  try {
    kinds[kind].call(value as never);
    return true;
  } catch {
    return false;
  }
}

function boxes(name: string, value: object): boolean {
  try {
    BOXES[name]!.prototype.valueOf.call(value);
    return true;
  } catch {
    return false;
  }
}

/** An error of the same kind and stack. */
function errorLike(error: Error): Error {
  const { DOMException } = core.events();
  let copy: Error;
  if (error instanceof DOMException) {
    copy = new DOMException(error.message, error.name);
  } else {
    const name = `${error.name}`;
    const type = Object.hasOwn(ERRORS, name) ? ERRORS[name as keyof typeof ERRORS] : Error;
    copy = Object.setPrototypeOf(new Error(), type.prototype) as Error;
    const message = Object.getOwnPropertyDescriptor(error, "message");
    if (message && "value" in message) {
      define(copy, "message", `${message.value}`, false);
    }
  }
  define(copy, "stack", `${error.stack}`, false);
  return copy;
}

function define(target: object, name: string, value: unknown, enumerable: boolean): void {
  Object.defineProperty(target, name, { value, enumerable, writable: true, configurable: true });
}

function refused(message: string): Error {
  return new (core.events().DOMException)(`structuredClone: ${message}`, "DataCloneError");
}
