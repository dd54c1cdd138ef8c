/**
 * Bots made of commands: prefix commands in messages, slash commands with subcommands.
 *
 * It stands on `on` alone, as a script could: what it knows of a command is what the script said.
 */

import { observe, operation } from "./bridge";
import { registration } from "./command_json";
import type {
  Command,
  CreateOptions,
  FlattenedSlashCommand,
  SlashCommand,
  SubcommandMap,
} from "./command_types";
import { console } from "./console";
import type { InteractionContext } from "./context";
import { on } from "./events";
import { guildId } from "./guild";
import { flattenInteractionOptions } from "./interaction_options";
import { snapshot } from "./plain";
import { scope } from "./scope";

/** Declares a prefix command for `createBot`. */
export function prefix(command: Command): Command {
  return command;
}

/** Declares a slash command for `createBot`. */
export function slash(command: SlashCommand): SlashCommand {
  return command;
}

/**
 * Listens for the commands and registers the slash commands at Discord. Once per script.
 *
 * @example createBot({ prefix: "!", commands: [ping], slashCommands: [hello] })
 */
export function createBot(options: CreateOptions): void {
  const state = (scope.__floraCreateBotState ??= { initialized: false });
  if (state.initialized) {
    console.log(
      "[flora/sdk] createBot called multiple times; skipping duplicate registration",
    );
    return;
  }
  state.initialized = true;
  const commands = options.commands ?? options.prefixCommands ?? [];
  const slashCommands = options.slashCommands ?? [];
  if (commands.length > 0) {
    listenForPrefix(options.prefix ?? "!", commands);
  }
  if (slashCommands.length > 0) {
    listenForSlash(slashCommands);
    const registered = registerSlashCommands(flattenCommands(slashCommands));
    if (registered) {
      observe(registered);
    }
  }
}

/**
 * Registers these commands as all the commands of the guild; undefined without a guild.
 *
 * The host does it once the script has become the guild's; a script that waits for it at its top
 * level counts as loaded.
 */
export function registerSlashCommands(
  commands: FlattenedSlashCommand[],
): Promise<void> | undefined {
  // Checked before anything is promised: a command that cannot be registered fails the load.
  const payload = registration(snapshot("commands", commands));
  return guildId === null ? undefined : operation("commands.register", () => payload);
}

/** Commands as Discord has them: subcommands become options. */
export function flattenCommands(commands: SlashCommand[]): FlattenedSlashCommand[] {
  const known = (scope.__floraSubcommands ??= {});
  return commands.map(({ name, description, options, subcommands }) => {
    if (!subcommands || subcommands.length === 0) {
      return { name, description, options };
    }
    const runs: SubcommandMap[string] = {};
    for (const subcommand of subcommands) {
      runs[subcommand.name] = subcommand.run;
    }
    known[name] = runs;
    return {
      name,
      description,
      options: subcommands.map((subcommand) => ({
        name: subcommand.name,
        description: subcommand.description,
        type: "subcommand" as const,
        options: subcommand.options,
      })),
    };
  });
}

/** Runs the subcommand that was used, with its own options as `ctx.options`. */
export async function handleSubcommand(
  ctx: InteractionContext,
  command: SlashCommand,
): Promise<void> {
  const used = ctx.msg.data?.options?.[0];
  const run = used && scope.__floraSubcommands?.[command.name]?.[used.name];
  if (run) {
    await run({ ...ctx, options: flattenInteractionOptions(used.options ?? []) });
  }
}

function listenForPrefix(start: string, commands: Command[]): void {
  on("messageCreate", async (ctx) => {
    const { author, content } = ctx.msg;
    if (!content || author?.bot) {
      return;
    }
    const text = content.trim();
    if (!text.startsWith(start)) {
      return;
    }
    const [name, ...args] = text.slice(start.length).trim().split(/\s+/);
    const command = commands.find((candidate) => candidate.name === name);
    if (command) {
      await command.run({ ...ctx, args });
    }
  });
}

function listenForSlash(commands: SlashCommand[]): void {
  on("interactionCreate", async (ctx) => {
    const command = commands.find((candidate) => candidate.name === ctx.msg.commandName);
    if (command?.subcommands && command.subcommands.length > 0) {
      await handleSubcommand(ctx, command);
    } else if (command?.run) {
      await command.run(ctx);
    }
  });
}
