/** What a test gets of an event: the calls that it has caused, by kind. */

import type { OpCall } from "./calls";

export interface DispatchResult {
  /** All that was asked for in the event's course, and what was printed. */
  calls: OpCall[];
  replies: OpCall[];
  edits: OpCall[];
  defers: OpCall[];
  followups: OpCall[];
  /** The arguments of each call of `console`. */
  logs: unknown[][];
  /** What the first reply says: its arguments. */
  firstReply: any;
}

const REPLIES = ["op_send_message", "op_send_interaction_response"];

export function resultOf(calls: OpCall[]): DispatchResult {
  const named = (...ops: string[]) => calls.filter(({ op }) => ops.includes(op));
  const replies = named(...REPLIES);
  return {
    calls,
    replies,
    edits: named("op_edit_message"),
    defers: named("op_defer_interaction_response"),
    followups: named("op_create_followup_message"),
    logs: named("op_log").map(({ args }) => args[0] as unknown[]),
    firstReply: replies[0]?.args[0],
  };
}

/** An error of the script's world, as the bridge tells of it. */
export function errorOf({ name, message, stack }: { name: string; message: string; stack: string }): Error {
  const error = new Error(message);
  error.name = name;
  if (stack) {
    error.stack = stack;
  }
  return error;
}
