/** What a control shows, what a command is sent, and what keeps it from being sent. */

import { isObject, parsed } from "../core/json";
import type { Field, ListField } from "./field";
import { problemOf } from "./limits";

/** What somebody did to a control; undefined: nothing yet. NaN: a number that was cleared. JSON is a text. */
export type Draft = unknown;

/** Path of a control, joined by dots -> what is wrong with it; an empty text: nothing. */
export type Problems = Map<string, string>;

export const MISSING = "Needed: nothing is sent without it.";

/** A first draft of each kind, for an optional parameter that is none; choices have none among their options. */
export const EMPTY = {
  number: NaN,
  switch: false,
  text: "",
  image: "",
  json: "",
  list: [],
  group: {},
  choice: undefined,
};

/** The path of what is called `name` in what has the path `path`. */
export function joined(path: string, name: string | number): string {
  return path ? `${path}.${name}` : String(name);
}

/** What a control shows: what was done to it, else the default. A draft of another kind, as of an older model, is none. */
export function shown(field: Field, draft: Draft): unknown {
  const { kind, default: initial } = field;
  if (isDraft(field, draft)) return draft;
  if (kind === "json" && initial !== undefined && initial !== null) return JSON.stringify(initial, null, 2);
  if (kind === "list" && initial === undefined && field.minItems) return Array.from({ length: field.minItems });
  return initial;
}

function isDraft(field: Field, draft: Draft): boolean {
  if (field.kind === "choice") return field.options.includes(draft);
  if (draft === null) return field.nullable;
  const empty = EMPTY[field.kind];
  return typeof draft === typeof empty && Array.isArray(draft) === Array.isArray(empty);
}

/** The value to send, undefined for none. The path of each control goes to `problems`. */
export function valueOf(field: Field, draft: Draft, path: string, problems: Problems): unknown {
  problems.set(path, "");
  const isTouched = isDraft(field, draft);
  // An optional parameter that nobody touched is the model's own affair.
  if (!isTouched && !field.required && (field.default ?? null) === null) return undefined;
  const value = read(field, draft, path, problems);
  const isMissing = value === undefined && field.required;
  problems.set(path, (isTouched && problemOf(field, draft)) || (isMissing ? MISSING : ""));
  return value;
}

function read(field: Field, draft: Draft, path: string, problems: Problems): unknown {
  const value = shown(field, draft);
  const inner = (child: Field, own: Draft, name: string | number): unknown =>
    valueOf(child, own, joined(path, name), problems);
  if (value === null) return null;
  switch (field.kind) {
    case "number":
      return Number.isNaN(value) ? undefined : value;
    case "list":
      return Array.isArray(value) ? value.map((entry, at) => inner(entryOf(field, at), entry, at)) : undefined;
    case "group": {
      const drafts = isObject(draft) ? draft : {};
      const entries = Object.entries(field.fields).map(([name, child]) => [name, inner(child, drafts[name], name)]);
      return Object.fromEntries(entries.filter(([, entry]) => entry !== undefined)) as object;
    }
    case "image":
      return field.isUrl ? value : (value as string | undefined)?.replace(/^data:[^,]*,/, "");
    case "json":
      return parsed(value as string | undefined);
    default:
      return value;
  }
}

/** The field of a list's entry. */
export function entryOf(list: ListField, at: number): Field {
  return (list.first[at] ?? list.rest) as Field;
}
