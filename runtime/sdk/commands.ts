/**
 * Bots made of commands: prefix commands in messages, slash commands, and those of context menus.
 *
 * It stands on `on` alone, as a script could: what it knows of a command is what the script said.
 */

import { observe, operation } from "./bridge";
import { registration } from "./command_json";
import type {
  ApplicationCommand,
  Autocomplete,
  Command,
  ContextMenuCommand,
  CreateOptions,
  FlattenedSlashCommand,
  RawSlashCommand,
  SlashCommand,
  SlashCommandOption,
  SlashSubcommand,
  SubcommandMap,
} from "./command_types";
import { console } from "./console";
import type { AutocompleteContext, InteractionContext } from "./context";
import type { DiscordJson } from "./event_types";
import { isolateHandlers, on } from "./events";
import { guildId } from "./guild";
import { flattenInteractionOptions } from "./interaction_options";
import { snapshot } from "./plain";
import { scope } from "./scope";

const SUBCOMMAND = 1;
const SUBCOMMAND_GROUP = 2;
// Discord's types of commands; a slash command needs to say none.
const KINDS: Record<number, "user" | "message" | undefined> = { 2: "user", 3: "message" };

/** Declares a prefix command for `createBot`. */
export function prefix(command: Command): Command {
  return command;
}

/** Declares a slash command for `createBot`. */
export function slash(command: SlashCommand): SlashCommand {
  return command;
}

/** Declares a command in the menu of users: `ctx.targetUser` and `ctx.targetMember`. */
export function userCommand(command: ContextMenuCommand): ContextMenuCommand {
  return { ...command, type: "user" };
}

/** Declares a command in the menu of messages: `ctx.targetMessage`. */
export function messageCommand(command: ContextMenuCommand): ContextMenuCommand {
  return { ...command, type: "message" };
}

/**
 * Listens for the commands and registers the application commands at Discord. Once per script.
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
  if (options.isolateHandlers) {
    isolateHandlers();
  }
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
export function flattenCommands(commands: ApplicationCommand[]): FlattenedSlashCommand[] {
  const known = (scope.__floraSubcommands ??= {});
  return commands.map((command) => {
    const { run, subcommands, options, ...declared } = command as SlashCommand;
    if (!subcommands || subcommands.length === 0) {
      return { ...declared, options: options && declaredOptions(options) };
    }
    const runs: SubcommandMap[string] = {};
    known[command.name] = runs;
    return { ...declared, options: subcommandOptions(subcommands, "", runs) };
  });
}

/** Notes how subcommands run, and gives them as options. group: the name before theirs. */
function subcommandOptions(
  subcommands: SlashSubcommand[],
  group: string,
  runs: SubcommandMap[string],
): SlashCommandOption[] {
  return subcommands.map(({ run, subcommands: inner, options, ...declared }) => {
    const name = group + declared.name;
    if (!inner || inner.length === 0) {
      runs[name] = run;
      return { ...declared, type: "subcommand", options: options && declaredOptions(options) };
    }
    return {
      ...declared,
      type: "subcommand_group",
      options: subcommandOptions(inner, `${name} `, runs),
    };
  });
}

/** Of a function that suggests values Discord is told only that there is one. */
function declaredOptions(options: SlashCommandOption[]): SlashCommandOption[] {
  return options.map((option) => {
    const { autocomplete } = option;
    return typeof autocomplete === "function" ? { ...option, autocomplete: true } : option;
  });
}

/** Runs the subcommand that was used, with its own options as `ctx.options`. */
export async function handleSubcommand(
  ctx: InteractionContext,
  command: SlashCommand,
): Promise<void> {
  const { path, options } = used(ctx.msg.data?.options);
  const run = path && scope.__floraSubcommands?.[command.name]?.[path];
  if (run) {
    await run({ ...ctx, options: flattenInteractionOptions(options) });
  }
}

/** Which subcommand was used, with its group's name before its own, and with which options. */
function used(options: DiscordJson[] | undefined): { path: string; options: DiscordJson[] } {
  let path = "";
  let inner = options ?? [];
  while (inner[0]?.type === SUBCOMMAND || inner[0]?.type === SUBCOMMAND_GROUP) {
    path += `${path && " "}${inner[0].name}`;
    inner = inner[0].options ?? [];
  }
  return { path, options: inner };
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
    const [name = "", ...args] = text.slice(start.length).trim().split(/\s+/);
    const command =
      commands.find((candidate) => candidate.name === name) ??
      commands.find(({ aliases }) => aliases?.includes(name));
    if (command) {
      await command.run({ ...ctx, args });
    }
  });
}

function listenForSlash(commands: ApplicationCommand[]): void {
  on("interactionCreate", async (ctx) => {
    const command = commandOf(commands, ctx);
    const { subcommands } = (command ?? {}) as SlashCommand;
    if (subcommands && subcommands.length > 0) {
      await handleSubcommand(ctx, command as SlashCommand);
    } else if (command?.run) {
      await command.run(ctx);
    }
  });
  if (commands.some((command) => hasAutocomplete(command as SlashCommand))) {
    on("autocomplete", (ctx) => suggest(commands, ctx));
  }
}

async function suggest(commands: ApplicationCommand[], ctx: AutocompleteContext): Promise<void> {
  const command = commandOf(commands, ctx) as SlashCommand | undefined;
  const { path, options } = used(ctx.msg.data?.options);
  let declared: SlashSubcommand | undefined = command;
  for (const name of path ? path.split(" ") : []) {
    declared = declared?.subcommands?.find((candidate) => candidate.name === name);
  }
  const focused = ctx.focused?.name;
  const option = declared?.options?.find(({ name }) => name === focused);
  if (typeof option?.autocomplete === "function") {
    const choices = await (option.autocomplete as Autocomplete)({
      ...ctx,
      options: flattenInteractionOptions(options),
    });
    if (choices) {
      await ctx.respond(choices);
    }
  }
}

/** Commands of different kinds may share a name. */
function commandOf(
  commands: ApplicationCommand[],
  ctx: InteractionContext | AutocompleteContext,
): ApplicationCommand | undefined {
  const { commandName, data } = ctx.msg;
  const kind = KINDS[data?.type];
  return commands.find((candidate) => {
    const { type } = candidate as RawSlashCommand;
    const its = typeof type === "number" ? KINDS[type] : type;
    return candidate.name === commandName && its === kind;
  });
}

function hasAutocomplete({ options, subcommands }: SlashSubcommand): boolean {
  return Boolean(
    options?.some(({ autocomplete }) => typeof autocomplete === "function") ||
      subcommands?.some(hasAutocomplete),
  );
}
