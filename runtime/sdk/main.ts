/**
 * The entry of sdk.js: installs the globals and hands the bridge to whoever evaluates it.
 *
 * build.mjs puts the bundle into a function that returns `floraBridge`.
 */

import { type Bridge, makeBridge } from "./bridge";
import { receiveEvent } from "./events";
import { installGlobals } from "./globals";
import { start } from "./load";
import { setPlaceholders } from "./secrets";
import { fireTimers } from "./timers";

declare let floraBridge: Bridge;

installGlobals();
floraBridge = makeBridge({ event: receiveEvent, timers: fireTimers, start, secrets: setPlaceholders });
