/**
 * Components on their way to Discord: completed, checked, and otherwise left as they are.
 *
 * The rules and texts are the original's; unlike it, keys that are not known pass, so that a new
 * feature of Discord needs no release of ours.
 */

import { ComponentType } from "./constants";
import { inputError } from "./errors";
import type { Plain, PlainObject } from "./plain";
import { isSnowflake, parseEmoji } from "./snowflake";

const LINK = 5;
const PREMIUM = 6;

const SELECTS: readonly number[] = [
  ComponentType.StringSelect,
  ComponentType.UserSelect,
  ComponentType.RoleSelect,
  ComponentType.MentionableSelect,
  ComponentType.ChannelSelect,
];
const LAYOUT: readonly number[] = [
  ComponentType.Section,
  ComponentType.TextDisplay,
  ComponentType.MediaGallery,
  ComponentType.File,
  ComponentType.Separator,
  ComponentType.Container,
];
const SPACINGS: Record<string, number> = { small: 1, large: 2 };
// Names that the builders have of old; Discord has one list for them all.
const DEFAULTS = [
  ["default_users", "user"],
  ["default_roles", "role"],
  ["default_channels", "channel"],
] as const;

/** A message's components. Raises `Invalid input for components: …`. */
export function messageComponents(value: Plain): PlainObject[] {
  if (!Array.isArray(value)) {
    throw invalid("expected an array");
  }
  return value.map(topLevel);
}

/** Whether a message with these components needs the flag IS_COMPONENTS_V2. */
export function needsLayoutFlag(components: PlainObject[]): boolean {
  return components.some((component) => LAYOUT.includes(component.type as number));
}

function topLevel(value: Plain): PlainObject {
  const component = typed(value);
  const type = component.type;
  if (type === ComponentType.Button || SELECTS.includes(type)) {
    return row({ type: ComponentType.ActionRow, components: [component] }, "action row");
  }
  switch (type) {
    case ComponentType.ActionRow:
      return row(component, "action row");
    case ComponentType.Container:
      return container(component);
    case ComponentType.Label:
      return labelJson(component);
    case ComponentType.Thumbnail:
      throw invalid("Thumbnail components are only valid as section accessories");
    default:
      return layout(component, "component");
  }
}

/** A layout component that may stand in a message and in a container alike. */
function layout(component: Typed, place: string): PlainObject {
  switch (component.type) {
    case ComponentType.Section:
      return section(component);
    case ComponentType.Separator:
      return separator(component);
    case ComponentType.TextDisplay:
    case ComponentType.MediaGallery:
    case ComponentType.File:
      return component;
    default:
      throw invalid(`Unsupported ${place} type ${component.type}`);
  }
}

function container(component: Typed): PlainObject {
  const components = children(component).map((child) =>
    child.type === ComponentType.ActionRow
      ? row(child, "container action row")
      : layout(child, "container component"),
  );
  return { ...component, components };
}

function row(component: PlainObject, place: string): PlainObject {
  let selects = 0;
  const components = children(component).map((child) => {
    if (child.type === ComponentType.Button) {
      return button(child);
    }
    if (!SELECTS.includes(child.type)) {
      throw invalid(`Unsupported ${place} component type ${child.type}`);
    }
    if (++selects > 1) {
      throw invalid("Action row supports only one select menu");
    }
    return select(child);
  });
  return { ...component, components };
}

function section(component: Typed): PlainObject {
  const components = children(component).map((child) => layout(child, "component"));
  if (component.accessory === undefined || component.accessory === null) {
    return { ...component, components };
  }
  const accessory = typed(component.accessory);
  switch (accessory.type) {
    case ComponentType.Button:
      return { ...component, components, accessory: button(accessory) };
    case ComponentType.Thumbnail:
      return { ...component, components, accessory };
    default:
      throw invalid(`Unsupported section accessory type ${accessory.type}`);
  }
}

/** A label with what it belongs to. Raises `Invalid input for components: …`. */
export function labelJson(component: PlainObject): PlainObject {
  const child = typed(component.component);
  if (child.type === ComponentType.InputText || child.type === ComponentType.FileUpload) {
    return { ...component, component: child };
  }
  if (SELECTS.includes(child.type)) {
    return { ...component, component: select(child) };
  }
  throw invalid(`Unsupported label component type ${child.type}`);
}

function button(component: Typed): PlainObject {
  const { url, sku_id: skuId, custom_id: customId } = component;
  const style = component.style ?? (url ? LINK : skuId ? PREMIUM : 1);
  if (style === LINK && !url) {
    throw invalid("Link button requires url");
  }
  if (style === PREMIUM) {
    if (skuId === undefined || skuId === null) {
      throw invalid("Premium button requires sku_id");
    }
    if (!isSnowflake(String(skuId))) {
      throw invalid("Invalid sku_id");
    }
  }
  if (style !== LINK && style !== PREMIUM && !customId) {
    throw invalid("Button requires custom_id");
  }
  return withEmoji({ ...component, style });
}

function select(component: Typed): PlainObject {
  const complete: PlainObject = { ...component };
  if (component.type === ComponentType.StringSelect) {
    const { options } = component;
    if (!Array.isArray(options) || options.length === 0) {
      throw invalid("String select requires options");
    }
    complete.options = options.map((option) => withEmoji(objectOr(option, "String select requires options")));
    return complete;
  }
  const values = Array.isArray(component.default_values) ? [...component.default_values] : [];
  for (const [name, type] of DEFAULTS) {
    const ids = component[name];
    if (Array.isArray(ids)) {
      values.push(...ids.map((id) => ({ id, type })));
    }
    delete complete[name];
  }
  if (values.length > 0) {
    complete.default_values = values;
  }
  return complete;
}

function separator(component: Typed): PlainObject {
  const { spacing } = component;
  if (spacing === undefined || spacing === null) {
    return component;
  }
  const size = typeof spacing === "string" ? SPACINGS[spacing] : spacing;
  if (size !== 1 && size !== 2) {
    throw invalid("Invalid separator spacing");
  }
  return { ...component, spacing: size };
}

function withEmoji(component: PlainObject): PlainObject {
  if (typeof component.emoji !== "string") {
    return component;
  }
  const emoji = parseEmoji(component.emoji);
  if (!emoji) {
    throw invalid("Invalid emoji string");
  }
  return { ...component, emoji: { ...emoji } };
}

interface Typed extends PlainObject {
  type: number;
}

function typed(value: Plain | undefined): Typed {
  const component = objectOr(value, "Component missing numeric type");
  if (typeof component.type !== "number") {
    throw invalid("Component missing numeric type");
  }
  return component as Typed;
}

function objectOr(value: Plain | undefined, complaint: string): PlainObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalid(complaint);
  }
  return value;
}

function children(component: PlainObject): Typed[] {
  const { components } = component;
  if (components === undefined || components === null) {
    return [];
  }
  if (!Array.isArray(components)) {
    throw invalid("expected an array");
  }
  return components.map(typed);
}

function invalid(reason: string): Error {
  return inputError("components", reason);
}
