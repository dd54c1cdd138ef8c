/**
 * Discord's events as its gateway sends them, from what a test says of them.
 *
 * Tests name fields as scripts see them (`channelId`); Discord gets its own names.
 */

import { snakeCased } from "./calls";

type Json = Record<string, any>;

const FIRST_ID = 1000000000000000000n;
const SUBCOMMAND = 1;
const GROUP = 2;
const PERMISSIONS = "2248473465835073";

let lastId = FIRST_ID;

/** An id that nothing else has. */
export function nextId(): string {
  lastId += 1n;
  return String(lastId);
}

export function resetIds(): void {
  lastId = FIRST_ID;
}

export function user(partial: Json = {}): Json {
  return {
    id: nextId(),
    username: "testuser",
    global_name: null,
    discriminator: "0",
    avatar: null,
    bot: false,
    ...snakeCased(partial),
  };
}

export function member(partial: Json = {}): Json {
  return {
    roles: [],
    nick: null,
    avatar: null,
    joined_at: "2026-01-01T00:00:00.000000+00:00",
    premium_since: null,
    deaf: false,
    mute: false,
    flags: 0,
    pending: false,
    communication_disabled_until: null,
    ...snakeCased(partial),
  };
}

export function message(partial: Json, guildId: string): Json {
  const { author, member: given, ...rest } = partial;
  return {
    id: nextId(),
    type: 0,
    channel_id: nextId(),
    guild_id: guildId,
    content: "",
    author: user(author),
    ...(given !== null && { member: member(given) }),
    timestamp: new Date().toISOString(),
    edited_timestamp: null,
    tts: false,
    pinned: false,
    mention_everyone: false,
    mentions: [],
    mention_roles: [],
    attachments: [],
    embeds: [],
    components: [],
    flags: 0,
    ...snakeCased(rest),
  };
}

/** `name` may name group and subcommand, too: `tag view`. */
export function command(name: string, options: Json, partial: Json, guildId: string): Json {
  const [first, ...path] = name.split(" ") as [string, ...string[]];
  let nested: Json[] = Object.entries(options).map(([option, value]) => ({
    name: option,
    type: optionType(value),
    value,
  }));
  for (let depth = path.length; depth > 0; depth--) {
    const type = depth === path.length ? SUBCOMMAND : GROUP;
    nested = [{ name: path[depth - 1], type, options: nested }];
  }
  const data = { id: nextId(), type: 1, name: first, options: nested };
  return interaction(2, data, partial, guildId);
}

/** An option that is being typed: the last one. */
export function autocomplete(name: string, options: Json, partial: Json, guildId: string): Json {
  const typed = command(name, options, partial, guildId);
  let inner = typed.data;
  while (inner.options?.[0]?.options) {
    inner = inner.options[0];
  }
  const last = inner.options?.at(-1);
  if (last) {
    last.focused = true;
  }
  return { ...typed, type: 4 };
}

export function component(customId: string, partial: Json, guildId: string): Json {
  const data = { custom_id: customId, component_type: 2 };
  const holder = message({ author: { bot: true }, member: null }, guildId);
  const { messageId, ...rest } = partial;
  return {
    ...interaction(3, data, rest, guildId),
    message: { ...holder, ...(messageId !== undefined && { id: messageId }) },
  };
}

export function modal(customId: string, fields: Json, partial: Json, guildId: string): Json {
  const components = Object.entries(fields).map(([id, value]) => ({
    type: 1,
    components: [{ type: 4, custom_id: id, value }],
  }));
  return interaction(5, { custom_id: customId, components }, partial, guildId);
}

function interaction(type: number, data: Json, partial: Json, guildId: string): Json {
  const { interactionId, interactionToken, commandName, user: given, member: who, ...rest } = partial;
  const { data: more, ...fields } = rest;
  return {
    id: interactionId ?? nextId(),
    token: interactionToken ?? `test-token-${nextId()}`,
    type,
    version: 1,
    application_id: nextId(),
    guild_id: guildId,
    channel_id: nextId(),
    member: { ...member({ permissions: PERMISSIONS, ...who }), user: user(who?.user ?? given) },
    locale: "en-US",
    guild_locale: "en-US",
    entitlements: [],
    ...snakeCased(fields),
    // A component's and a command's data are Discord's in the script, too.
    data: { ...data, ...(commandName !== undefined && { name: commandName }), ...more },
  };
}

export function reaction(partial: Json, guildId: string): Json {
  return {
    user_id: nextId(),
    channel_id: nextId(),
    message_id: nextId(),
    guild_id: guildId,
    emoji: { id: null, name: "👍" },
    burst: false,
    type: 0,
    ...snakeCased(partial),
  };
}

export function ready(partial: Json): Json {
  return { user: user({ bot: true, ...partial.user }), application: { id: nextId(), flags: 0 } };
}

function optionType(value: unknown): number {
  if (typeof value === "boolean") {
    return 5;
  }
  if (typeof value === "number") {
    return Number.isInteger(value) ? 4 : 10;
  }
  return 3;
}
