/** Which of Discord's events reach scripts, under which name and shape. */

import { SafeMap } from "./intrinsics";
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
// Three events of scripts arrive under one name; pings and autocompletion are no event yet.
byInteractionType.set(2, add("interactionCreate", "INTERACTION_CREATE", payloads.commandInteraction));
byInteractionType.set(3, add("componentInteraction", "INTERACTION_CREATE", payloads.componentInteraction));
byInteractionType.set(5, add("modalSubmit", "INTERACTION_CREATE", payloads.modalSubmit));

/** The script's event for one of Discord's; undefined for one that scripts do not see. */
export function scriptEvent(discordName: string, raw: PlainObject): ScriptEvent | undefined {
  return discordName === "INTERACTION_CREATE"
    ? byInteractionType.get(raw.type as number)
    : byDiscordName.get(discordName);
}

/** Discord's name of a script's event; undefined for a name that no event has. */
export function discordNameOf(event: string): string | undefined {
  return discordNames.get(event);
}
