/** The family of secrets: random numbers, digests, signatures. */

import { core } from "../core";
import { Crypto, crypto } from "./crypto";
import { CryptoKey } from "./key";
import { SubtleCrypto } from "./subtle";

core.showAs(CryptoKey, ({ type, extractable, algorithm, usages }) => ({
  ...{ type, extractable, algorithm, usages },
}));

export default { crypto, Crypto, CryptoKey, SubtleCrypto };
