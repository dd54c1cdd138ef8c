/** The family of texts as bytes. */

import { core } from "../core";
import { atob, base64Of, btoa, bytesFromBase64 } from "./base64";
import { TextDecoder } from "./text_decoder";
import { TextEncoder } from "./text_encoder";
import { decodeUtf8, encodeUtf8 } from "./utf8";

core.showAs(TextDecoder, ({ encoding, fatal, ignoreBOM }) => ({ encoding, fatal, ignoreBOM }));

const family = {
  ...{ TextEncoder, TextDecoder, atob, btoa },
  /** For the other families. */
  ...{ encodeUtf8, decodeUtf8, base64Of, bytesFromBase64 },
};
export type EncodingFamily = typeof family;
export default family;
