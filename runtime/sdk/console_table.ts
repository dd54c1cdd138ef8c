/**
 * `console.table`: what objects have in common as columns, a line for each of them.
 *
 * Like inspect.ts it runs nothing of what it shows.
 */

import { inspect } from "./inspect";
import {
  append,
  define,
  getOwnPropertyDescriptor,
  hasOwn,
  indexOf,
  isArray,
  isObject,
  ownKeys,
  repeat,
  SafeMap,
  slice,
} from "./intrinsics";

const MAX_ROWS = 100;
const MAX_COLUMNS = 20;
const MAX_CELL = 100;

/** The lines of a table; undefined for a value that has no entries. only: the columns wanted. */
export function table(value: unknown, only: unknown): string | undefined {
  try {
    return linesOf(value, only);
  } catch {
    return undefined; // a proxy's trap, or a column that has no text
  }
}

function linesOf(value: unknown, only: unknown): string | undefined {
  const rows = new Rows();
  const wanted: string[] = [];
  if (isArray(only)) {
    for (let i = 0; i < only.length && i < MAX_COLUMNS; i++) {
      append(wanted, `${only[i]}`);
      rows.column(wanted[i] as string);
    }
    rows.takeNoMore();
  }
  const names = isObject(value) ? shownNames(value, MAX_ROWS + 1) : [];
  for (let i = 0; i < names.length && i < MAX_ROWS; i++) {
    const name = names[i] as string;
    const item = valueOf(value as object, name);
    rows.begin(name);
    if (isObject(item) && typeof item !== "function") {
      const fields = isArray(only) ? wanted : shownNames(item, MAX_COLUMNS);
      for (let j = 0; j < fields.length; j++) {
        const field = fields[j] as string;
        if (hasOwn(item, field)) {
          rows.put(field, valueOf(item, field));
        }
      }
    } else {
      rows.put("(value)", item);
    }
  }
  return names.length === 0 ? undefined : rows.text() + (names.length > MAX_ROWS ? "\n… more" : "");
}

class Rows {
  readonly #lines: string[][] = [["(index)"]];
  readonly #columns = new SafeMap<string, number>();
  #most = MAX_COLUMNS;

  takeNoMore(): void {
    this.#most = this.#columns.size;
  }

  /** Where the column stands; undefined when there is no room for it. */
  column(name: string): number | undefined {
    if (!this.#columns.has(name) && this.#columns.size < this.#most) {
      this.#columns.set(name, this.#columns.size + 1);
      append(this.#lines[0] as string[], name);
    }
    return this.#columns.get(name);
  }

  begin(index: string): void {
    append(this.#lines, [index]);
  }

  put(name: string, value: unknown): void {
    const column = this.column(name);
    if (column !== undefined) {
      const shown = inspect(value, MAX_CELL);
      const end = indexOf(shown, "\n");
      const line = end === -1 ? shown : `${slice(shown, 0, end)}…`;
      define(this.#lines[this.#lines.length - 1] as string[], column, line);
    }
  }

  text(): string {
    const lines = this.#lines;
    const text: string[] = [];
    for (let row = 0; row < lines.length; row++) {
      append(text, "");
    }
    const columns = (lines[0] as string[]).length;
    for (let column = 0; column < columns; column++) {
      let width = 0;
      for (let row = 0; row < lines.length; row++) {
        const { length } = cell(lines[row] as string[], column);
        width = length > width ? length : width;
      }
      for (let row = 0; row < lines.length; row++) {
        const shown = cell(lines[row] as string[], column);
        const gap = column === columns - 1 ? "" : repeat(" ", width - shown.length + 2);
        text[row] += shown + gap;
      }
    }
    let all = "";
    for (let row = 0; row < text.length; row++) {
      all += `${row ? "\n" : ""}${text[row]}`;
    }
    return all;
  }
}

function cell(line: string[], column: number): string {
  return getOwnPropertyDescriptor(line, column)?.value ?? "";
}

/** The names of a value's first own enumerable properties, symbols aside. */
function shownNames(value: object, most: number): string[] {
  const names: string[] = [];
  const all = ownKeys(value);
  for (let i = 0; i < all.length && names.length < most; i++) {
    const name = all[i] as string | symbol;
    if (typeof name === "string" && getOwnPropertyDescriptor(value, name)?.enumerable) {
      append(names, name);
    }
  }
  return names;
}

/** A property's value; what a getter would say is not asked. */
function valueOf(value: object, name: string): unknown {
  return getOwnPropertyDescriptor(value, name)?.value;
}
