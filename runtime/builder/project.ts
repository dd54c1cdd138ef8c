/** The files of one build: a map from path to text. Nothing outside it can be read. */

import { Problem } from "./problem";

export class Project {
  readonly #files: Map<string, string>;

  constructor(files: Iterable<readonly [path: string, contents: string]>) {
    this.#files = new Map(files);
  }

  has(path: string): boolean {
    return this.#files.has(path);
  }

  text(path: string): string {
    const text = this.#files.get(path);
    if (text === undefined) {
      throw new Problem(`the project has no file ${path}`);
    }
    return text;
  }

  paths(): string[] {
    return [...this.#files.keys()];
  }
}
