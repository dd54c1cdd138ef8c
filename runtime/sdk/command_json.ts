/** Application commands on their way to Discord: its spelling and its numbers. */

import { codedError, inputError, reasonOf } from "./errors";
import { guildId } from "./guild";
import { keys } from "./intrinsics";
import { snakeName } from "./names";
import { permissionBits } from "./permissions";
import type { Plain, PlainObject } from "./plain";
import { isSnowflake } from "./snowflake";

const CHAT_INPUT = 1;
const SUBCOMMAND_GROUP = 2;
const STRING = 3;

const COMMAND_TYPES: Record<string, number> = { user: 2, message: 3 };

const OPTION_TYPES: Record<string, number> = {
  subcommand: 1,
  subcommand_group: 2,
  string: STRING,
  integer: 4,
  boolean: 5,
  user: 6,
  channel: 7,
  role: 8,
  mentionable: 9,
  number: 10,
  attachment: 11,
};

/**
 * The payload of `commands.register`: the commands, and the names of those whose answers are
 * ephemeral. Raises `Slash command must have a description`.
 */
export function registration(commands: Plain | undefined): PlainObject {
  if (!Array.isArray(commands)) {
    throw inputError("commands", "expected an array");
  }
  const ephemeral: string[] = [];
  const json = commands.map((command) => commandJson(command, ephemeral));
  return ephemeral.length > 0 ? { commands: json, ephemeral } : { commands: json };
}

/** The same from the arguments of `rest.upsertGuildCommands`. */
export function upsertPayload(args: PlainObject): PlainObject {
  if (typeof args.guildId !== "string" || !isSnowflake(args.guildId)) {
    throw codedError("Invalid guild id", "INVALID_INPUT");
  }
  if (args.guildId !== guildId) {
    throw codedError("Forbidden: guild is outside runtime scope", "SCOPE_FORBIDDEN");
  }
  return registration(args.commands);
}

/** One command. ephemeral: takes the names of those whose answers are. */
export function commandJson(value: Plain | undefined, ephemeral: string[]): PlainObject {
  const command = spelled(value);
  const { type } = command;
  command.type = typeof type === "number" ? type : (COMMAND_TYPES[String(type)] ?? CHAT_INPUT);
  if (command.type === CHAT_INPUT && !command.description) {
    throw codedError("Slash command must have a description", "INVALID_INPUT");
  }
  return completed(command, `${command.name}`, ephemeral);
}

/** A change of a command, which keeps what is not named. */
export function commandChange(value: Plain | undefined): PlainObject {
  return completed(spelled(value), "", []);
}

function spelled(value: Plain | undefined): PlainObject {
  const command = snakeCased(value ?? null);
  if (command.default_member_permissions !== undefined) {
    command.default_member_permissions = bits(command.default_member_permissions);
  }
  return command;
}

function optionJson(value: Plain, path: string, ephemeral: string[]): PlainObject {
  const option = snakeCased(value);
  const type = option.type ?? option.kind;
  option.type = typeof type === "number" ? type : (OPTION_TYPES[String(type)] ?? STRING);
  delete option.kind;
  if (Array.isArray(option.choices)) {
    option.choices = option.choices.map(snakeCased);
  }
  const isCommand = option.type <= SUBCOMMAND_GROUP;
  return completed(option, isCommand ? `${path} ${option.name}` : path, ephemeral);
}

/** path: the names that lead to this declaration, as they are typed. */
function completed(declaration: PlainObject, path: string, ephemeral: string[]): PlainObject {
  if (declaration.ephemeral === true) {
    ephemeral.push(path);
  }
  delete declaration.ephemeral;
  if (declaration.options !== undefined) {
    if (!Array.isArray(declaration.options)) {
      throw inputError("commands", "expected options to be an array");
    }
    declaration.options = declaration.options.map((option) => optionJson(option, path, ephemeral));
  }
  return declaration;
}

/** Discord's decimal text. */
function bits(permissions: Plain): string {
  try {
    return `${permissionBits(permissions)}`;
  } catch (error) {
    throw inputError("default_member_permissions", reasonOf(error));
  }
}

/** A copy in Discord's spelling, without nulls. */
function snakeCased(value: Plain): PlainObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw inputError("commands", "expected objects");
  }
  const copy: PlainObject = {};
  const names = keys(value);
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string;
    if (value[name] !== null) {
      copy[snakeName(name)] = value[name];
    }
  }
  return copy;
}
