/**
 * The start of an isolate and of its script.
 *
 * `__floraMain` exists from the start until its first call: the host wraps the script in it, so
 * that top-level `await` works and the end of the top-level code is known.
 */

import { limitOperations, notice, type StartSettings } from "./bridge";
import { allRegistered } from "./cron";
import { errorText } from "./errors";
import { adoptDispatch } from "./events";
import { setGuild } from "./guild";
import { define } from "./intrinsics";
import { seed } from "./random";
import { scope } from "./scope";
import { setPlaceholders } from "./secrets";

// Shared memory and wasm live outside the heap limit; the timers of mini-racer are broken
// (setTimeout(f, 0) throws, 0.14.1) and replaced.
const FORBIDDEN = ["WebAssembly", "SharedArrayBuffer", "Atomics", "__timer_manager"];

export function start(settings: StartSettings): void {
  for (let i = 0; i < FORBIDDEN.length; i++) {
    const name = FORBIDDEN[i] as string;
    if (!Reflect.deleteProperty(globalThis, name)) {
      Reflect.set(globalThis, name, undefined); // a `var`: its value goes, its name stays
    }
  }
  setGuild(settings.guild);
  setPlaceholders(settings.secrets);
  limitOperations(settings.operations ?? 0);
  if (settings.seed !== undefined) {
    seed(settings.seed);
  }
  define(globalThis, "__floraGuildId", settings.guild ?? undefined);
  define(globalThis, "__floraMain", (main: () => Promise<unknown>): void => {
    delete scope.__floraMain;
    void load(main);
  });
}

async function load(main: () => Promise<unknown>): Promise<void> {
  try {
    await main();
    await allRegistered();
    adoptDispatch(scope.__floraDispatch);
  } catch (error) {
    notice("load_failed", errorText(error));
    return;
  }
  notice("loaded", "null");
}
