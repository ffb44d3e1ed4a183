import { useId, type ReactElement, type ReactNode } from "react";
import { isObject } from "../core/json";
import type { ChoiceField, Field, GroupField, ListField } from "./field";
import { Choice, ImageInput, NumberInput, Switch, TextInput, type Attributes } from "./inputs";
import { KeyPad } from "./KeyPad";
import { labelOf } from "./labels";
import { EMPTY, entryOf, joined, shown, type Draft, type Problems } from "./values";

/** A number that is being typed isn't finished; what was moved goes out if its command is live; a held key always. */
export type How = "typed" | "moved" | "held";

interface Place {
  draft: Draft;
  path: string;
  problems: Problems;
  onChange: (draft: Draft, how: How) => void;
}

interface ControlProps extends Place {
  field: Field;
  label: string;
  /** What stands beside the control. */
  action?: ReactNode;
}

/** One parameter: its label, the control, what it is for, and what is wrong with it. */
export function Control(props: ControlProps): ReactElement {
  const { field, draft, path, label, problems, onChange, action } = props;
  const { kind, description, nullable, required } = field;
  const id = useId();
  const value = shown(field, draft);
  const Input = INPUTS[kind] as (props: InputProps<Field>) => ReactNode;
  const problem = problems.get(path);
  const begun = field.default ?? (kind === "number" && field.range ? field.range.min : EMPTY[kind]);
  const attributes: Attributes = {
    id,
    "aria-labelledby": `${id}label`,
    "aria-describedby": description || problem ? `${id}about` : undefined,
    "aria-invalid": problem ? true : undefined,
  };
  const about = <About id={`${id}about`} {...{ description, problem }} />;
  return (
    <div className={`reactor-field reactor-${kind}`}>
      <div className="reactor-label">
        <label id={`${id}label`} htmlFor={id}>
          {label}
        </label>
        {required && value === undefined && kind !== "group" && <small>needed</small>}
        {nullable && kind !== "choice" && (
          <button
            type="button"
            aria-pressed={value === null}
            aria-label={`${label}: none`}
            onClick={() => onChange(value === null ? begun : null, "moved")}
          >
            none
          </button>
        )}
      </div>
      {kind === "group" && about}
      <div className="reactor-row">
        <Input {...props} {...{ value, attributes }} />
        {action}
      </div>
      {kind !== "group" && about}
    </div>
  );
}

interface AboutProps {
  id?: string;
  description: string | undefined;
  problem: string | undefined;
}

/** What something is for, and what is wrong with it. */
export function About({ id, description, problem }: AboutProps): ReactNode {
  if (!description && !problem) return null;
  return (
    <p id={id}>
      {description} {problem && <strong role="alert">{problem}</strong>}
    </p>
  );
}

interface InputProps<Kind extends Field> extends ControlProps {
  field: Kind;
  value: unknown;
  attributes: Attributes;
}

type Inputs = { [Kind in Field as Kind["kind"]]: (props: InputProps<Kind>) => ReactNode };

const INPUTS: Inputs = {
  number: NumberInput,
  switch: Switch,
  choice: ({ field, ...props }) =>
    field.keys.length ? <Keys {...props} field={field} /> : <Choice {...props} field={field} />,
  text: TextInput,
  json: TextInput,
  image: ImageInput,
  list: Entries,
  group: Group,
};

/** Options to hold, as keys of a keyboard. */
function Keys({ field, value, attributes, onChange }: InputProps<ChoiceField>): ReactElement {
  return (
    <KeyPad
      names={field.keys.map(String)}
      held={[String(value)]}
      attributes={attributes}
      onHeld={(names) => {
        const chosen = names.length ? field.keys.find((key) => String(key) === names.at(-1)) : field.rest;
        if (chosen !== undefined) onChange(chosen, "held");
      }}
    />
  );
}

function Group({ value, attributes, ...props }: InputProps<GroupField>): ReactNode {
  return (
    value !== null && (
      <div {...attributes} role="group" className="reactor-fields">
        <Fields {...props} />
      </div>
    )
  );
}

/** The parameters of a command or of an object. */
export function Fields({ field, draft, path, problems, onChange }: Place & { field: GroupField }): ReactNode {
  const { fields, keys } = field;
  const drafts = isObject(draft) ? draft : {};
  return Object.entries(fields).map(([name, child]) => {
    if (name === keys[0]) {
      return (
        <KeyPad
          key={name}
          names={keys}
          held={keys.filter((key) => drafts[key])}
          attributes={{ "aria-label": "Keys" }}
          onHeld={(held) =>
            onChange({ ...drafts, ...Object.fromEntries(keys.map((key) => [key, held.includes(key)])) }, "held")
          }
        />
      );
    }
    return (
      keys.includes(name) || (
        <Control
          key={name}
          field={child}
          draft={drafts[name]}
          path={joined(path, name)}
          label={labelOf(name)}
          problems={problems}
          onChange={(next, how) => onChange({ ...drafts, [name]: next }, how)}
        />
      )
    );
  });
}

/** A list that can be added to. */
function Entries({ field, value, label, attributes, path, problems, onChange }: InputProps<ListField>): ReactElement {
  const { rest, minItems = 0, maxItems = rest ? Infinity : 0 } = field;
  const entries: Draft[] = Array.isArray(value) ? value : [];
  return (
    <div {...attributes} role="group" className="reactor-entries">
      {entries.map((entry, at) => (
        <div className="reactor-entry" key={at}>
          <Control
            field={entryOf(field, at)}
            draft={entry}
            path={joined(path, at)}
            label={`${label} ${at + 1}`}
            problems={problems}
            onChange={(next, how) =>
              onChange(
                entries.map((one, index) => (index === at ? next : one)),
                how,
              )
            }
          />
          {entries.length > minItems && (
            <button
              type="button"
              aria-label={`Remove ${label} ${at + 1}`}
              onClick={() =>
                onChange(
                  entries.filter((_, index) => index !== at),
                  "moved",
                )
              }
            >
              ×
            </button>
          )}
        </div>
      ))}
      {entries.length < maxItems && (
        <button type="button" aria-label={`Add to ${label}`} onClick={() => onChange([...entries, undefined], "moved")}>
          +
        </button>
      )}
    </div>
  );
}
