/**
 * Builders of components. Each method returns the builder; `toJSON` gives Discord's JSON.
 *
 * They only put values where Discord wants them. What fits where is checked when a message is
 * sent (component_json.ts), for builders and plain objects alike.
 */

import { ComponentBuilderBase, ComponentListBuilder } from "./builder_base";
import { ComponentType } from "./constants";
import type { JsonValue } from "./event_types";

/** `👍`, `<:name:id>`, `name:id`, or Discord's object. */
export type EmojiLike = JsonValue;

export type SelectDefaultKind = "user" | "role" | "channel";

export interface SelectDefaultValue {
  id: string;
  type: SelectDefaultKind;
}

export interface SelectOption {
  label: string;
  value: string;
  description?: string;
  emoji?: EmojiLike;
  default?: boolean;
}

export interface MediaItemEntry {
  media: { url: string };
  description?: string;
  spoiler?: boolean;
}

export class ActionRowBuilder extends ComponentListBuilder {
  constructor() {
    super(ComponentType.ActionRow);
  }
}

export class ButtonBuilder extends ComponentBuilderBase {
  constructor() {
    super(ComponentType.Button);
  }

  setStyle(style: number): this {
    return this.put("style", style);
  }

  setCustomId(customId: string): this {
    return this.put("custom_id", customId);
  }

  /** Makes it a link. */
  setUrl(url: string): this {
    return this.put("style", 5).put("url", url);
  }

  /** Makes it a button that sells. */
  setSkuId(skuId: string): this {
    return this.put("style", 6).put("sku_id", skuId);
  }

  setLabel(label: string): this {
    return this.put("label", label);
  }

  setEmoji(emoji: EmojiLike): this {
    return this.put("emoji", emoji);
  }

  setDisabled(disabled = true): this {
    return this.put("disabled", disabled);
  }
}

export class SelectMenuBuilderBase extends ComponentBuilderBase {
  constructor(type: number, customId: string) {
    super(type, { custom_id: customId });
  }

  setCustomId(customId: string): this {
    return this.put("custom_id", customId);
  }

  setPlaceholder(placeholder: string): this {
    return this.put("placeholder", placeholder);
  }

  setMinValues(min: number): this {
    return this.put("min_values", min);
  }

  setMaxValues(max: number): this {
    return this.put("max_values", max);
  }

  setRequired(required = true): this {
    return this.put("required", required);
  }

  setDisabled(disabled = true): this {
    return this.put("disabled", disabled);
  }

  setChannelTypes(types: number[]): this {
    return this.put("channel_types", [...types]);
  }

  setDefaultValues(values: SelectDefaultValue[]): this {
    return this.put("default_values", copies(values));
  }

  setDefaultUsers(ids: string[]): this {
    return this.put("default_users", [...ids]);
  }

  setDefaultRoles(ids: string[]): this {
    return this.put("default_roles", [...ids]);
  }

  setDefaultChannels(ids: string[]): this {
    return this.put("default_channels", [...ids]);
  }

  addDefaultUser(id: string): this {
    return this.#add("default_users", id);
  }

  addDefaultRole(id: string): this {
    return this.#add("default_roles", id);
  }

  addDefaultChannel(id: string): this {
    return this.#add("default_channels", id);
  }

  addDefaultValue(id: string, type: SelectDefaultKind): this {
    return this.#add("default_values", { id, type });
  }

  #add(name: string, value: JsonValue): this {
    return this.put(name, [...((this.data[name] ?? []) as JsonValue[]), value]);
  }
}

export class StringSelectMenuBuilder extends SelectMenuBuilderBase {
  constructor(customId: string) {
    super(ComponentType.StringSelect, customId);
  }

  setOptions(...options: (SelectOption | SelectOption[])[]): this {
    return this.put("options", copies(options.flat()));
  }

  addOptions(...options: (SelectOption | SelectOption[])[]): this {
    const present = (this.data.options ?? []) as unknown as SelectOption[];
    return this.put("options", [...present, ...copies(options.flat())]);
  }
}

export class UserSelectMenuBuilder extends SelectMenuBuilderBase {
  constructor(customId: string) {
    super(ComponentType.UserSelect, customId);
  }
}

export class RoleSelectMenuBuilder extends SelectMenuBuilderBase {
  constructor(customId: string) {
    super(ComponentType.RoleSelect, customId);
  }
}

export class MentionableSelectMenuBuilder extends SelectMenuBuilderBase {
  constructor(customId: string) {
    super(ComponentType.MentionableSelect, customId);
  }
}

export class ChannelSelectMenuBuilder extends SelectMenuBuilderBase {
  constructor(customId: string) {
    super(ComponentType.ChannelSelect, customId);
  }
}

function copies<T extends object>(values: T[]): T[] {
  return values.map((value) => ({ ...value }));
}
