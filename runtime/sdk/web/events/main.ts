/** The family of events, of what aborts, and of the errors that both give. */

import { core } from "../core";
import { AbortController, AbortSignal } from "./abort";
import { DOMException } from "./dom_exception";
import { CustomEvent, Event, EventTarget } from "./event";

core.showAs(Event, ({ type, target, defaultPrevented }) => ({ type, target, defaultPrevented }));
core.showAs(AbortSignal, ({ aborted, reason }) => (aborted ? { aborted, reason } : { aborted }));
core.showAs(AbortController, ({ signal }) => ({ signal }));

const family = {
  ...{ DOMException, Event, CustomEvent, EventTarget, AbortController, AbortSignal },
};
export type EventsFamily = typeof family;
export default family;
