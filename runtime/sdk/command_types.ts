/** Commands as scripts declare them. */

import type { AutocompleteContext, InteractionContext, MessageContext } from "./context";
import type { PermissionBits } from "./permissions";

/** A command that is typed as a message: `!ping`. */
export interface Command {
  name: string;
  /** Other names for it. */
  aliases?: string[];
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

/** Texts by locale: `{ de: "wetter", "pt-BR": "tempo" }`. */
export type Localizations = Record<string, string>;

interface Named {
  name: string;
  nameLocalizations?: Localizations;
}

interface Described extends Named {
  description: string;
  descriptionLocalizations?: Localizations;
}

/** What autocompletion suggests: the value itself, or shown under a name. */
export type AutocompleteChoice = string | number | (Named & { value: string | number });

/** Values for an option that is being typed, the first 25. */
export type Autocomplete = (
  ctx: AutocompleteContext,
) => AutocompleteChoice[] | undefined | void | Promise<AutocompleteChoice[] | undefined | void>;

export interface SlashCommandOption extends Described {
  /** `string` when not given. */
  type?: SlashCommandOptionType;
  required?: boolean;
  /** What may be chosen, 25 at most. */
  choices?: (Named & { value: string | number })[];
  /** Suggests values while somebody types; `true` where `on("autocomplete")` does. */
  autocomplete?: boolean | Autocomplete;
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

export interface SlashSubcommand extends Described {
  options?: SlashCommandOption[];
  /** With subcommands it is a group, without options and run of its own. */
  subcommands?: SlashSubcommand[];
  run?: (ctx: InteractionContext) => unknown;
  /** Only who uses it sees its answers, unless they say otherwise. */
  ephemeral?: boolean;
}

interface CommandSettings {
  /** Who may use it unless the guild decides otherwise; "0" for administrators alone. */
  defaultMemberPermissions?: PermissionBits;
  /** Only in channels with an age limit. */
  nsfw?: boolean;
  /** Discord's numbers; a guild's command is used in its guild: 0. */
  contexts?: number[];
  /** Only who uses it sees its answers, unless they say otherwise. */
  ephemeral?: boolean;
}

export interface SlashCommand extends Described, CommandSettings {
  options?: SlashCommandOption[];
  /** With subcommands a command has no options and no run of its own. */
  subcommands?: SlashSubcommand[];
  run?: (ctx: InteractionContext) => unknown;
}

/** A command in the menu of a user or of a message. */
export interface ContextMenuCommand extends Named, CommandSettings {
  /** `user` or `message`; `userCommand` and `messageCommand` set it. */
  type?: "user" | "message";
  /** Discord shows none. */
  description?: string;
  run: (ctx: InteractionContext) => unknown;
}

export type ApplicationCommand = SlashCommand | ContextMenuCommand;

export interface CreateOptions {
  /** `!` when not given. */
  prefix?: string;
  commands?: Command[];
  /** Read when there is no `commands`. */
  prefixCommands?: Command[];
  /** Slash commands, and those of the menus of users and messages. */
  slashCommands?: ApplicationCommand[];
  /** A handler that throws does not keep the event's other handlers from running. */
  isolateHandlers?: boolean;
}

export interface FlattenedSlashCommand extends Named, CommandSettings {
  type?: "user" | "message";
  description?: string;
  descriptionLocalizations?: Localizations;
  options?: SlashCommandOption[];
}

export interface RawSlashCommandOption extends Omit<SlashCommandOption, "type" | "options"> {
  type?: SlashCommandOptionType | number;
  /** Another name of type. */
  kind?: SlashCommandOptionType;
  options?: RawSlashCommandOption[];
}

export interface RawSlashCommand extends Omit<FlattenedSlashCommand, "type" | "options"> {
  type?: "user" | "message" | number;
  options?: RawSlashCommandOption[];
}

/** Subcommands by the name of their command; those of a group under `group name`. */
export type SubcommandMap = Record<string, Record<string, SlashSubcommand["run"]>>;
