/**
 * Builders of Discord's layout components and of a form's parts, and the short names of all
 * builders (`button()`, `container()`, …).
 */

import {
  ComponentBuilderBase,
  componentJson,
  type ComponentJson,
  type ComponentLike,
  ComponentListBuilder,
} from "./builder_base";
import {
  ActionRowBuilder,
  ButtonBuilder,
  ChannelSelectMenuBuilder,
  type MediaItemEntry,
  MentionableSelectMenuBuilder,
  RoleSelectMenuBuilder,
  StringSelectMenuBuilder,
  UserSelectMenuBuilder,
} from "./components";
import { ComponentType } from "./constants";

/** A text field of a form. */
export class InputTextBuilder extends ComponentBuilderBase {
  constructor(customId: string) {
    super(ComponentType.InputText, { custom_id: customId });
  }

  setCustomId(customId: string): this {
    return this.put("custom_id", customId);
  }

  setStyle(style: number): this {
    return this.put("style", style);
  }

  /** What stands above it; for a field that is given to a modal as it is. */
  setLabel(label: string): this {
    return this.put("label", label);
  }

  setMinLength(min: number): this {
    return this.put("min_length", min);
  }

  setMaxLength(max: number): this {
    return this.put("max_length", max);
  }

  setRequired(required = true): this {
    return this.put("required", required);
  }

  setValue(value: string): this {
    return this.put("value", value);
  }

  setPlaceholder(placeholder: string): this {
    return this.put("placeholder", placeholder);
  }
}

export class TextDisplayBuilder extends ComponentBuilderBase {
  constructor(content: string) {
    super(ComponentType.TextDisplay, { content });
  }

  setContent(content: string): this {
    return this.put("content", content);
  }
}

/** The picture beside a section. */
export class ThumbnailBuilder extends ComponentBuilderBase {
  constructor(url: string) {
    super(ComponentType.Thumbnail, { media: { url } });
  }

  setUrl(url: string): this {
    return this.put("media", { url });
  }

  setDescription(description: string): this {
    return this.put("description", description);
  }

  setSpoiler(spoiler = true): this {
    return this.put("spoiler", spoiler);
  }
}

/** Text with a button or a picture beside it. */
export class SectionBuilder extends ComponentListBuilder {
  #accessory: ComponentLike | null = null;

  constructor() {
    super(ComponentType.Section);
  }

  setAccessory(accessory: ComponentLike): this {
    this.#accessory = accessory;
    return this;
  }

  override toJSON(): ComponentJson {
    return { ...super.toJSON(), accessory: this.#accessory && componentJson(this.#accessory) };
  }
}

export class MediaGalleryBuilder extends ComponentBuilderBase {
  #items: MediaItemEntry[] = [];

  constructor() {
    super(ComponentType.MediaGallery);
  }

  addItem(url: string, options: { description?: string; spoiler?: boolean } = {}): this {
    const { description, spoiler } = options;
    this.#items = [...this.#items, { media: { url }, description, spoiler }];
    return this;
  }

  setItems(...items: (MediaItemEntry | MediaItemEntry[])[]): this {
    this.#items = items.flat();
    return this;
  }

  override toJSON(): ComponentJson {
    const items = this.#items.map((item) => ({ ...item, media: { ...item.media } }));
    return { ...this.data, items };
  }
}

export class FileBuilder extends ComponentBuilderBase {
  constructor(url: string) {
    super(ComponentType.File, { file: { url } });
  }

  setUrl(url: string): this {
    return this.put("file", { url });
  }

  setSpoiler(spoiler = true): this {
    return this.put("spoiler", spoiler);
  }
}

export class SeparatorBuilder extends ComponentBuilderBase {
  constructor(divider = true) {
    super(ComponentType.Separator, { divider });
  }

  setDivider(divider = true): this {
    return this.put("divider", divider);
  }

  setSpacing(spacing: 1 | 2 | "small" | "large" | (number & {})): this {
    return this.put("spacing", spacing);
  }
}

export class ContainerBuilder extends ComponentListBuilder {
  constructor() {
    super(ComponentType.Container);
  }

  setAccentColor(color: number): this {
    return this.put("accent_color", color);
  }

  setSpoiler(spoiler = true): this {
    return this.put("spoiler", spoiler);
  }
}

/** A form's label with what it belongs to. */
export class LabelBuilder extends ComponentBuilderBase {
  #component: ComponentLike | null = null;

  constructor(label: string) {
    super(ComponentType.Label, { label });
  }

  setLabel(label: string): this {
    return this.put("label", label);
  }

  setDescription(description: string): this {
    return this.put("description", description);
  }

  setComponent(component: ComponentLike): this {
    this.#component = component;
    return this;
  }

  override toJSON(): ComponentJson {
    return { ...this.data, component: this.#component && componentJson(this.#component) };
  }
}

export class FileUploadBuilder extends ComponentBuilderBase {
  constructor(customId: string) {
    super(ComponentType.FileUpload, { custom_id: customId });
  }

  setCustomId(customId: string): this {
    return this.put("custom_id", customId);
  }

  /** What stands above it; for one that is given to a modal as it is. */
  setLabel(label: string): this {
    return this.put("label", label);
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
}

export const actionRow = (): ActionRowBuilder => new ActionRowBuilder();
export const button = (): ButtonBuilder => new ButtonBuilder();
export const stringSelect = (customId: string): StringSelectMenuBuilder =>
  new StringSelectMenuBuilder(customId);
export const userSelect = (customId: string): UserSelectMenuBuilder =>
  new UserSelectMenuBuilder(customId);
export const roleSelect = (customId: string): RoleSelectMenuBuilder =>
  new RoleSelectMenuBuilder(customId);
export const mentionableSelect = (customId: string): MentionableSelectMenuBuilder =>
  new MentionableSelectMenuBuilder(customId);
export const channelSelect = (customId: string): ChannelSelectMenuBuilder =>
  new ChannelSelectMenuBuilder(customId);
export const inputText = (customId: string): InputTextBuilder => new InputTextBuilder(customId);
export const textDisplay = (content: string): TextDisplayBuilder => new TextDisplayBuilder(content);
export const thumbnail = (url: string): ThumbnailBuilder => new ThumbnailBuilder(url);
export const section = (): SectionBuilder => new SectionBuilder();
export const mediaGallery = (): MediaGalleryBuilder => new MediaGalleryBuilder();
export const file = (url: string): FileBuilder => new FileBuilder(url);
export const separator = (divider = true): SeparatorBuilder => new SeparatorBuilder(divider);
export const container = (): ContainerBuilder => new ContainerBuilder();
export const label = (text: string): LabelBuilder => new LabelBuilder(text);
export const fileUpload = (customId: string): FileUploadBuilder => new FileUploadBuilder(customId);
