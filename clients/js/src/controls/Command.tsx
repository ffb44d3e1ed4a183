import { memo, useId, useRef, useState, type FocusEvent, type KeyboardEvent, type ReactElement } from "react";
import { isObject } from "../core/json";
import type { CommandError } from "../core/protocol";
import { reading, type CommandForm } from "./commands";
import { About, Control, Fields, type How } from "./Control";
import type { FrameSender } from "./frames";
import { asSentences } from "./labels";
import { joined, MISSING, type Draft, type Problems } from "./values";

interface CommandProps {
  form: CommandForm;
  draft: Draft;
  /** What is done to it counts as long as this stays the same. */
  since: string;
  /** The last refusal of this command. */
  error: CommandError | null;
  onDraft: (name: string, draft: Draft, since: string) => void;
  sender: FrameSender;
}

/** One command: its parameters, what sends it, and what came of that. */
export const Command = memo(function Command({
  form,
  draft,
  since,
  error,
  onDraft,
  sender,
}: CommandProps): ReactElement {
  const { name, isLive, parameters } = form;
  const root = useRef<HTMLDivElement>(null);
  const unsentSince = useRef<string | null>(null);
  const [triedSince, setTriedSince] = useState<string | null>(null);
  const [answered, setAnswered] = useState<CommandError | null>(null);

  const send = (next: Draft, when: "soon" | "now"): boolean => {
    const { data, isReady } = reading(parameters, next);
    setTriedSince(isReady ? null : since);
    if (!isReady) return false;
    unsentSince.current = null;
    setAnswered(error);
    sender[when](name, data);
    return true;
  };
  const change = (next: Draft, how: How): void => {
    unsentSince.current = since;
    onDraft(name, next, since);
    if (how === "held" || (isLive && how === "moved")) send(next, "soon");
  };
  const submit = (): void => {
    if (send(draft, "now")) return;
    requestAnimationFrame(() => root.current?.querySelector<HTMLElement>(FAULTY)?.focus());
  };
  const leave = ({ currentTarget, relatedTarget }: FocusEvent): void => {
    if (isLive && unsentSince.current === since && !currentTarget.contains(relatedTarget)) send(draft, "soon");
  };

  const isBare = !Object.keys(parameters.fields).length;
  const { problems } = reading(parameters, draft);
  for (const [path, problem] of problems) if (problem === MISSING && triedSince !== since) problems.set(path, "");
  if (error && error !== answered) attach(error, problems);
  return (
    <div
      ref={root}
      className={`reactor-command ${isBare ? "reactor-bare" : isLive ? "reactor-live" : ""}`}
      onBlur={leave}
      onKeyDown={(event) => {
        if (!isEnter(event)) return;
        event.preventDefault();
        submit();
      }}
    >
      <Body {...{ form, draft, problems }} onChange={change} onSubmit={submit} />
    </div>
  );
});

const FAULTY = "[aria-invalid]:is(input,select,textarea),[aria-invalid] :is(input,button)";

interface BodyProps {
  form: CommandForm;
  draft: Draft;
  problems: Problems;
  onChange: (draft: Draft, how: How) => void;
  onSubmit: () => void;
}

function Body({ form, draft, problems, onChange, onSubmit }: BodyProps): ReactElement {
  const { label, description, parameters, hasButton } = form;
  const id = useId();
  const [only, ...others] = Object.entries(parameters.fields);
  const problem = problems.get("");
  const button = hasButton && (
    <button type="button" className="reactor-send" aria-label={only && `Send ${label}`} onClick={onSubmit}>
      {only ? "Send" : label}
    </button>
  );
  if (!only || others.length) {
    return (
      <div role="group" aria-labelledby={only && id} className="reactor-parameters">
        {only && (
          <div className="reactor-label" id={id}>
            {label}
          </div>
        )}
        {!only && button}
        <About {...{ description, problem }} />
        <Fields field={parameters} path="" {...{ draft, problems, onChange }} />
        {only && button}
      </div>
    );
  }
  const [name, field] = only;
  const drafts = isObject(draft) ? draft : {};
  return (
    <Control
      field={{ ...field, description: asSentences(description, field.description, problem) }}
      draft={drafts[name]}
      path={name}
      label={label}
      problems={problems}
      onChange={(next, how) => onChange({ ...drafts, [name]: next }, how)}
      action={button}
    />
  );
}

/** Show what the model refused at the control it is about, or the nearest around it. */
function attach({ errors, message }: CommandError, problems: Problems): void {
  for (const { loc, msg } of errors.length ? errors : [{ loc: [], msg: message }]) {
    const paths = loc.map((_, end) => loc.slice(0, end + 1).reduce<string>(joined, ""));
    problems.set(paths.reverse().find((path) => problems.has(path)) ?? "", msg);
  }
}

/** Enter, where it isn't a part of what is written or the press of a button. */
function isEnter({ key, shiftKey, ctrlKey, metaKey, target, nativeEvent }: KeyboardEvent): boolean {
  if (key !== "Enter" || shiftKey || nativeEvent.isComposing || !(target instanceof Element)) return false;
  return !target.matches("button,select,[type=file]") && (!target.matches(".reactor-code") || ctrlKey || metaKey);
}
