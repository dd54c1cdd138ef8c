/**
 * What the SDK takes for granted in flora's V8 and older Nodes do not have.
 *
 * It can go, name by name, when the oldest supported Node has them: `Promise.withResolvers` came
 * with Node 22, `Error.isError` with Node 24, base64 of `Uint8Array` with Node 25.
 */

import { types } from "node:util";
import { Script } from "node:vm";

const missing = new Script(`(encode, decode, isError) => {
  Promise.withResolvers ??= function () {
    let resolve, reject;
    const promise = new this((...settle) => ([resolve, reject] = settle));
    return { promise, resolve, reject };
  };
  Error.isError ??= isError;
  Uint8Array.prototype.toBase64 ??= function () {
    return encode(this);
  };
  Uint8Array.fromBase64 ??= (text) => {
    const digits = text.replace(/[\\t\\n\\f\\r ]/g, "").replace(/={1,2}$/, "");
    if (!/^[A-Za-z0-9+/]*$/.test(digits) || digits.length % 4 === 1) {
      throw new SyntaxError("The string to be decoded is not correctly encoded.");
    }
    return Uint8Array.from(decode(digits));
  };
}`);

/** Gives a context what it lacks. */
export function complete(context: object): void {
  missing.runInContext(context)(
    (bytes: Uint8Array) => Buffer.from(bytes).toString("base64"),
    (digits: string) => Buffer.from(digits, "base64"),
    (value: unknown) => types.isNativeError(value),
  );
}
