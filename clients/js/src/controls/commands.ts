import type { Capabilities } from "../core/protocol";
import { fieldOf, groupOf, type GroupField } from "./field";
import { labelOf } from "./labels";
import { valueOf, type Draft, type Problems } from "./values";

/** A command as controls. */
export interface CommandForm {
  name: string;
  label: string;
  description: string;
  parameters: GroupField;
  /** Sent on every change: all of its parameters are numbers, switches and choices. */
  isLive: boolean;
  /** There is something else than a change to send it by. */
  hasButton: boolean;
}

export function formsOf({ commands, $defs }: Capabilities): CommandForm[] {
  return Object.entries(commands).map(([name, { description, schema }]) => {
    const entries = Object.entries(schema).map(([key, property]) => [key, fieldOf(property, $defs, key)] as const);
    const parameters = groupOf(Object.fromEntries(entries));
    const fields = Object.values(parameters.fields);
    const isLive = fields.every(({ kind }) => kind === "number" || kind === "switch" || kind === "choice");
    const isPad =
      fields.every((field) => field.kind === "choice" && field.keys.length) || parameters.keys.length === fields.length;
    const mayBeNone = fields.some((field) => !field.required && (field.default ?? null) === null);
    const hasButton = !isLive || !fields.length || (!isPad && mayBeNone && reading(parameters, undefined).isReady);
    return { name, label: labelOf(name), description, parameters, isLive, hasButton };
  });
}

/** What a command would be sent, and whether it can be. */
export function reading(field: GroupField, draft: Draft): { data: object; problems: Problems; isReady: boolean } {
  const problems: Problems = new Map();
  const data = valueOf(field, draft, "", problems) as object;
  return { data, problems, isReady: ![...problems.values()].some(Boolean) };
}
