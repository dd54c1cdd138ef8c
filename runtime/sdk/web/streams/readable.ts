/**
 * What a ReadableStream does: it keeps chunks for its reader and asks its source for more.
 *
 * The algorithms are the Streams standard's; scripts see readable_stream.ts, never this.
 */

import {
  highWaterMarkOf,
  method,
  nothing,
  promiseCall,
  type QueuingStrategy,
  type Settleable,
  settleable,
  rejected,
  resolved,
  type SizeOf,
  SizedQueue,
  sizeOf,
} from "./queue";

export interface UnderlyingSource<T = any> {
  /** "bytes" takes chunks of bytes only; readers that bring their own buffers are not there. */
  type?: "bytes" | undefined;
  start?(controller: any): unknown;
  pull?(controller: any): unknown;
  cancel?(reason?: any): unknown;
  /** @internal */
  _?: T;
}

/** @internal What happens when a chunk is there for somebody who asked, or when there is none. */
export interface ReadRequest<T> {
  chunk(value: T): void;
  close(): void;
  error(reason: unknown): void;
}

/** @internal The lock of a stream: whoever reads. */
export interface Lock<T> {
  closed: Settleable<undefined>;
  requests: ReadRequest<T>[];
}

/** @internal */
export class Readable<T> {
  state: "readable" | "closed" | "errored" = "readable";
  error: unknown = undefined;
  lock: Lock<T> | null = null;
  isDisturbed = false;
  closeRequested = false;
  readonly #queue = new SizedQueue<T>();
  readonly #source: UnderlyingSource<T>;
  readonly #highWaterMark: number;
  #sizeOf: SizeOf<T> | null;
  #pull: ((controller: unknown) => unknown) | undefined;
  #cancel: ((reason: unknown) => unknown) | undefined;
  #controller: unknown = null;
  #started = false;
  #pulling = false;
  #pullAgain = false;

  constructor(source: UnderlyingSource<T>, strategy: QueuingStrategy<T>, highWaterMark: number) {
    this.#source = source;
    this.#sizeOf = sizeOf(strategy);
    this.#highWaterMark = highWaterMarkOf(strategy, highWaterMark);
    this.#pull = method(source, "pull");
    this.#cancel = method(source, "cancel");
  }

  start(controller: unknown): void {
    this.#controller = controller;
    const start = method<(controller: unknown) => unknown>(this.#source, "start");
    const result = start?.call(this.#source, controller);
    Promise.resolve(result).then(
      () => {
        this.#started = true;
        this.#pullIfNeeded();
      },
      (error: unknown) => this.fail(error),
    );
  }

  get desiredSize(): number | null {
    if (this.state !== "readable") {
      return this.state === "closed" ? 0 : null;
    }
    return this.#highWaterMark - this.#queue.total;
  }

  get isOpen(): boolean {
    return this.state === "readable" && !this.closeRequested;
  }

  enqueue(chunk: T): void {
    if (this.lock && this.lock.requests.length > 0) {
      this.lock.requests.shift()!.chunk(chunk);
    } else {
      try {
        this.#queue.put(chunk, this.#sizeOf!(chunk));
      } catch (error) {
        this.fail(error);
        throw error;
      }
    }
    this.#pullIfNeeded();
  }

  /** Nothing follows; what waits can still be read. */
  close(): void {
    this.closeRequested = true;
    if (this.#queue.isEmpty) {
      this.#end();
    }
  }

  fail(reason: unknown): void {
    if (this.state !== "readable") {
      return;
    }
    this.#queue.clear();
    this.#forgetSource();
    this.state = "errored";
    this.error = reason;
    if (this.lock) {
      this.lock.closed.reject(reason);
      for (const request of this.lock.requests.splice(0)) {
        request.error(reason);
      }
    }
  }

  async cancel(reason: unknown): Promise<undefined> {
    this.isDisturbed = true;
    if (this.state === "closed") {
      return undefined;
    }
    if (this.state === "errored") {
      throw this.error;
    }
    const cancel = this.#cancel;
    this.#queue.clear();
    this.#end();
    await promiseCall(this.#source, cancel, reason);
    return undefined;
  }

  read(request: ReadRequest<T>): void {
    this.isDisturbed = true;
    if (this.state === "closed") {
      request.close();
    } else if (this.state === "errored") {
      request.error(this.error);
    } else if (this.#queue.isEmpty) {
      this.lock!.requests.push(request);
      this.#pullIfNeeded();
    } else {
      const chunk = this.#queue.take();
      if (this.closeRequested && this.#queue.isEmpty) {
        this.#end();
      } else {
        this.#pullIfNeeded();
      }
      request.chunk(chunk);
    }
  }

  acquire(): Lock<T> {
    if (this.lock) {
      throw new TypeError("the stream is locked: it has a reader already");
    }
    const closed =
      this.state === "closed"
        ? resolved(undefined)
        : this.state === "errored"
          ? rejected<undefined>(this.error)
          : settleable<undefined>();
    this.lock = { closed, requests: [] };
    return this.lock;
  }

  release(lock: Lock<T>): void {
    const reason = new TypeError("the reader was released");
    if (this.state === "readable") {
      lock.closed.reject(reason);
    } else {
      lock.closed = rejected(reason);
    }
    this.lock = null;
    for (const request of lock.requests.splice(0)) {
      request.error(reason);
    }
  }

  #end(): void {
    this.#forgetSource();
    this.state = "closed";
    if (this.lock) {
      this.lock.closed.resolve(undefined);
      for (const request of this.lock.requests.splice(0)) {
        request.close();
      }
    }
  }

  #forgetSource(): void {
    this.#pull = this.#cancel = undefined;
    this.#sizeOf = null;
  }

  #shouldPull(): boolean {
    return (
      this.isOpen &&
      this.#started &&
      ((this.lock !== null && this.lock.requests.length > 0) || this.desiredSize! > 0)
    );
  }

  #pullIfNeeded(): void {
    if (!this.#shouldPull()) {
      return;
    }
    if (this.#pulling) {
      this.#pullAgain = true;
      return;
    }
    this.#pulling = true;
    promiseCall(this.#source, this.#pull, this.#controller).then(
      () => {
        this.#pulling = false;
        if (this.#pullAgain) {
          this.#pullAgain = false;
          this.#pullIfNeeded();
        }
      },
      (error: unknown) => this.fail(error),
    );
  }
}

/** @internal A second and a third stream that give the chunks of the first, whoever reads faster. */
export function tee<T>(
  stream: Readable<T>,
  make: (source: UnderlyingSource<T>) => Readable<T>,
): [Readable<T>, Readable<T>] {
  const lock = stream.acquire();
  const reasons: unknown[] = [undefined, undefined];
  const cancelled = [false, false];
  const cancellation = settleable<undefined>();
  let reading = false;
  let readAgain = false;
  const branches: Readable<T>[] = [];

  function pull(): void {
    if (reading) {
      readAgain = true;
      return;
    }
    reading = true;
    stream.read({
      chunk: (value) => {
        // Once the reads that this one answers have been told of it.
        queueAfterReads(() => {
          readAgain = false;
          each((branch) => branch.enqueue(value));
          reading = false;
          if (readAgain) {
            pull();
          }
        });
      },
      close: () => {
        reading = false;
        each((branch) => branch.close());
        if (!cancelled[0] || !cancelled[1]) {
          cancellation.resolve(undefined);
        }
      },
      error: () => {
        reading = false;
      },
    });
  }

  function each(act: (branch: Readable<T>) => void): void {
    branches.forEach((branch, index) => {
      if (!cancelled[index]) {
        act(branch);
      }
    });
  }

  for (const index of [0, 1]) {
    branches[index] = make({
      pull,
      cancel: (reason: unknown) => {
        cancelled[index] = true;
        reasons[index] = reason;
        if (cancelled[0] && cancelled[1]) {
          stream.cancel(reasons).then(cancellation.resolve, cancellation.reject);
        }
        return cancellation.promise;
      },
    });
  }
  lock.closed.promise.catch((error: unknown) => {
    branches.forEach((branch) => branch.fail(error));
    if (!cancelled[0] || !cancelled[1]) {
      cancellation.resolve(undefined);
    }
  });
  return branches as [Readable<T>, Readable<T>];
}

function queueAfterReads(act: () => void): void {
  Promise.resolve().then(act).catch(nothing);
}
