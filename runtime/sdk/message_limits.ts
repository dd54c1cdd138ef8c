/**
 * Discord's limits on a message, so that what is too much is named before Discord is asked.
 *
 * It looks at finished bodies, in Discord's spelling. Figures of Discord's reference, seen 2026-11.
 */

import { inputError } from "./errors";
import { charCodeAt, isArray, isObject, SafeSet } from "./intrinsics";
import type { Plain, PlainObject } from "./plain";
import { quote } from "./text";

type Limits = Readonly<Record<string, number>>;

const MAX_CONTENT = 2000;
const MAX_EMBEDS = 10;
const MAX_EMBEDS_TEXT = 6000;
const MAX_STICKERS = 3;
const MAX_NONCE = 25;
const MAX_ROWS = 5;
const MAX_LAYOUT_COMPONENTS = 40;
const MAX_LAYOUT_TEXT = 4000;

const EMBED: Limits = { title: 256, description: 4096 };
const FIELD: Limits = { name: 256, value: 1024 };
const FOOTER: Limits = { text: 2048 };
const AUTHOR: Limits = { name: 256 };
const MAX_FIELDS = 25;

const COMPONENT: Limits = { custom_id: 100, placeholder: 150, label: 80, description: 1024, url: 512 };
const OPTION: Limits = { label: 100, value: 100, description: 100 };
// Least and most children by type: rows, sections, galleries.
const [ROW, SECTION, TEXT_DISPLAY, GALLERY] = [1, 9, 10, 12];
const CHILDREN: Readonly<Record<number, readonly [number, number]>> = {
  [ROW]: [1, 5],
  [SECTION]: [1, 3],
  [GALLERY]: [1, 10],
};
const MAX_OPTIONS = 25;

const MAX_QUESTION = 300;
const MAX_ANSWER = 55;
const MAX_ANSWERS = 10;
const MAX_POLL_HOURS = 768;

/** Raises INVALID_INPUT naming the field. isLayout: it has the flag IS_COMPONENTS_V2. */
export function checkMessage(body: PlainObject, isLayout: boolean): void {
  text("content", body.content, MAX_CONTENT);
  text("nonce", body.nonce, MAX_NONCE);
  most("sticker_ids", body.sticker_ids, MAX_STICKERS);
  checkEmbeds(body.embeds);
  checkPoll(body.poll);
  checkComponents(body.components, isLayout);
  if (isLayout) {
    for (const name of ["content", "embeds", "poll", "sticker_ids"]) {
      const value = body[name];
      if (isArray(value) ? value.length > 0 : value) {
        throw inputError(name, "not beside layout components: use a text display or a gallery");
      }
    }
  }
}

function checkEmbeds(embeds: Plain | undefined): void {
  let total = 0;
  most("embeds", embeds, MAX_EMBEDS);
  each(embeds, "embeds", (embed, place) => {
    total += texts(place, embed, EMBED);
    total += texts(`${place}.footer`, embed.footer, FOOTER);
    total += texts(`${place}.author`, embed.author, AUTHOR);
    most(`${place}.fields`, embed.fields, MAX_FIELDS);
    each(embed.fields, `${place}.fields`, (field, where) => {
      for (const name of ["name", "value"]) {
        if (typeof field[name] !== "string" || field[name] === "") {
          throw inputError(`${where}.${name}`, "expected text");
        }
      }
      total += texts(where, field, FIELD);
    });
  });
  if (total > MAX_EMBEDS_TEXT) {
    throw inputError("embeds", `${total} characters in all, at most ${MAX_EMBEDS_TEXT}`);
  }
}

function checkPoll(poll: Plain | undefined): void {
  if (!isObject(poll) || isArray(poll)) {
    return;
  }
  const { question, answers, duration } = poll as PlainObject;
  texts("poll.question", question, { text: MAX_QUESTION });
  if (!isArray(answers) || answers.length === 0 || answers.length > MAX_ANSWERS) {
    throw inputError("poll.answers", `expected an array of 1 to ${MAX_ANSWERS} answers`);
  }
  each(answers, "poll.answers", ({ poll_media }, place) => {
    texts(place, poll_media, { text: MAX_ANSWER });
  });
  if (duration !== undefined) {
    between("poll.duration", duration, 1, MAX_POLL_HOURS);
  }
}

function checkComponents(components: Plain | undefined, isLayout: boolean): void {
  if (!isArray(components)) {
    return;
  }
  const customIds = new SafeSet<string>();
  let count = 0;
  let displayed = 0;
  const check = (component: PlainObject, place: string): void => {
    count++;
    const { type, custom_id: customId } = component;
    texts(place, component, COMPONENT);
    if (type === TEXT_DISPLAY) {
      displayed += text(`${place}.content`, component.content, MAX_LAYOUT_TEXT);
    }
    if (typeof customId === "string") {
      if (customIds.has(customId)) {
        throw inputError(`${place}.custom_id`, `${quote(customId)} is there twice`);
      }
      customIds.add(customId);
    }
    const children = component.components ?? component.items;
    const range = CHILDREN[type as number];
    if (range && (!isArray(children) || children.length < range[0] || children.length > range[1])) {
      const found = isArray(children) ? children.length : 0;
      throw inputError(`${place}`, `${found} components, expected ${range[0]} to ${range[1]}`);
    }
    if (type === GALLERY) {
      each(children, `${place}.items`, (item, where) => texts(where, item, COMPONENT));
    } else {
      each(children, `${place}.components`, check);
    }
    if (isObject(component.accessory)) {
      check(component.accessory as PlainObject, `${place}.accessory`);
    }
    checkSelect(component, place);
  };
  each(components, "components", check);
  if (!isLayout) {
    most("components", components, MAX_ROWS);
  } else if (count > MAX_LAYOUT_COMPONENTS) {
    throw inputError("components", `${count} in all, at most ${MAX_LAYOUT_COMPONENTS}`);
  } else if (displayed > MAX_LAYOUT_TEXT) {
    throw inputError("components", `${displayed} characters in all, at most ${MAX_LAYOUT_TEXT}`);
  }
}

function checkSelect(select: PlainObject, place: string): void {
  const { options, min_values: min, max_values: max } = select;
  most(`${place}.options`, options, MAX_OPTIONS);
  each(options, `${place}.options`, (option, where) => texts(where, option, OPTION));
  if (min !== undefined) {
    between(`${place}.min_values`, min, 0, MAX_OPTIONS);
  }
  if (max !== undefined) {
    between(`${place}.max_values`, max, 1, MAX_OPTIONS);
  }
}

// --- what the checks are made of ------------------------------------------------------------------

/** Checks the texts of an object; how long those are together. */
function texts(place: string, value: Plain | undefined, limits: Limits): number {
  let total = 0;
  if (isObject(value) && !isArray(value)) {
    for (const name in limits) {
      total += text(`${place}.${name}`, (value as PlainObject)[name], limits[name] as number);
    }
  }
  return total;
}

/** How many characters a text has; 0 for what is none. */
function text(field: string, value: Plain | undefined, longest: number): number {
  if (typeof value !== "string") {
    return 0;
  }
  const length = characters(value);
  if (length > longest) {
    throw inputError(field, `${length} characters, at most ${longest}`);
  }
  return length;
}

/** Discord counts code points. */
function characters(value: string): number {
  let count = value.length;
  for (let i = 0; i + 1 < value.length; i++) {
    const next = charCodeAt(value, i + 1);
    if (next >= 0xdc00 && next < 0xe000 && charCodeAt(value, i) >> 10 === 0x36) {
      count--;
    }
  }
  return count;
}

function most(field: string, value: Plain | undefined, limit: number): void {
  if (isArray(value) && value.length > limit) {
    throw inputError(field, `${value.length} given, at most ${limit}`);
  }
}

function between(field: string, value: Plain, least: number, greatest: number): void {
  if (typeof value !== "number" || !(value >= least && value <= greatest)) {
    throw inputError(field, `expected a number from ${least} to ${greatest}`);
  }
}

function each(
  list: Plain | undefined,
  place: string,
  visit: (item: PlainObject, place: string) => void,
): void {
  if (isArray(list)) {
    for (let i = 0; i < list.length; i++) {
      if (isObject(list[i]) && !isArray(list[i])) {
        visit(list[i] as PlainObject, `${place}[${i}]`);
      }
    }
  }
}
