/**
 * `Event`, `CustomEvent` and `EventTarget`. There is no tree of nodes: an event meets its target.
 */

import { core } from "../core";
import { dictionary, requireArguments } from "../text";
import type { AbortSignal } from "./abort";
import { DOMException } from "./dom_exception";

export interface EventInit {
  bubbles?: boolean;
  cancelable?: boolean;
  composed?: boolean;
}

export interface CustomEventInit<T = any> extends EventInit {
  detail?: T;
}

export type EventListenerOrObject =
  | ((event: any) => unknown)
  | { handleEvent(event: any): unknown };

export interface ListenerOptions {
  capture?: boolean;
  /** Called for the first event only. */
  once?: boolean;
  /** The listener does not cancel the event. */
  passive?: boolean;
  /** The listener is removed when this aborts. */
  signal?: AbortSignal;
}

/** @internal */
export interface Dispatching {
  target: EventTarget | null;
  current: EventTarget | null;
  underWay: boolean;
  stopped: boolean;
  stoppedAtOnce: boolean;
  cancelled: boolean;
  passive: boolean;
  trusted: boolean;
}

/** @internal */
export let dispatchingOf: (event: Event) => Dispatching;
let callListeners: (target: EventTarget, event: Event) => void;

export class Event {
  static readonly NONE = 0;
  static readonly CAPTURING_PHASE = 1;
  static readonly AT_TARGET = 2;
  static readonly BUBBLING_PHASE = 3;

  readonly #type: string;
  readonly #bubbles: boolean;
  readonly #cancelable: boolean;
  readonly #composed: boolean;
  readonly #timeStamp: number = core.now() - core.startedAt;
  readonly #dispatching: Dispatching = {
    ...{ target: null, current: null, underWay: false, stopped: false, stoppedAtOnce: false },
    ...{ cancelled: false, passive: false, trusted: false },
  };

  static {
    dispatchingOf = (event) => event.#dispatching;
  }

  constructor(type: string, init?: EventInit) {
    requireArguments("Event", arguments.length, 1);
    const { bubbles, cancelable, composed } = dictionary("Event", init);
    this.#type = `${type}`;
    this.#bubbles = !!bubbles;
    this.#cancelable = !!cancelable;
    this.#composed = !!composed;
  }

  get type(): string {
    return this.#type;
  }
  get target(): EventTarget | null {
    return this.#dispatching.target;
  }
  get srcElement(): EventTarget | null {
    return this.#dispatching.target;
  }
  get currentTarget(): EventTarget | null {
    return this.#dispatching.current;
  }
  get eventPhase(): number {
    return this.#dispatching.underWay ? Event.AT_TARGET : Event.NONE;
  }
  get bubbles(): boolean {
    return this.#bubbles;
  }
  get cancelable(): boolean {
    return this.#cancelable;
  }
  get composed(): boolean {
    return this.#composed;
  }
  get defaultPrevented(): boolean {
    return this.#dispatching.cancelled;
  }
  get returnValue(): boolean {
    return !this.#dispatching.cancelled;
  }
  set returnValue(value: boolean) {
    if (!value) {
      this.preventDefault();
    }
  }
  get cancelBubble(): boolean {
    return this.#dispatching.stopped;
  }
  set cancelBubble(value: boolean) {
    if (value) {
      this.stopPropagation();
    }
  }
  /** Whether the platform made it, and not the script. */
  get isTrusted(): boolean {
    return this.#dispatching.trusted;
  }
  /** When it was made, in milliseconds since the isolate started. */
  get timeStamp(): number {
    return this.#timeStamp;
  }

  composedPath(): EventTarget[] {
    return this.#dispatching.current ? [this.#dispatching.current] : [];
  }
  stopPropagation(): void {
    this.#dispatching.stopped = true;
  }
  stopImmediatePropagation(): void {
    this.#dispatching.stopped = this.#dispatching.stoppedAtOnce = true;
  }
  preventDefault(): void {
    if (this.#cancelable && !this.#dispatching.passive) {
      this.#dispatching.cancelled = true;
    }
  }
}

/** An event that carries something of the script's. */
export class CustomEvent<T = any> extends Event {
  readonly #detail: T;

  constructor(type: string, init?: CustomEventInit<T>) {
    requireArguments("CustomEvent", arguments.length, 1);
    super(type, init);
    this.#detail = (init?.detail ?? null) as T;
  }

  get detail(): T {
    return this.#detail;
  }
}

interface Listener {
  readonly type: string;
  readonly callback: EventListenerOrObject;
  readonly capture: boolean;
  readonly once: boolean;
  readonly passive: boolean;
  removed: boolean;
}

export class EventTarget {
  #listeners: Listener[] = [];

  static {
    callListeners = (target, event) => target.#call(event);
  }

  /** A listener that is there already is not added again. */
  addEventListener(
    type: string,
    callback: EventListenerOrObject | null,
    options?: boolean | ListenerOptions,
  ): void {
    requireArguments("addEventListener", arguments.length, 2);
    const { once, passive, signal } = typeof options === "object" ? dictionary("", options) : {};
    requireCallback("addEventListener", callback);
    if (signal !== undefined && !(signal instanceof core.events().AbortSignal)) {
      throw new TypeError("addEventListener: signal is no AbortSignal");
    }
    const capture = captures(options);
    if (callback === null || signal?.aborted || this.#find(`${type}`, callback, capture)) {
      return;
    }
    const listener: Listener = {
      ...{ type: `${type}`, callback, capture, once: !!once, passive: !!passive, removed: false },
    };
    this.#listeners.push(listener);
    signal?.addEventListener("abort", () => this.#remove(listener), { once: true });
  }

  removeEventListener(
    type: string,
    callback: EventListenerOrObject | null,
    options?: boolean | ListenerOptions,
  ): void {
    requireArguments("removeEventListener", arguments.length, 2);
    requireCallback("removeEventListener", callback);
    const found = callback && this.#find(`${type}`, callback, captures(options));
    if (found) {
      this.#remove(found);
    }
  }

  /** Calls the listeners at once; false when one of them prevented the default. */
  dispatchEvent(event: Event): boolean {
    if (!(event instanceof Event)) {
      throw new TypeError("dispatchEvent: expected an Event");
    }
    const state = dispatchingOf(event);
    if (state.underWay) {
      throw new DOMException("the event is being dispatched already", "InvalidStateError");
    }
    state.trusted = false;
    return dispatch(this, event);
  }

  #call(event: Event): void {
    const state = dispatchingOf(event);
    const listeners = this.#listeners.filter(({ type }) => type === event.type);
    for (const capturing of [true, false]) {
      for (const listener of listeners) {
        if (listener.removed || listener.capture !== capturing) {
          continue;
        }
        if (listener.once) {
          this.#remove(listener);
        }
        state.passive = listener.passive;
        call(listener.callback, this, event);
        state.passive = false;
        if (state.stoppedAtOnce) {
          return;
        }
      }
      if (state.stopped) {
        return;
      }
    }
  }

  #find(type: string, callback: EventListenerOrObject, capture: boolean): Listener | undefined {
    return this.#listeners.find(
      (known) => known.type === type && known.callback === callback && known.capture === capture,
    );
  }

  #remove(listener: Listener): void {
    listener.removed = true;
    this.#listeners = this.#listeners.filter((known) => known !== listener);
  }
}

/** @internal */
export function dispatch(target: EventTarget, event: Event): boolean {
  const state = dispatchingOf(event);
  state.target = state.current = target;
  state.underWay = true;
  if (!state.stopped) {
    callListeners(target, event);
  }
  state.underWay = state.stopped = state.stoppedAtOnce = false;
  state.current = null;
  return !state.cancelled;
}

function call(callback: EventListenerOrObject, target: EventTarget, event: Event): void {
  try {
    if (typeof callback === "function") {
      callback.call(target, event);
    } else {
      const { handleEvent } = callback;
      if (typeof handleEvent !== "function") {
        throw new TypeError("the listener has no function handleEvent");
      }
      handleEvent.call(callback, event);
    }
  } catch (error) {
    core.reportError(error);
  }
}

function captures(options: boolean | ListenerOptions | undefined): boolean {
  return typeof options === "object" && options !== null ? !!options.capture : !!options;
}

function requireCallback(name: string, callback: unknown): void {
  if (typeof callback !== "function" && typeof callback !== "object") {
    throw new TypeError(`${name}: expected a function or an object with handleEvent`);
  }
}
