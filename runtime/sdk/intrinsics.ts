/**
 * The built-ins that the SDK needs, captured before any script runs; it knows nothing of flora.
 *
 * A script may replace whatever hangs on a prototype or on the global object. What the bridge
 * uses to stay alive comes from here instead: functions that take their `this` as an argument,
 * and collections whose methods are their own. Literals, indexing of own elements and template
 * strings of primitives consult no prototype and are used as they are; `for…of`, spread,
 * `push` and assignment of new properties do, and are not.
 */

/** Turns a method into a function whose first argument is its `this`. */
function uncurry(method: unknown): (self: unknown, ...args: unknown[]) => unknown {
  return Function.prototype.bind.call(Function.prototype.call, method);
}

export const { parse, stringify } = JSON;
export const { apply, getPrototypeOf, ownKeys, defineProperty: tryDefineProperty } = Reflect;
export const { getOwnPropertyDescriptor, defineProperty, hasOwn, keys } = Object;
export const { isArray } = Array;
export const { fromCharCode } = String;
export const { isInteger, isSafeInteger, isFinite: isFiniteNumber } = Number;
export const { now, parse: parseDate } = Date;
export const { min, trunc } = Math;
export const ObjectPrototype = Object.prototype;
export const ArrayPrototype = Array.prototype;
export const FunctionPrototype = Function.prototype;
export const ErrorConstructor = Error;
export const TypeErrorConstructor = TypeError;
export const PromiseConstructor = Promise;
export const toNumber = Number;
export const toText = String;

/** Tells real errors from what only looks like one (V8 has it since 13.4). */
export const { isError } = Error as unknown as { isError(value: unknown): boolean };

export const indexOf = uncurry(String.prototype.indexOf) as (
  text: string,
  find: string,
  from?: number,
) => number;
export const slice = uncurry(String.prototype.slice) as (
  text: string,
  start: number,
  end?: number,
) => string;
export const charCodeAt = uncurry(String.prototype.charCodeAt) as (
  text: string,
  index: number,
) => number;
export const startsWith = uncurry(String.prototype.startsWith) as (
  text: string,
  prefix: string,
) => boolean;
export const repeat = uncurry(String.prototype.repeat) as (text: string, times: number) => string;
export const trim = uncurry(String.prototype.trim) as (text: string) => string;
export const toUpperCase = uncurry(String.prototype.toUpperCase) as (text: string) => string;
export const toLowerCase = uncurry(String.prototype.toLowerCase) as (text: string) => string;
export const functionSource = uncurry(Function.prototype.toString) as (self: unknown) => string;
export const symbolText = uncurry(Symbol.prototype.toString) as (self: unknown) => string;
export const dateText = uncurry(Date.prototype.toISOString) as (self: unknown) => string;
export const dateTime = uncurry(Date.prototype.getTime) as (self: unknown) => number;
export const promiseThen = uncurry(Promise.prototype.then) as (
  self: unknown,
  fulfilled: undefined | ((value: unknown) => void),
  rejected: (reason: unknown) => void,
) => unknown;
export const MapConstructor = Map;
export const mapSet = uncurry(Map.prototype.set) as <K, V>(self: Map<K, V>, ...entry: [K, V]) => void;
export const mapForEach = uncurry(Map.prototype.forEach) as (
  self: unknown,
  visit: (value: unknown, key: unknown) => void,
) => void;
export const setForEach = uncurry(Set.prototype.forEach) as (
  self: unknown,
  visit: (value: unknown) => void,
) => void;

function getter(prototype: object, name: string | symbol): (self: unknown) => unknown {
  return uncurry(getOwnPropertyDescriptor(prototype, name)?.get);
}

/** These throw a TypeError for anything that is not of their kind: safe brand checks. */
export const mapSize = getter(Map.prototype, "size") as (self: unknown) => number;
export const setSize = getter(Set.prototype, "size") as (self: unknown) => number;
export const regExpSource = getter(RegExp.prototype, "source") as (self: unknown) => string;
export const regExpFlags = getter(RegExp.prototype, "flags") as (self: unknown) => string;
export const arrayBufferLength = getter(ArrayBuffer.prototype, "byteLength") as (
  self: unknown,
) => number;
const TypedArrayPrototype = getPrototypeOf(Uint8Array.prototype) as object;
/** undefined for anything but a typed array, whatever its prototype says. */
export const typedArrayName = getter(TypedArrayPrototype, Symbol.toStringTag) as (
  self: unknown,
) => string | undefined;
export const typedArrayLength = getter(TypedArrayPrototype, "length") as (self: unknown) => number;
const viewBuffer = getter(TypedArrayPrototype, "buffer") as (self: unknown) => ArrayBuffer;
const viewStart = getter(TypedArrayPrototype, "byteOffset") as (self: unknown) => number;
const viewLength = getter(TypedArrayPrototype, "byteLength") as (self: unknown) => number;
/** Where the bytes of a typed array lie. */
export function viewOf(array: object): { buffer: ArrayBuffer; start: number; length: number } {
  return { buffer: viewBuffer(array), start: viewStart(array), length: viewLength(array) };
}

/** Gives a class its base's methods as its own, and nothing else to inherit from. */
function harden(collection: Function, base: Function): void {
  const names = ownKeys(base.prototype);
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string;
    defineProperty(collection.prototype, name, getOwnPropertyDescriptor(base.prototype, name)!);
  }
  Object.setPrototypeOf(collection.prototype, null);
  Object.freeze(collection.prototype);
}

/** A Map whose methods no script can replace. Make it empty: an iterable would be iterated. */
export class SafeMap<K, V> extends Map<K, V> {}
harden(SafeMap, Map);

/** A Set whose methods no script can replace. Make it empty: an iterable would be iterated. */
export class SafeSet<T> extends Set<T> {}
harden(SafeSet, Set);

/** The same for a WeakSet. */
export class SafeWeakSet<T extends WeakKey> extends WeakSet<T> {}
harden(SafeWeakSet, WeakSet);

/** Sets an own, ordinary property without asking the prototypes for a setter. */
export function define(target: object, name: PropertyKey, value: unknown, enumerable = true): void {
  defineProperty(target, name, {
    __proto__: null,
    value,
    enumerable,
    writable: true,
    configurable: true,
  } as PropertyDescriptor);
}

/** Sets an own property that is computed whenever it is read. */
export function defineGetter(target: object, name: PropertyKey, get: () => unknown): void {
  defineProperty(target, name, {
    __proto__: null,
    get,
    enumerable: true,
    configurable: true,
  } as PropertyDescriptor);
}

/** `push` that no setter on a prototype can intercept. */
export function append<T>(list: T[], value: T): void {
  define(list, list.length, value);
}

export function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}
