/** `performance`: time since the isolate started, in milliseconds. */

import { core } from "../core";

export class Performance {
  #last = 0;

  /** When the isolate started, in milliseconds since 1970. */
  get timeOrigin(): number {
    return core.startedAt;
  }

  /** Milliseconds since then, whole ones; it never goes back. */
  now(): number {
    this.#last = Math.max(this.#last, core.now() - core.startedAt);
    return this.#last;
  }

  toJSON(): { timeOrigin: number } {
    return { timeOrigin: this.timeOrigin };
  }
}

export const performance = new Performance();
