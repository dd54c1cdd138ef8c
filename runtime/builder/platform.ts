/** What Rollup needs of a browser and a bare isolate lacks: text as UTF-8 and back. */

import { TextDecoder, TextEncoder } from "@exodus/bytes/encoding-lite.js";

Object.assign(globalThis, { TextDecoder, TextEncoder });
