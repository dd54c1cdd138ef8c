/**
 * `tasks`: calls of the event `task` at a time of one's choice, kept by the host until then.
 *
 * It reads times in the forms that scripts have them in; whether a time has passed is the host's
 * to judge.
 */

import { operation } from "./bridge";
import type { BaseContext } from "./context";
import { inputError } from "./errors";
import type { JsonValue } from "./event_types";
import { dateTime, isFiniteNumber, now, parseDate, toNumber } from "./intrinsics";
import { snapshot, snapshotOptions } from "./plain";

export interface PendingTask {
  key: string;
  /** When it is due, RFC 3339. */
  scheduledAt: string;
}

export interface EventTask extends PendingTask {
  /** What was given to `tasks.schedule`; null when nothing was. */
  data: any;
}

export type TaskContext = BaseContext<EventTask> & EventTask;

/** A date, milliseconds since 1970, an ISO 8601 text, or so many milliseconds from now. */
export type TaskTime = Date | number | string | { in: number };

export const tasks = {
  /**
   * Calls the handlers of `on("task", …)` once, at that time, also after a restart or a deploy.
   * A pending task with the same key is replaced.
   *
   * @example await tasks.schedule("remind:42", { in: 60_000 }, { text: "tea" })
   */
  async schedule(key: string, when: TaskTime, data?: JsonValue): Promise<PendingTask> {
    return operation("tasks.schedule", () => ({
      key: text(key),
      at: milliseconds(when),
      data: snapshot("data", data),
    }));
  },

  /** Takes a task back; false when there is none with this key, or it has started already. */
  async cancel(key: string): Promise<boolean> {
    return operation("tasks.cancel", () => ({ key: text(key) }));
  },

  /** A pending task with its data, undefined when there is none with this key. */
  async get(key: string): Promise<EventTask | undefined> {
    return operation("tasks.get", () => ({ key: text(key) }));
  },

  /** All pending tasks without their data, the next first. */
  async list(): Promise<PendingTask[]> {
    return operation("tasks.list", () => ({}));
  },
};

function text(key: unknown): string {
  if (typeof key !== "string" || key === "") {
    throw inputError("key", "expected a non-empty text");
  }
  return key;
}

function milliseconds(when: unknown): number {
  let at: unknown = when;
  if (typeof when === "string") {
    at = parseDate(when);
  } else if (typeof when === "bigint") {
    at = toNumber(when);
  } else if (typeof when === "object" && when !== null) {
    at = timeOf(when) ?? now() + toNumber(snapshotOptions("when", when).in);
  }
  if (!isFiniteNumber(at)) {
    throw inputError("when", "expected a Date, milliseconds, an ISO 8601 text or {in: milliseconds}");
  }
  return at as number;
}

/** undefined for anything but a Date. */
function timeOf(value: object): number | undefined {
  try {
    return dateTime(value);
  } catch {
    return undefined;
  }
}
