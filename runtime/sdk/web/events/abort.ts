/** `AbortController` and `AbortSignal`: how what waits is told that nobody wants it any more. */

import { core } from "../core";
import { requireArguments } from "../text";
import { DOMException } from "./dom_exception";
import { dispatch, dispatchingOf, Event, EventTarget } from "./event";

const ILLEGAL = "AbortSignal: use new AbortController(), AbortSignal.timeout() or AbortSignal.any()";
const LONGEST = Number.MAX_SAFE_INTEGER;

let mayConstruct = false;
let make: () => AbortSignal;
let abort: (signal: AbortSignal, reason: unknown) => void;

export class AbortSignal extends EventTarget {
  #aborted = false;
  #reason: unknown = undefined;
  #onabort: ((event: any) => unknown) | null = null;
  #listensToOnabort = false;
  // Signals made by any() of this one; they are let go when one of them aborts or this one does.
  readonly #dependent = new Set<AbortSignal>();
  readonly #sources = new Set<AbortSignal>();

  static {
    make = () => {
      mayConstruct = true;
      try {
        return new AbortSignal();
      } finally {
        mayConstruct = false;
      }
    };
    abort = (signal, reason) => {
      if (signal.#aborted) {
        return;
      }
      const all = [signal, ...signal.#dependent].filter((each) => !each.#aborted);
      for (const each of all) {
        each.#aborted = true;
        each.#reason = reason;
        for (const source of each.#sources) {
          source.#dependent.delete(each);
        }
        each.#sources.clear();
      }
      for (const each of all) {
        const event = new Event("abort");
        dispatchingOf(event).trusted = true;
        dispatch(each, event);
      }
    };
  }

  /** Not for scripts: signals come from a controller or from the functions of this class. */
  private constructor() {
    if (!mayConstruct) {
      throw new TypeError(ILLEGAL);
    }
    super();
  }

  /** A signal that is aborted already. */
  static abort(reason?: unknown): AbortSignal {
    const signal = make();
    abort(signal, reasonOr(reason));
    return signal;
  }

  /** A signal that aborts after so many milliseconds, with a TimeoutError as its reason. */
  static timeout(milliseconds: number): AbortSignal {
    requireArguments("AbortSignal.timeout", arguments.length, 1);
    const delay = Math.trunc(Number(milliseconds));
    if (!(delay >= 0 && delay <= LONGEST)) {
      throw new TypeError("AbortSignal.timeout: expected a number of milliseconds from 0 on");
    }
    const signal = make();
    core.setTimeout(() => {
      abort(signal, new DOMException("The operation timed out", "TimeoutError"));
    }, delay);
    return signal;
  }

  /** A signal that aborts as soon as one of these does, for the same reason. */
  static any(signals: Iterable<AbortSignal>): AbortSignal {
    requireArguments("AbortSignal.any", arguments.length, 1);
    const sources = [...signals];
    if (!sources.every((source) => isSignal(source))) {
      throw new TypeError("AbortSignal.any: expected AbortSignals");
    }
    const signal = make();
    const aborted = sources.find((source) => source.#aborted);
    if (aborted) {
      abort(signal, aborted.#reason);
      return signal;
    }
    for (const source of sources) {
      for (const root of source.#sources.size > 0 ? source.#sources : [source]) {
        root.#dependent.add(signal);
        signal.#sources.add(root);
      }
    }
    return signal;
  }

  get aborted(): boolean {
    return this.#aborted;
  }

  /** Why it was aborted; undefined before. */
  get reason(): any {
    return this.#reason;
  }

  get onabort(): ((event: any) => unknown) | null {
    return this.#onabort;
  }

  set onabort(callback: ((event: any) => unknown) | null) {
    this.#onabort = typeof callback === "function" ? callback : null;
    if (!this.#listensToOnabort) {
      this.#listensToOnabort = true;
      this.addEventListener("abort", (event) => this.#onabort?.call(this, event));
    }
  }

  /** Throws the reason if it was aborted. */
  throwIfAborted(): void {
    if (this.#aborted) {
      throw this.#reason;
    }
  }
}

function isSignal(value: unknown): value is AbortSignal {
  return value instanceof AbortSignal;
}

function reasonOr(reason: unknown): unknown {
  return reason === undefined
    ? new DOMException("The operation was aborted", "AbortError")
    : reason;
}

export class AbortController {
  readonly #signal = make();

  get signal(): AbortSignal {
    return this.#signal;
  }

  /** Aborts the signal; without a reason with an AbortError. */
  abort(reason?: unknown): void {
    abort(this.#signal, reasonOr(reason));
  }
}
