import { parsed } from "../core/json";
import type { Field, ListField, NumberField, TextField } from "./field";

/** What a schema may say against a draft. */
type Limits = Partial<Omit<NumberField, "kind"> & Omit<TextField, "kind"> & Omit<ListField, "kind">>;

/** What is wrong with a draft by the words of its schema; empty: nothing. */
export function problemOf(field: Field, draft: unknown): string {
  const limits: Limits = field as object;
  if (typeof draft === "number") return sizeProblem("It", draft, limits) || gridProblem(draft, limits);
  if (Array.isArray(draft)) {
    const isTwice = limits.uniqueItems && new Set(draft.map((one) => JSON.stringify(one))).size < draft.length;
    return isTwice ? "No entry may be there twice." : sizeProblem("Its length", draft.length, limits);
  }
  if (typeof draft !== "string") return "";
  if (field.kind === "json") return draft.trim() && parsed(draft) === undefined ? "It has to be JSON." : "";
  // Code points, as Python counts.
  const problem = sizeProblem("Its length", Array.from(draft).length, limits);
  return problem || (matches(limits.pattern, draft) ? "" : `It has to match ${limits.pattern}`);
}

function sizeProblem(what: string, size: number, limits: Limits): string {
  const { minimum = -Infinity, minLength = minimum, minItems: least = minLength } = limits;
  const { maximum = Infinity, maxLength = maximum, maxItems: most = maxLength } = limits;
  const { exclusiveMinimum: above = -Infinity, exclusiveMaximum: below = Infinity } = limits;
  const bound =
    (size < least && `at least ${least}`) ||
    (size > most && `at most ${most}`) ||
    (size <= above && `more than ${above}`) ||
    (size >= below && `less than ${below}`);
  return bound ? `${what} has to be ${bound}.` : "";
}

function gridProblem(value: number, { type, multipleOf }: Limits): string {
  if (type === "integer" && value % 1) return "It has to be a whole number.";
  const steps = value / (multipleOf ?? NaN);
  // A tolerance, as 0.15 isn't three times 0.05 in binary.
  return Math.abs(steps - Math.round(steps)) > 1e-9 ? `It has to be a multiple of ${multipleOf}.` : "";
}

/** Patterns that only Python understands are left to Python. */
function matches(pattern: string | undefined, text: string): boolean {
  try {
    return new RegExp(pattern ?? "", "u").test(text);
  } catch {
    return true;
  }
}
