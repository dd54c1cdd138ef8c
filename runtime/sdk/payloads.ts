/**
 * Discord's events as scripts see them: its raw `d` in, `ctx.msg` out.
 *
 * Names, types and nulls are the original's (its payloads were camelCase, every id a string,
 * what is missing null). It knows no handlers; but for the guild's own id all of it is read from
 * Discord's object.
 */

import type { EventEmoji, EventMember, EventMessage, EventUser } from "./event_types";
import { guildId } from "./guild";
import { define, toNumber } from "./intrinsics";
import { camelCased } from "./names";
import { PayloadKind, tieRaw } from "./payload_kind";

type Raw = any; // Discord's JSON; what is missing reads as undefined

const userKind = new PayloadKind();
const memberKind = new PayloadKind();
const messageKind = new PayloadKind();
const updateKind = new PayloadKind();
const deletionKind = new PayloadKind();
const bulkDeletionKind = new PayloadKind();
const reactionKind = new PayloadKind();
const reactionsKind = new PayloadKind();
const readyKind = new PayloadKind();
// Their id and token have names of their own: `edit` must not take an interaction for a message.
const interactionKind = new PayloadKind(["id", "token"]);

export function ready(raw: Raw): object {
  // A script knows of no guild but its own; the original's list was always empty.
  const guildIds = guildId === null ? [] : [guildId];
  const payload = { __proto__: readyKind.prototype, user: user(raw.user), guildIds };
  return readyKind.tie(payload, raw);
}

export function message(raw: Raw): EventMessage {
  const author = user(raw.author);
  const payload = {
    __proto__: messageKind.prototype,
    id: raw.id,
    channelId: raw.channel_id,
    guildId: raw.guild_id ?? null,
    content: raw.content ?? "",
    author,
    member: raw.member ? member(raw.member, author) : null,
  };
  return messageKind.tie(payload, raw) as EventMessage;
}

export function messageUpdate(raw: Raw): object {
  // Discord sends the whole message; until 2025 it sent only what had changed.
  const isWhole = raw.author && raw.content !== undefined;
  const payload = {
    __proto__: updateKind.prototype,
    id: raw.id,
    channelId: raw.channel_id,
    guildId: raw.guild_id ?? null,
    content: raw.content ?? null,
    author: raw.author ? user(raw.author) : null,
    editedTimestamp: raw.edited_timestamp ?? null,
    old: null,
    new: isWhole ? message(raw) : null,
  };
  return updateKind.tie(payload, raw);
}

export function messageDelete(raw: Raw): object {
  const payload = {
    __proto__: deletionKind.prototype,
    id: raw.id,
    channelId: raw.channel_id,
    guildId: raw.guild_id ?? null,
  };
  return deletionKind.tie(payload, raw);
}

export function messageDeleteBulk(raw: Raw): object {
  const payload = {
    __proto__: bulkDeletionKind.prototype,
    ids: raw.ids ?? [],
    channelId: raw.channel_id,
    guildId: raw.guild_id ?? null,
  };
  return bulkDeletionKind.tie(payload, raw);
}

export function reaction(raw: Raw): object {
  const payload = {
    __proto__: reactionKind.prototype,
    userId: raw.user_id ?? null,
    channelId: raw.channel_id,
    messageId: raw.message_id,
    guildId: raw.guild_id ?? null,
    emoji: emoji(raw.emoji ?? {}),
    burst: raw.burst ?? false,
  };
  return reactionKind.tie(payload, raw);
}

export function reactionRemoveAll(raw: Raw): object {
  const payload = {
    __proto__: reactionsKind.prototype,
    messageId: raw.message_id,
    channelId: raw.channel_id,
    guildId: raw.guild_id ?? null,
  };
  return reactionsKind.tie(payload, raw);
}

export function commandInteraction(raw: Raw): object {
  const data = raw.data ?? {};
  return interaction(raw, {
    commandName: data.name,
    data: {
      ...data,
      resolved: data.resolved ?? {},
      options: data.options ?? [],
      guild_id: data.guild_id ?? null,
      target_id: data.target_id ?? null,
    },
  });
}

export function componentInteraction(raw: Raw): object {
  const data = raw.data ?? {};
  return interaction(raw, {
    messageId: raw.message?.id ?? null,
    data: { ...data, values: data.values ?? null, resolved: data.resolved ?? {} },
  });
}

export function modalSubmit(raw: Raw): object {
  return interaction(raw, { messageId: raw.message?.id ?? null, data: raw.data ?? {} });
}

/** An event that the original did not have: all of Discord's fields by their camelCase names. */
export function byRule(raw: Raw): object {
  const payload = camelCased(raw) as Record<string, unknown>;
  if (payload.guildId === undefined) {
    define(payload, "guildId", guildId); // the guild's own events call it id
  }
  return tieRaw(payload, raw);
}

function interaction(raw: Raw, particular: object): object {
  const invoker = user(raw.member?.user ?? raw.user);
  const payload = {
    __proto__: interactionKind.prototype,
    interactionId: raw.id,
    interactionToken: raw.token,
    applicationId: raw.application_id,
    guildId: raw.guild_id ?? null,
    channelId: raw.channel_id ?? raw.channel?.id ?? null,
    user: invoker,
    member: raw.member ? member(raw.member, invoker) : null,
    locale: raw.locale ?? null,
    guildLocale: raw.guild_locale ?? null,
    ...particular,
  };
  return interactionKind.tie(payload, raw);
}

function user(raw: Raw): EventUser {
  const payload = {
    __proto__: userKind.prototype,
    id: raw.id,
    username: raw.username,
    // "0" stands for the new kind of name.
    discriminator: toNumber(raw.discriminator ?? 0) || null,
    bot: raw.bot ?? false,
  };
  return userKind.tie(payload, raw) as EventUser;
}

function member(raw: Raw, itsUser: EventUser): EventMember {
  const payload = {
    __proto__: memberKind.prototype,
    user: itsUser,
    nick: raw.nick ?? null,
    avatar: raw.avatar ?? null,
    roles: raw.roles ?? [],
    joinedAt: raw.joined_at ?? null,
    premiumSince: raw.premium_since ?? null,
    deaf: raw.deaf ?? false,
    mute: raw.mute ?? false,
    flags: raw.flags ?? 0,
    pending: raw.pending ?? false,
    permissions: raw.permissions ?? null,
    communicationDisabledUntil: raw.communication_disabled_until ?? null,
  };
  return memberKind.tie(payload, raw) as EventMember;
}

function emoji(raw: Raw): EventEmoji {
  const name = raw.name ?? null;
  return raw.id ? { id: raw.id, name, animated: raw.animated ?? false } : { name };
}
