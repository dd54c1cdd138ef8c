/** The global scope as the SDK and its scripts see it: names that V8 does not have. */

import type { SubcommandMap } from "./command_types";

/** The id of the guild whose script this is. */
export declare var __floraGuildId: string | undefined;

/** Handles an event of the guild. A script may replace it at its top level. */
export declare var __floraDispatch: (event: string, payload: any) => Promise<void>;

/** Handlers by event. A script that looks at it is sent every event. */
export declare var __floraHandlers: Record<string, Function[]>;

export declare var __floraCreateBotState: { initialized: boolean } | undefined;
export declare var __floraSubcommands: SubcommandMap | undefined;

/** The global object, under the names that browsers and Node have for it. */
export declare var self: typeof globalThis;
export declare var global: typeof globalThis;

/** @internal */
export interface Scope {
  __floraGuildId?: string | undefined;
  __floraDispatch?: unknown;
  __floraHandlers?: unknown;
  __floraCreateBotState?: { initialized: boolean } | undefined;
  __floraSubcommands?: SubcommandMap | undefined;
  __floraMain?: unknown;
}

/** @internal */
export const scope = globalThis as Scope;
