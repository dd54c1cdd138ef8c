/**
 * Which of Discord's events reach scripts, under which name and shape.
 *
 * One rule names them all: GUILD_MEMBER_ADD is guildMemberAdd, also for events that Discord will
 * have tomorrow. The original's events keep their own names and shapes.
 */

import { charCodeAt, SafeMap, slice, startsWith, toLowerCase, toUpperCase } from "./intrinsics";
import { camelName, snakeName } from "./names";
import * as payloads from "./payloads";
import type { PlainObject } from "./plain";

/** An event as scripts know it. */
export interface ScriptEvent {
  readonly name: string;
  readonly discordName: string;
  readonly payload: (raw: PlainObject) => object;
}

const byDiscordName = new SafeMap<string, ScriptEvent>();
const byInteractionType = new SafeMap<number, ScriptEvent>();
const discordNames = new SafeMap<string, string>();
// Events by the rule, as they come.
const byRule = new SafeMap<string, ScriptEvent>();
const aliases = new SafeMap<string, string>();

function add(name: string, discordName: string, payload: ScriptEvent["payload"]): ScriptEvent {
  discordNames.set(name, discordName);
  const event = { name, discordName, payload };
  byDiscordName.set(discordName, event);
  return event;
}

add("ready", "READY", payloads.ready);
add("messageCreate", "MESSAGE_CREATE", payloads.message);
add("messageUpdate", "MESSAGE_UPDATE", payloads.messageUpdate);
add("messageDelete", "MESSAGE_DELETE", payloads.messageDelete);
add("messageDeleteBulk", "MESSAGE_DELETE_BULK", payloads.messageDeleteBulk);
add("reactionAdd", "MESSAGE_REACTION_ADD", payloads.reaction);
add("reactionRemove", "MESSAGE_REACTION_REMOVE", payloads.reaction);
add("reactionRemoveEmoji", "MESSAGE_REACTION_REMOVE_EMOJI", payloads.reaction);
add("reactionRemoveAll", "MESSAGE_REACTION_REMOVE_ALL", payloads.reactionRemoveAll);
for (const kind of ["Add", "Remove", "RemoveEmoji", "RemoveAll"]) {
  aliases.set(`messageReaction${kind}`, `reaction${kind}`);
}
aliases.set("memberJoin", "guildMemberAdd");
aliases.set("memberLeave", "guildMemberRemove");
aliases.set("memberUpdate", "guildMemberUpdate");
// Of the host's own making, in the form that scripts see.
add("task", "FLORA_TASK", (raw) => raw);
add("suspend", "FLORA_SUSPEND", (raw) => raw);
add("resume", "FLORA_RESUME", (raw) => raw);
// Four events of scripts arrive under one name.
byInteractionType.set(2, add("interactionCreate", "INTERACTION_CREATE", payloads.commandInteraction));
byInteractionType.set(3, add("componentInteraction", "INTERACTION_CREATE", payloads.componentInteraction));
byInteractionType.set(4, add("autocomplete", "INTERACTION_CREATE", payloads.commandInteraction));
byInteractionType.set(5, add("modalSubmit", "INTERACTION_CREATE", payloads.modalSubmit));

/** The script's event for one of Discord's; undefined for one that scripts do not see. */
export function scriptEvent(discordName: string, raw: PlainObject): ScriptEvent | undefined {
  if (discordName === "FLORA_CRON") {
    return { name: `__cron:${raw.name}`, discordName, payload: () => raw };
  }
  return discordName === "INTERACTION_CREATE"
    ? byInteractionType.get(raw.type as number)
    : (byDiscordName.get(discordName) ?? eventByRule(discordName));
}

/** Whether the host's clock causes the event: a job's slot, or a task. */
export function isOfClock(event: string): boolean {
  return event === "task" || startsWith(event, "__cron:");
}

/** The name under which an event's handlers are kept; some have another one besides. */
export function eventName(name: string): string {
  return aliases.get(name) ?? name;
}

/** Whether Discord's events of this name come in the shape of the rule. */
export function isByRule(event: string): boolean {
  return byRule.has(event);
}

/** Discord's name of a script's event; undefined for a name that can be none of Discord's. */
export function discordNameOf(event: string): string | undefined {
  return discordNames.get(event) ?? (isCamelCase(event) ? toUpperCase(snakeName(event)) : undefined);
}

function eventByRule(discordName: string): ScriptEvent {
  const name = camelName(toLowerCase(discordName));
  let event = byRule.get(name);
  if (!event) {
    event = { name, discordName, payload: payloads.byRule };
    byRule.set(name, event);
  }
  return event;
}

function isCamelCase(name: string): boolean {
  for (let i = 0; i < name.length; i++) {
    const letter = charCodeAt(name, i) | 0x20;
    if (letter < 0x61 || letter > 0x7a) {
      return false;
    }
  }
  return name !== "" && slice(name, 0, 1) === toLowerCase(slice(name, 0, 1));
}
