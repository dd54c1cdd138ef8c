/**
 * `ReadableStream`, its reader and its controller, as scripts see them.
 *
 * It is what bodies need. Streams to write to, and pipes into them, would take 10 kB more of each
 * isolate's text and are not there.
 */

import { bytesOf, dictionary } from "../text";
import { promiseCall, type QueuingStrategy } from "./queue";
import { type Lock, Readable, tee, type UnderlyingSource } from "./readable";

const HIDDEN = Symbol("made by the platform");
const AsyncIteratorPrototype: object = Object.getPrototypeOf(
  Object.getPrototypeOf(async function* () {}).prototype,
);

/** @internal */
export let readableOf: <T>(stream: ReadableStream<T>) => Readable<T>;
/** @internal */
export let streamOf: <T>(readable: Readable<T>) => ReadableStream<T>;

export type ReadResult<T> = { done: false; value: T } | { done: true; value: T | undefined };

/** What a source gives its chunks to. */
export class ReadableStreamDefaultController<T = any> {
  readonly #readable: Readable<T>;
  readonly #takesBytes: boolean = false;

  /** @internal */
  constructor(hidden: symbol, readable: Readable<T>, takesBytes: boolean) {
    if (hidden !== HIDDEN) {
      throw new TypeError("ReadableStreamDefaultController: a stream makes its own");
    }
    this.#readable = readable;
    this.#takesBytes = takesBytes;
  }

  /** How much the stream would like to have; null after an error. */
  get desiredSize(): number | null {
    return this.#readable.desiredSize;
  }

  enqueue(chunk?: T): void {
    if (!this.#readable.isOpen) {
      throw new TypeError("enqueue: the stream is closed");
    }
    if (this.#takesBytes && !(ArrayBuffer.isView(chunk) && chunk.byteLength > 0)) {
      throw new TypeError('enqueue: a stream of type "bytes" takes bytes, at least one');
    }
    this.#readable.enqueue((this.#takesBytes ? bytesOf(chunk) : chunk) as T);
  }

  close(): void {
    if (!this.#readable.isOpen) {
      throw new TypeError("close: the stream is closed already");
    }
    this.#readable.close();
  }

  error(reason?: any): void {
    this.#readable.fail(reason);
  }
}

export class ReadableStreamDefaultReader<T = any> {
  readonly #lock: Lock<T>;
  #readable: Readable<T> | null;

  constructor(stream: ReadableStream<T>) {
    requireStream("ReadableStreamDefaultReader", stream);
    this.#readable = readableOf(stream);
    this.#lock = this.#readable.acquire();
  }

  /** Fulfilled when the stream ends, rejected when it fails or the reader is released. */
  get closed(): Promise<undefined> {
    return this.#lock.closed.promise;
  }

  async cancel(reason?: any): Promise<void> {
    await this.#open("cancel").cancel(reason);
  }

  read(): Promise<ReadResult<T>> {
    let readable: Readable<T>;
    try {
      readable = this.#open("read");
    } catch (error) {
      return Promise.reject(error);
    }
    return new Promise((resolve, reject) => {
      readable.read({
        chunk: (value) => resolve({ value, done: false }),
        close: () => resolve({ value: undefined, done: true }),
        error: reject,
      });
    });
  }

  /** Others may read from here on; what is still being read is rejected. */
  releaseLock(): void {
    this.#readable?.release(this.#lock);
    this.#readable = null;
  }

  #open(name: string): Readable<T> {
    if (!this.#readable) {
      throw new TypeError(`${name}: the reader was released`);
    }
    return this.#readable;
  }
}

export class ReadableStream<T = any> {
  readonly #readable: Readable<T>;

  static {
    readableOf = (stream) => stream.#readable;
    streamOf = (readable) => new ReadableStream(HIDDEN as never, readable as never);
  }

  constructor(source?: UnderlyingSource<T>, strategy?: QueuingStrategy<T>) {
    if ((source as unknown) === HIDDEN) {
      this.#readable = strategy as unknown as Readable<T>;
      return;
    }
    if (source === null) {
      throw new TypeError("ReadableStream: expected a source, got null");
    }
    const given = dictionary("ReadableStream", source) as UnderlyingSource<T>;
    const type: unknown = given.type;
    if (type !== undefined && `${type as string}` !== "bytes") {
      throw new TypeError(`ReadableStream: a source's type is "bytes" or nothing`);
    }
    const takesBytes = type !== undefined;
    const rules = dictionary("ReadableStream", strategy);
    if (takesBytes && rules.size !== undefined) {
      throw new RangeError('ReadableStream: a stream of type "bytes" counts bytes by itself');
    }
    const counted = takesBytes ? { ...rules, size: (chunk: any) => chunk.byteLength } : rules;
    this.#readable = new Readable(given, counted as QueuingStrategy<T>, takesBytes ? 0 : 1);
    this.#readable.start(new ReadableStreamDefaultController(HIDDEN, this.#readable, takesBytes));
  }

  /** A stream of what an iterable gives, or an async one. */
  static from<T>(iterable: Iterable<T> | AsyncIterable<T>): ReadableStream<T> {
    const iterator = iteratorOf(iterable);
    const readable: Readable<T> = new Readable<T>(
      {
        async pull() {
          const result = await iterator.next();
          if (typeof result !== "object" || result === null) {
            throw new TypeError("ReadableStream.from: the iterator gave no object");
          }
          if (result.done) {
            readable.close();
          } else {
            readable.enqueue((await result.value) as T);
          }
        },
        async cancel(reason: unknown) {
          const leave = iterator.return as ((reason: unknown) => unknown) | undefined;
          const result = await promiseCall(iterator, leave, reason);
          if (leave && (typeof result !== "object" || result === null)) {
            throw new TypeError("ReadableStream.from: the iterator gave no object");
          }
        },
      },
      {},
      0,
    );
    readable.start(undefined);
    return streamOf(readable);
  }

  /** Whether somebody reads it. */
  get locked(): boolean {
    return this.#readable.lock !== null;
  }

  /** Nobody wants what follows: the source is told so. */
  async cancel(reason?: any): Promise<void> {
    if (this.locked) {
      throw new TypeError("cancel: the stream is locked, its reader may cancel it");
    }
    await this.#readable.cancel(reason);
  }

  getReader(options?: { mode?: undefined }): ReadableStreamDefaultReader<T> {
    if (dictionary<{ mode?: unknown }>("getReader", options).mode !== undefined) {
      throw new TypeError("getReader: readers that bring their own buffers are not there");
    }
    return new ReadableStreamDefaultReader(this);
  }

  /** Two streams with the same chunks. */
  tee(): [ReadableStream<T>, ReadableStream<T>] {
    const [one, other] = tee(this.#readable, (source) => {
      const readable = new Readable(source, {}, 1);
      readable.start(undefined);
      return readable;
    });
    return [streamOf(one), streamOf(other)];
  }

  /** preventCancel: leaving the loop early leaves the stream as it is. */
  values(options?: { preventCancel?: boolean }): AsyncIterableIterator<T> {
    const { preventCancel } = dictionary("values", options);
    const reader = this.getReader();
    let isOver = false;
    let last: Promise<unknown> | null = null;

    async function next(): Promise<IteratorResult<T>> {
      if (isOver) {
        return { value: undefined, done: true };
      }
      try {
        const result = await reader.read();
        if (result.done) {
          isOver = true;
          reader.releaseLock();
        }
        return result as IteratorResult<T>;
      } catch (error) {
        isOver = true;
        reader.releaseLock();
        throw error;
      }
    }

    async function leave(value: unknown): Promise<IteratorResult<T>> {
      if (!isOver) {
        isOver = true;
        const cancelled = preventCancel ? undefined : reader.cancel(value);
        reader.releaseLock();
        await cancelled;
      }
      return { value: value as T, done: true };
    }

    /** One after the other; at once when none is under way. */
    function inTurn<R>(act: () => Promise<R>): Promise<R> {
      const result = last ? last.then(act, act) : act();
      last = result;
      const over = () => {
        last = last === result ? null : last;
      };
      result.then(over, over);
      return result;
    }

    return {
      __proto__: AsyncIteratorPrototype,
      next: () => inTurn(next),
      return: (value?: any) => inTurn(() => leave(value)),
    } as unknown as AsyncIterableIterator<T>;
  }

  [Symbol.asyncIterator](options?: { preventCancel?: boolean }): AsyncIterableIterator<T> {
    return this.values(options);
  }
}

function iteratorOf<T>(iterable: any): AsyncIterator<T> {
  const make: unknown = iterable[Symbol.asyncIterator] ?? iterable[Symbol.iterator];
  if (typeof make !== "function") {
    throw new TypeError("ReadableStream.from: expected an iterable");
  }
  return make.call(iterable) as AsyncIterator<T>;
}

function requireStream(name: string, stream: unknown): void {
  if (!(stream instanceof ReadableStream)) {
    throw new TypeError(`${name}: expected a ReadableStream`);
  }
}
