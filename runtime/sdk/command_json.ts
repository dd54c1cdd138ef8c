/** Slash commands on their way to Discord: its spelling and its numbers. */

import { codedError, inputError } from "./errors";
import { guildId } from "./guild";
import { keys } from "./intrinsics";
import { snakeName } from "./names";
import type { Plain, PlainObject } from "./plain";
import { isSnowflake } from "./snowflake";

const CHAT_INPUT = 1;
const STRING = 3;

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

/** The payload of `commands.register`. Raises `Slash command must have a description`. */
export function registration(commands: Plain | undefined): PlainObject {
  if (!Array.isArray(commands)) {
    throw inputError("commands", "expected an array");
  }
  return { commands: commands.map(commandJson) };
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

function commandJson(value: Plain): PlainObject {
  const command = snakeCased(value);
  if (!command.description) {
    throw codedError("Slash command must have a description", "INVALID_INPUT");
  }
  command.type = CHAT_INPUT;
  return withOptions(command);
}

function optionJson(value: Plain): PlainObject {
  const option = snakeCased(value);
  const type = option.type ?? option.kind;
  option.type = typeof type === "number" ? type : (OPTION_TYPES[String(type)] ?? STRING);
  delete option.kind;
  return withOptions(option);
}

function withOptions(declaration: PlainObject): PlainObject {
  if (declaration.options !== undefined) {
    if (!Array.isArray(declaration.options)) {
      throw inputError("commands", "expected options to be an array");
    }
    declaration.options = declaration.options.map(optionJson);
  }
  return declaration;
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
