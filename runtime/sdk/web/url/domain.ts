/**
 * Domain names to ASCII (UTS #46, as the URL standard asks), from V8's own knowledge of Unicode.
 *
 * The table of the reference implementation (`tr46`) would be larger than the whole SDK; what it
 * says follows from properties that regular expressions know, but for the letters named below. Of
 * the rules for joiners and right-to-left labels the coarse part is here: who resolves a name
 * checks it again. tests/sdk/test_web_url.py compares the two over all of Unicode.
 */

import { decode, encode } from "punycode/punycode.es6.js";

// What folding would change though it is a letter of its own (ß, ς), and the two joiners.
const KEPT = /[\xdf\u03c2\u200c\u200d]/;
const IGNORED =
  /[\xad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u2060-\u2064\u206a-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0100}-\u{e01ef}]/u;
const FOLDED = /\p{Changes_When_NFKC_Casefolded}/u;
// The one script that folds to its capitals.
const CHEROKEE = /[\u13f8-\u13fd\uab70-\uabbf]/;
const FULL_STOP = /[\u3002\uff0e\uff61]/;
const FORBIDDEN =
  /[\p{Cn}\p{Cc}\p{Co}\p{Cs}\p{Z}\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u200e\u200f\u202a-\u202e\u2065-\u2069\u2ff0-\u2fff\u31ef\ufff9-\ufffd\u{110bd}\u{110cd}\u{13430}-\u{1343f}\u{e0000}-\u{e0fff}]/u;
const JOINER = /[\u200c\u200d]/;
const RIGHT_TO_LEFT =
  /(?![\p{M}\p{Nd}])[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u;
const NOT_IN_RIGHT_TO_LEFT = /[A-Za-z\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}]/u;

/** The name as it is looked up, or null when there can be no such name. */
export function toASCII(domain: string): string | null {
  const labels = mapped(domain).normalize("NFC").split(".");
  const unicode = labels.map(decoded);
  const isBidi = unicode.some((label) => label !== null && RIGHT_TO_LEFT.test(label));
  const valid = unicode.every((label) => label !== null && isValid(label, isBidi));
  return valid ? (unicode as string[]).map(encoded).join(".") : null;
}

function mapped(domain: string): string {
  if (isAscii(domain)) {
    return domain.toLowerCase();
  }
  let text = "";
  for (const character of domain) {
    text += fold(character);
  }
  return text;
}

function fold(character: string): string {
  if (FULL_STOP.test(character)) {
    return ".";
  }
  if (character === "ẞ") {
    return "ß";
  }
  if (KEPT.test(character) || IGNORED.test(character)) {
    return IGNORED.test(character) ? "" : character;
  }
  if (!FOLDED.test(character)) {
    return character;
  }
  if (CHEROKEE.test(character)) {
    return character.toUpperCase();
  }
  let text = "";
  for (const part of character.normalize("NFKC")) {
    text += FOLDED.test(part) ? part.toUpperCase().toLowerCase() : part;
  }
  // A character that stands for several, with a full stop among them, is none for a name.
  return text.includes(".") || FULL_STOP.test(text) ? "\ufffd" : text.normalize("NFKC");
}

/** What a label that is written in ASCII (`xn--…`) stands for; null when that is nothing. */
function decoded(label: string): string | null {
  if (!label.startsWith("xn--")) {
    return label;
  }
  try {
    const text = decode(label.slice(4));
    return isAscii(text) ? null : text;
  } catch {
    return null;
  }
}

function encoded(label: string): string {
  return isAscii(label) ? label : `xn--${encode(label)}`;
}

function isValid(label: string, isBidi: boolean): boolean {
  if (isAscii(label)) {
    return true;
  }
  if (
    label.startsWith("xn--") ||
    label.normalize("NFC") !== label ||
    label.includes(".") ||
    /^\p{M}/u.test(label) ||
    FORBIDDEN.test(label)
  ) {
    return false;
  }
  let before = "";
  for (const character of label) {
    if (FOLDED.test(character) && !KEPT.test(character)) {
      return false;
    }
    if (JOINER.test(character) && !joins(before)) {
      return false;
    }
    before = character;
  }
  return !isBidi || !RIGHT_TO_LEFT.test(label) || !NOT_IN_RIGHT_TO_LEFT.test(label);
}

/** A joiner follows a mark that kills a vowel, or letters that have joined shapes. */
function joins(before: string): boolean {
  return /[\p{M}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Mongolian}]/u.test(before);
}

function isAscii(text: string): boolean {
  return /^[\0-\x7f]*$/.test(text);
}
