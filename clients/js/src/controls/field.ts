/** JSON Schema -> the control that stands for it. */

import { isObject, type JsonObject } from "../core/json";
import { isKey, keysAmong } from "./keys";

/** What all fields have; whatever else a schema says comes along. */
interface Common {
  description?: string;
  /** undefined: the schema has none. */
  default?: unknown;
  /** Without a value nothing is sent. */
  required: boolean;
  /** `null` is a value too: "none". A choice has it among its options. */
  nullable: boolean;
}

export interface NumberField extends Common {
  kind: "number";
  type: "integer" | "number";
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  multipleOf?: number;
  /** Of the field and its slider; "any" where nothing says how fine. */
  step: number | "any";
  /** Where a slider begins and ends; undefined without bounds on both sides. */
  range: { min: number; max: number } | undefined;
}

export interface SwitchField extends Common {
  kind: "switch";
}

export interface ChoiceField extends Common {
  kind: "choice";
  options: unknown[];
  /** The options that are keys of a keyboard, to hold; none: an ordinary choice. */
  keys: unknown[];
  /** What is chosen while no key is held; undefined where nothing says so. */
  rest: unknown;
}

export interface TextField extends Common {
  kind: "text";
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  isLong: boolean;
}

export interface ImageField extends Common {
  kind: "image";
  /** With `data:image/png;base64,` in front. */
  isUrl: boolean;
}

export interface ListField extends Common {
  kind: "list";
  minItems?: number;
  maxItems?: number;
  uniqueItems?: boolean;
  /** The first entries of a tuple. */
  first: Field[];
  /** Each further entry; undefined where there are none. */
  rest: Field | undefined;
}

export interface GroupField extends Common {
  kind: "group";
  fields: Record<string, Field>;
  /** Those that are keys of a keyboard: false while they aren't held. */
  keys: string[];
}

/** Whatever has no control of its own. */
export interface JsonField extends Common {
  kind: "json";
}

export type Field =
  NumberField | SwitchField | ChoiceField | TextField | ImageField | ListField | GroupField | JsonField;

interface Place {
  defs: JsonObject;
  name: string;
  required: boolean;
  nullable: boolean;
  /** How many schemas were looked up on the way. */
  depth: number;
}

// Recursive models end in a JSON editor. Each optional model is two schemas.
const MOST_DEPTH = 6;
const IMAGE_NAME = /(image|img|photo|picture)s?(_?(base64|b64|data|bytes))?$/i;
const LONG_NAME = /prompt|text|caption|story|message|description/i;
const REST = /^(none|idle|no_?op|)$/i;
/** Characters: a text up to here has one line, and no image is as short. */
const LONG = 120;

/**
 * The control for one parameter.
 *
 * @param schema its JSON Schema; as in capabilities, `required: true` may be among it
 * @param defs what `$ref`s resolve to
 * @param name the parameter's name: images and keys are known by it
 */
export function fieldOf(schema: JsonObject, defs: JsonObject = {}, name = ""): Field {
  return build(schema, { defs, name, required: schema.required === true, nullable: false, depth: 0 });
}

/** Parameters as one field, as each command has them. */
export function groupOf(fields: Record<string, Field>): GroupField {
  const keys = keysAmong(Object.keys(fields).filter((name) => fields[name]?.kind === "switch"));
  const held = keys.map((name) => [name, { default: false, ...fields[name], required: false }] as const);
  return {
    kind: "group",
    fields: { ...fields, ...(Object.fromEntries(held) as Record<string, Field>) },
    keys,
    required: true,
    nullable: false,
  };
}

function build(schema: JsonObject, place: Place): Field {
  const { $ref, allOf, anyOf, oneOf, ...own } = schema;
  const given = typeof $ref === "string" ? [place.defs[$ref.replace("#/$defs/", "")]] : (allOf ?? anyOf ?? oneOf);
  if (!Array.isArray(given)) return kindOf(schema, place);
  const some = given.filter(isObject).filter(({ type }) => type !== "null");
  const inner = some.length < 2 ? some[0] : some.every(isNumeric) ? { type: "number" } : undefined;
  const next = { ...place, nullable: place.nullable || some.length < given.length, depth: place.depth + 1 };
  if (!inner || next.depth > MOST_DEPTH) return kindOf(own, next);
  return build({ ...inner, ...own, required: inner.required }, next);
}

function kindOf(schema: JsonObject, place: Place): Field {
  const { name, required, nullable } = place;
  const common = { ...schema, required, nullable } as Common;
  const options = "const" in schema ? [schema.const] : schema.enum;
  if (Array.isArray(options)) return choiceOf(common, options, name);
  if (isNumeric(schema)) return numberOf(common as NumberField);
  switch (schema.type) {
    case "boolean":
      return nullable ? choiceOf(common, [true, false], "") : { ...common, kind: "switch" };
    case "string":
      return isImage(schema, name)
        ? { ...common, kind: "image", isUrl: /data.?ur[il]/i.test(`${common.description} ${schema.format as string}`) }
        : textOf(common as TextField, name);
    case "array":
      return listOf(common, schema, place);
    case "object":
      return objectOf(common, schema, place);
    default:
      return { ...common, kind: "json" };
  }
}

function isNumeric({ type }: JsonObject): boolean {
  return type === "integer" || type === "number";
}

function choiceOf(common: Common, given: unknown[], name: string): ChoiceField {
  const options = common.nullable ? [null, ...given] : given;
  const initial = options.length > 1 ? common.default : options[0];
  const none = options.findIndex((option) => option === null || REST.test(option as string));
  const rest = none < 0 ? initial : options[none];
  const keys = options.filter((option) => option !== rest);
  const isHeld = /key/i.test(name) && keys.length > 1 && keys.every((key) => isKey(String(key)));
  return { ...common, kind: "choice", default: initial, options, keys: isHeld ? keys : [], rest };
}

function numberOf(field: NumberField): NumberField {
  const { type, minimum = -Infinity, exclusiveMinimum: above = -Infinity, multipleOf } = field;
  const { maximum = Infinity, exclusiveMaximum: below = Infinity } = field;
  const [low, high] = [Math.max(minimum, above), Math.min(maximum, below)];
  const grid = multipleOf ?? Number(type === "integer");
  const step = grid || rounded((high - low) / 100);
  let min = grid ? Math.ceil(low / grid) * grid : low;
  let max = grid ? Math.floor(high / grid) * grid : high;
  if (min <= above) min += step;
  if (max >= below) max -= step;
  const range = max > min && max - min < Infinity ? { min: rounded(min), max: rounded(max) } : undefined;
  return { ...field, kind: "number", step: step < Infinity ? step : "any", range };
}

/** Without the noise of binary fractions, which a field would show. */
function rounded(value: number): number {
  return Number(value.toPrecision(12));
}

function isImage({ format, contentMediaType, maxLength = LONG, default: initial }: JsonObject, name: string): boolean {
  const isSaid = IMAGE_NAME.test(name) || /image/i.test(`${format as string} ${contentMediaType as string}`);
  // Where a short text is the default or the longest, it's a name or an address.
  return (
    isSaid && [maxLength, (initial as string | undefined)?.length || LONG].every((length) => Number(length) >= LONG)
  );
}

function textOf(field: TextField, name: string): TextField {
  const { maxLength = LONG_NAME.test(name) ? Infinity : 0 } = field;
  return { ...field, kind: "text", isLong: maxLength > LONG };
}

function listOf(common: Common, { prefixItems, items }: JsonObject, place: Place): ListField | JsonField {
  const entry = (schema: JsonObject): Field => build(schema, { ...place, required: true, nullable: false });
  const first = Array.isArray(prefixItems) ? (prefixItems as JsonObject[]).map(entry) : [];
  const rest = isObject(items) ? entry(items) : undefined;
  // A list of what has to be written as JSON is written as JSON.
  const kinds = [...first, ...(rest ? [rest] : [])].map(({ kind }) => kind);
  if (!kinds.length || kinds.includes("json")) return { ...common, kind: "json" };
  return { ...common, kind: "list", first, rest };
}

function objectOf(common: Common, schema: JsonObject, place: Place): GroupField | JsonField {
  const properties = Object.entries((schema.properties ?? {}) as Record<string, JsonObject>);
  if (!properties.length) return { ...common, kind: "json" };
  const needed = (schema.required ?? []) as string[];
  const whole = isObject(common.default) ? common.default : {};
  const fields = properties.map(([name, property]) => {
    const own = name in whole ? { ...property, default: whole[name] } : property;
    return [name, build(own, { ...place, name, required: needed.includes(name), nullable: false })] as const;
  });
  return { ...groupOf(Object.fromEntries(fields)), ...common };
}
