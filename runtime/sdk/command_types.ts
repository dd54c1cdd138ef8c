/** Commands as scripts declare them. */

import type { InteractionContext, MessageContext } from "./context";

/** A command that is typed as a message: `!ping`. */
export interface Command {
  name: string;
  description?: string;
  run: (ctx: MessageContext & { args: string[] }) => unknown;
}

export type SlashCommandOptionType =
  | "string"
  | "integer"
  | "number"
  | "boolean"
  | "user"
  | "role"
  | "channel"
  | "mentionable"
  | "attachment"
  | "subcommand"
  | "subcommand_group";

export interface SlashCommandOption {
  name: string;
  description: string;
  /** `string` when not given. */
  type?: SlashCommandOptionType;
  required?: boolean;
  /** What may be chosen, 25 at most. */
  choices?: { name: string; value: string | number }[];
  /** Least and greatest number. */
  minValue?: number;
  maxValue?: number;
  /** Shortest and longest text. */
  minLength?: number;
  maxLength?: number;
  /** Which types of channel may be chosen. */
  channelTypes?: number[];
  /** Options of a subcommand or a group. */
  options?: SlashCommandOption[];
}

export interface SlashSubcommand {
  name: string;
  description: string;
  options?: SlashCommandOption[];
  run: (ctx: InteractionContext) => unknown;
}

export interface SlashCommand {
  name: string;
  description: string;
  options?: SlashCommandOption[];
  /** With subcommands a command has no options and no run of its own. */
  subcommands?: SlashSubcommand[];
  run?: (ctx: InteractionContext) => unknown;
}

export interface CreateOptions {
  /** `!` when not given. */
  prefix?: string;
  commands?: Command[];
  /** Read when there is no `commands`. */
  prefixCommands?: Command[];
  slashCommands?: SlashCommand[];
}

export interface FlattenedSlashCommand {
  name: string;
  description: string;
  options?: SlashCommandOption[];
}

export interface RawSlashCommandOption extends Omit<SlashCommandOption, "type" | "options"> {
  type?: SlashCommandOptionType | number;
  /** Another name of type. */
  kind?: SlashCommandOptionType;
  options?: RawSlashCommandOption[];
}

export interface RawSlashCommand {
  name: string;
  description?: string;
  options?: RawSlashCommandOption[];
}

/** Subcommands by the name of their command. */
export type SubcommandMap = Record<string, Record<string, SlashSubcommand["run"]>>;
