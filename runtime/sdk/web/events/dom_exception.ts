/** `DOMException`: the web platform's errors, told apart by their name. */

import { dictionary } from "../text";

// In the order of their codes; what is empty here, the standard has given up.
const NAMES = [
  ..."IndexSizeError,,HierarchyRequestError,WrongDocumentError,InvalidCharacterError,".split(","),
  ..."NoModificationAllowedError,NotFoundError,NotSupportedError,InUseAttributeError".split(","),
  ..."InvalidStateError,SyntaxError,InvalidModificationError,NamespaceError".split(","),
  ..."InvalidAccessError,,TypeMismatchError,SecurityError,NetworkError,AbortError".split(","),
  ..."URLMismatchError,QuotaExceededError,TimeoutError,InvalidNodeTypeError".split(","),
  "DataCloneError",
];

// V8's own; TypeScript has it among the types of Node.
const { captureStackTrace } = Error as unknown as {
  captureStackTrace(error: Error, from: Function): void;
};

export class DOMException extends Error {
  #name = "Error";

  /** The second argument is the error's name, or {name, cause}. */
  constructor(message: string = "", options: string | { name?: string; cause?: unknown } = "Error") {
    super(`${message}`);
    if (typeof options === "object" || typeof options === "function") {
      const given = dictionary("DOMException", options);
      this.#name = given.name === undefined ? "Error" : `${given.name}`;
      if ("cause" in given) {
        Object.defineProperty(this, "cause", {
          value: given.cause,
          writable: true,
          configurable: true,
        });
      }
    } else {
      this.#name = `${options}`;
    }
    captureStackTrace(this, new.target); // again, so that it begins with the name
  }

  override get name(): string {
    return #name in this ? this.#name : "Error";
  }

  /** The number that errors of this name once had, 0 for newer names. */
  get code(): number {
    return this.#name === "" ? 0 : NAMES.indexOf(this.#name) + 1;
  }
}
