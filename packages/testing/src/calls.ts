/**
 * Operations as the original's harness records them: its names, and what a script has written.
 *
 * flora's SDK turns messages into Discord's JSON before it asks; here they are turned back.
 */

/** op, args, timestamp: as in the original. name, payload: the operation as flora's bridge has it. */
export interface OpCall {
  op: string;
  args: any[];
  timestamp: number;
  name: string;
  payload: any;
}

const EPHEMERAL = 64;
const SAFE_MENTIONS = '{"parse":["users"],"replied_user":true}';
const NAMES: Record<string, string> = {
  "commands.register": "op_upsert_guild_commands",
  "cron.register": "op_register_cron",
  "kv.list": "op_kv_list_keys",
  "fetch.get": "op_fetch",
  "fetch.send": "op_fetch",
  "discord.read": "op_discord_request",
};

export function opName(name: string): string {
  const [family, method] = name.split(".") as [string, string];
  const plain = family === "rest" || family === "interaction" ? method : `${family}_${method}`;
  return NAMES[name] ?? `op_${snakeName(plain)}`;
}

export function opArguments(name: string, payload: any, guildId: string): any[] {
  switch (name) {
    case "kv.get":
    case "kv.getWithMetadata":
    case "kv.delete":
      return [payload.store, payload.key];
    case "kv.set": {
      const { store, key, value, ...options } = payload;
      return [store, key, value, options];
    }
    case "kv.updateMetadata":
      return [payload.store, payload.key, payload.metadata];
    case "kv.list": {
      const { store, ...options } = payload;
      return [options, store];
    }
    case "commands.register":
      return [{ guildId, commands: payload.commands }];
    case "cron.register": {
      const { expression, ...rest } = payload;
      return [{ ...rest, expr: expression }];
    }
    default:
      return [payload?.body && typeof payload.body === "object" ? written(payload) : payload];
  }
}

/** What the script has written of a message, beside where it goes. */
function written({ body, files, explicitMentions: _, ...address }: any): object {
  const options: Record<string, any> = { ...address };
  for (const [name, value] of Object.entries<any>(body)) {
    if (name === "message_reference") {
      options.messageId = value.message_id;
    } else if (name !== "allowed_mentions" || JSON.stringify(value) !== SAFE_MENTIONS) {
      options[camelName(name)] = name === "embeds" || name === "allowed_mentions" ? camelCased(value) : value;
    }
  }
  if (files) {
    options.attachments = files;
  }
  if (((body.flags ?? 0) & EPHEMERAL) !== 0) {
    options.ephemeral = true;
  }
  return options;
}

export function camelName(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

export function snakeName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

export function camelCased(value: any): any {
  return renamed(value, camelName);
}

export function snakeCased(value: any): any {
  return renamed(value, snakeName);
}

function renamed(value: any, name: (from: string) => string): any {
  if (Array.isArray(value)) {
    return value.map((item) => renamed(item, name));
  }
  if (typeof value !== "object" || value === null) {
    return value;
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [name(key), renamed(inner, name)]),
  );
}
