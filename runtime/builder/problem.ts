/** Why sources do not build: one sentence and the place. It knows nothing of any tool. */

export interface Place {
  file: string | null;
  /** Both count from 1. */
  line: number | null;
  column: number | null;
}

export const NOWHERE: Place = { file: null, line: null, column: null };

export class Problem extends Error implements Place {
  // Rollup writes into the errors that it passes on: `message` may change, these do not.
  readonly sentence: string;
  readonly file: string | null;
  readonly line: number | null;
  readonly column: number | null;

  constructor(sentence: string, place: Place = NOWHERE) {
    super(sentence);
    this.sentence = sentence;
    this.file = place.file;
    this.line = place.line;
    this.column = place.column;
  }
}

const LINE_BREAK = /\r\n|[\n\r\u2028\u2029]/g;

/** The place of an offset into a file's text. */
export function placeAt(
  file: string,
  text: string,
  offset: number,
): Place & { line: number; column: number } {
  let line = 1;
  let start = 0;
  for (const { index, 0: characters } of text.slice(0, offset).matchAll(LINE_BREAK)) {
    line += 1;
    start = index + characters.length;
  }
  return { file, line, column: offset - start + 1 };
}
