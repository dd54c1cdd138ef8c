/** Modals on their way to Discord: completed and checked, and otherwise left as they are. */

import { labelJson } from "./component_json";
import { ComponentType, InputTextStyle } from "./constants";
import { inputError } from "./errors";
import type { Plain, PlainObject } from "./plain";

const MAX_TITLE = 45;
const MAX_CUSTOM_ID = 100;

/** Raises INVALID_INPUT naming the field. */
export function modalJson(modal: PlainObject): PlainObject {
  const { customId, custom_id = customId, components, title, ...more } = modal;
  if (!Array.isArray(components) || components.length === 0) {
    throw inputError("components", "a modal needs at least one component");
  }
  return {
    ...more,
    custom_id: text("custom_id", custom_id, MAX_CUSTOM_ID),
    title: text("title", title, MAX_TITLE),
    components: components.map(modalComponent),
  };
}

function text(field: string, value: Plain | undefined, longest: number): string {
  if (typeof value !== "string" || value === "" || value.length > longest) {
    throw inputError(field, `a modal's ${field} has 1 to ${longest} characters`);
  }
  return value;
}

function modalComponent(value: Plain): PlainObject {
  const component = object(value);
  switch (component.type) {
    case ComponentType.ActionRow: {
      const { components } = component;
      return { ...component, components: Array.isArray(components) ? components.map(styled) : [] };
    }
    case ComponentType.Label:
      return labelJson({ ...component, component: styled(component.component) });
    case ComponentType.TextDisplay:
      return component;
    default: {
      // A field with a label of its own: Discord wants the label around it.
      const { label, description, ...field } = component;
      if (!label) {
        throw inputError("components", `a modal's component of type ${component.type} needs a label`);
      }
      return labelJson({
        type: ComponentType.Label,
        label,
        ...(description !== undefined && { description }),
        component: styled(field),
      });
    }
  }
}

/** A text field says how large it is. */
function styled(value: Plain | undefined): PlainObject {
  const component = object(value);
  return component.type === ComponentType.InputText
    ? { style: InputTextStyle.Short, ...component }
    : component;
}

function object(value: Plain | undefined): PlainObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw inputError("components", "Component missing numeric type");
  }
  return value;
}
