/**
 * The move of a guild to another isolate: what its script wants to take along.
 *
 * Module variables stay behind; what the handlers of `suspend` return comes back to those of
 * `resume` in the new isolate, as JSON. Where handlers are kept is none of its business.
 */

import { claimedNotice } from "./bridge";
import { codedError } from "./errors";
import { isArray, isObject } from "./intrinsics";
import { type Plain, plainText, snapshot } from "./plain";
import { byteLength } from "./text";

const MAX_STATE_BYTES = 1 << 20;

/** Tells the host what the last handler that returned anything has returned. */
export async function suspend(handlers: unknown): Promise<void> {
  let state: Plain = null;
  await callEach(handlers, { event: "suspend" }, (result) => {
    state = snapshot("state", result);
  });
  const text = plainText(state);
  const bytes = byteLength(text);
  if (bytes > MAX_STATE_BYTES) {
    throw codedError(
      `a script may take ${MAX_STATE_BYTES} bytes along, on("suspend") gave ${bytes}`,
      "LIMIT_EXCEEDED",
    );
  }
  claimedNotice("suspended", text);
}

/** Gives a state back to the handlers. */
export async function resume(handlers: unknown, state: Plain): Promise<void> {
  await callEach(handlers, { event: "resume", state }, () => undefined);
}

async function callEach(
  handlers: unknown,
  ctx: object,
  given: (result: unknown) => void,
): Promise<void> {
  const count = isArray(handlers) ? handlers.length : 0;
  for (let i = 0; i < count; i++) {
    const returned: unknown = (handlers as Function[])[i]!(ctx);
    const result = isObject(returned) ? await returned : returned;
    if (result !== undefined) {
      given(result);
    }
  }
}
