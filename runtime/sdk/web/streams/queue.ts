/** What a stream holds back: chunks, each with a size, and how many of them it wants. */

import { dictionary } from "../text";

/** @internal */
export type SizeOf<T> = (chunk: T) => number;

export interface QueuingStrategy<T = any> {
  /** The stream asks for more as long as less than this is waiting. */
  highWaterMark?: number;
  /** What a chunk counts; 1 without it. */
  size?: (chunk: T) => number;
}

// Named as the standard names them, which only methods are here.
const { size: one } = { size: (): number => 1 };
const { size: byteLengthOf } = { size: (chunk: ArrayBufferView): number => chunk.byteLength };

/** Counts chunks. */
export class CountQueuingStrategy {
  readonly #highWaterMark: number;

  constructor(init: { highWaterMark: number }) {
    this.#highWaterMark = givenMark(init);
  }
  get highWaterMark(): number {
    return this.#highWaterMark;
  }
  get size(): (chunk?: any) => number {
    return one;
  }
}

/** Counts bytes: chunks must have a byteLength. */
export class ByteLengthQueuingStrategy {
  readonly #highWaterMark: number;

  constructor(init: { highWaterMark: number }) {
    this.#highWaterMark = givenMark(init);
  }
  get highWaterMark(): number {
    return this.#highWaterMark;
  }
  get size(): (chunk: ArrayBufferView) => number {
    return byteLengthOf;
  }
}

function givenMark(init: { highWaterMark: number }): number {
  const { highWaterMark } = dictionary("highWaterMark", init);
  if (highWaterMark === undefined) {
    throw new TypeError("expected {highWaterMark}");
  }
  return Number(highWaterMark);
}

/** @internal */
export class SizedQueue<T> {
  total = 0;
  #chunks: { value: T; size: number }[] = [];
  #first = 0;

  get isEmpty(): boolean {
    return this.#first === this.#chunks.length;
  }

  put(value: T, size: number): void {
    if (!(size >= 0) || size === Infinity) {
      throw new RangeError("the size of a chunk must be a finite number from 0 on");
    }
    this.#chunks.push({ value, size });
    this.total += size;
  }

  first(): T {
    return this.#chunks[this.#first]!.value;
  }

  take(): T {
    const { value, size } = this.#chunks[this.#first]!;
    this.#chunks[this.#first++] = undefined!;
    if (this.#first > 1024 || this.isEmpty) {
      this.#chunks = this.#chunks.slice(this.#first);
      this.#first = 0;
    }
    this.total = Math.max(0, this.total - size);
    return value;
  }

  clear(): void {
    this.#chunks = [];
    this.#first = this.total = 0;
  }
}

/** @internal */
export function highWaterMarkOf(strategy: QueuingStrategy, fallback: number): number {
  const mark = strategy.highWaterMark === undefined ? fallback : Number(strategy.highWaterMark);
  if (!(mark >= 0)) {
    throw new RangeError("highWaterMark must be a number from 0 on");
  }
  return mark;
}

/** @internal */
export function sizeOf<T>(strategy: QueuingStrategy<T>): SizeOf<T> {
  const { size } = strategy;
  if (size === undefined) {
    return one;
  }
  if (typeof size !== "function") {
    throw new TypeError("size must be a function");
  }
  return (chunk) => Number(size(chunk));
}

/** @internal A promise that is settled from outside; its rejection is nobody's fault. */
export interface Settleable<T> {
  promise: Promise<T>;
  resolve(value: T): void;
  reject(reason: unknown): void;
}

/** @internal */
export function settleable<T>(): Settleable<T> {
  const made = Promise.withResolvers<T>() as Settleable<T>;
  made.promise.catch(nothing);
  return made;
}

/** @internal */
export function rejected<T>(reason: unknown): Settleable<T> {
  const made = settleable<T>();
  made.reject(reason);
  return made;
}

/** @internal */
export function resolved<T>(value: T): Settleable<T> {
  const made = settleable<T>();
  made.resolve(value);
  return made;
}

/** @internal */
export function nothing(): void {}

/** @internal A method of what a script gives: its result as a promise, what it throws rejected. */
export function promiseCall<R>(
  owner: object,
  method: ((...values: any[]) => R | PromiseLike<R>) | undefined,
  ...values: unknown[]
): Promise<R> {
  try {
    return Promise.resolve(method?.call(owner, ...values) as R);
  } catch (error) {
    return Promise.reject(error);
  }
}

/** @internal */
export function method<F>(owner: any, name: string): F | undefined {
  const value: unknown = owner[name];
  if (value !== undefined && typeof value !== "function") {
    throw new TypeError(`${name} must be a function`);
  }
  return value as F | undefined;
}
