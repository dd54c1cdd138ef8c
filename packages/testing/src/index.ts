/** @flora/testing: what a script's tests import. */

export type { OpCall } from "./calls";
export { coded, type FloraError } from "./errors";
export {
  type EventFields,
  type HarnessOptions,
  type InteractionOptions,
  type MockResponse,
  TestHarness,
} from "./harness";
export { type KvEntry, type KvKey, type KvListOptions, KvMock } from "./kv";
export type { KvSetOptions } from "./kv_rules";
export type { DispatchResult } from "./results";
export type { FetchMock, FetchRequest, FetchResponse, PendingTask } from "./services";
