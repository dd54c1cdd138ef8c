/** `FormData`: the fields of a form, texts and files. */

import { requireArguments, usvString } from "../text";
import { Blob, blobOf, bytesOfBlob, File } from "./blob";

export type FormDataValue = string | File;

export class FormData {
  #entries: [string, FormDataValue][] = [];

  constructor(form?: undefined) {
    if (form !== undefined) {
      throw new TypeError("FormData: there are no form elements to take it from");
    }
  }

  append(name: string, value: string | Blob, filename?: string): void {
    requireArguments("append", arguments.length, 2);
    this.#entries.push(entry("append", name, value, filename));
  }

  delete(name: string): void {
    requireArguments("delete", arguments.length, 1);
    const unwanted = usvString(name);
    this.#entries = this.#entries.filter(([known]) => known !== unwanted);
  }

  /** The first value of the name; null when there is none. */
  get(name: string): FormDataValue | null {
    requireArguments("get", arguments.length, 1);
    const wanted = usvString(name);
    return this.#entries.find(([known]) => known === wanted)?.[1] ?? null;
  }

  getAll(name: string): FormDataValue[] {
    requireArguments("getAll", arguments.length, 1);
    const wanted = usvString(name);
    return this.#entries.filter(([known]) => known === wanted).map(([, value]) => value);
  }

  has(name: string): boolean {
    return this.get(name) !== null;
  }

  /** The name has this value, and no other. */
  set(name: string, value: string | Blob, filename?: string): void {
    requireArguments("set", arguments.length, 2);
    const made = entry("set", name, value, filename);
    const first = this.#entries.findIndex(([known]) => known === made[0]);
    if (first < 0) {
      this.#entries.push(made);
    } else {
      this.#entries[first] = made;
      this.#entries = this.#entries.filter(
        ([known], index) => index <= first || known !== made[0],
      );
    }
  }

  forEach(
    callback: (value: FormDataValue, name: string, form: FormData) => void,
    thisValue?: unknown,
  ): void {
    requireArguments("forEach", arguments.length, 1);
    if (typeof callback !== "function") {
      throw new TypeError("forEach: expected a function");
    }
    for (const [name, value] of this) {
      callback.call(thisValue, value, name, this);
    }
  }

  *entries(): IterableIterator<[string, FormDataValue]> {
    for (let i = 0; i < this.#entries.length; i++) {
      const [name, value] = this.#entries[i]!;
      yield [name, value];
    }
  }

  *keys(): IterableIterator<string> {
    for (let i = 0; i < this.#entries.length; i++) {
      yield this.#entries[i]![0];
    }
  }

  *values(): IterableIterator<FormDataValue> {
    for (let i = 0; i < this.#entries.length; i++) {
      yield this.#entries[i]![1];
    }
  }

  [Symbol.iterator](): IterableIterator<[string, FormDataValue]> {
    return this.entries();
  }
}

function entry(
  method: string,
  name: string,
  value: string | Blob,
  filename: string | undefined,
): [string, FormDataValue] {
  if (!(value instanceof Blob)) {
    if (filename !== undefined) {
      throw new TypeError(`${method}: a file name needs a Blob, not a text`);
    }
    return [usvString(name), usvString(value)];
  }
  if (value instanceof File && filename === undefined) {
    return [usvString(name), value];
  }
  const bytes = blobOf(bytesOfBlob(value), value.type);
  const file = new File([bytes], filename ?? "blob", {
    type: value.type,
    ...(value instanceof File ? { lastModified: value.lastModified } : {}),
  });
  return [usvString(name), file];
}
