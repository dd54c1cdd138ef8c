/** Reading what a member typed into a slash command. */

import type { DiscordJson, EventInteractionCreate } from "./event_types";
import { define } from "./intrinsics";

/** Options of a slash command by name. Users, roles, channels and attachments are their ids. */
export type SlashCommandOptions = Record<string, string | number | boolean | undefined>;

/** The option that a member is typing into. */
export interface FocusedOption {
  name: string;
  /** The text so far, also for numbers. */
  value: string;
}

interface WithInteraction {
  msg: Pick<EventInteractionCreate, "data" | "member">;
}

const SUBCOMMAND = 1;
const SUBCOMMAND_GROUP = 2;

/** Discord's list of options as one object, options of subcommands and groups included. */
export function flattenInteractionOptions(options: DiscordJson[]): Record<string, any> {
  const flat: Record<string, any> = {};
  for (const option of options) {
    if (option.type === SUBCOMMAND || option.type === SUBCOMMAND_GROUP) {
      Object.assign(flat, flattenInteractionOptions(option.options ?? []));
    } else {
      define(flat, option.name, option.value); // an option may be called __proto__
    }
  }
  return flat;
}

/** The option of autocompletion that is being typed; at any depth. @internal */
export function focusedOption(options: DiscordJson[]): FocusedOption | null {
  for (const option of options) {
    if (option.focused) {
      return { name: option.name, value: `${option.value ?? ""}` };
    }
    const inner = option.options && focusedOption(option.options);
    if (inner) {
      return inner;
    }
  }
  return null;
}

/** The name of the subcommand (or group, or first option) that was used. */
export function getSubcommand(ctx: WithInteraction): string | undefined {
  return ctx.msg.data?.options?.[0]?.name;
}

/** The name of the subcommand group that was used. */
export function getSubcommandGroup(ctx: WithInteraction): string | undefined {
  const first = ctx.msg.data?.options?.[0];
  return first?.type === SUBCOMMAND_GROUP ? first.name : undefined;
}

/** Whether the member who used the command has the role. */
export function hasRole(ctx: WithInteraction, roleId: string): boolean {
  return ctx.msg.member?.roles.includes(roleId) ?? false;
}
