import { useCallback, useEffect, useMemo, useRef, useState, type ReactElement } from "react";
import { useStyleSheet } from "../react/stylesheet";
import { Command } from "./Command";
import type { CommandControlsProps } from "./CommandControls";
import { formsOf } from "./commands";
import { FrameSender } from "./frames";
import { CSS } from "./styles";
import type { Draft } from "./values";

/** A control for each of a model's commands. What was typed stays when the commands change. */
export function Panel(props: CommandControlsProps): ReactElement {
  const { capabilities, onCommand, commandError, disabled = false, className = "", style } = props;
  useStyleSheet(CSS);
  const forms = useMemo(() => capabilities && formsOf(capabilities), [capabilities]);
  const [drafts, setDrafts] = useState<Record<string, Draft>>({});
  const change = useCallback((name: string, draft: Draft) => setDrafts((all) => ({ ...all, [name]: draft })), []);
  const send = useSending(onCommand);
  return (
    <fieldset className={`reactor-controls ${className}`} style={style} disabled={disabled} aria-label="Controls">
      {forms?.map((form) => (
        <Command
          key={form.name}
          form={form}
          draft={drafts[form.name]}
          error={commandError?.command === form.name ? commandError : null}
          onDraft={change}
          onSend={send}
        />
      ))}
      {!forms?.length && (
        <p className="reactor-note">{forms ? "This model has no controls." : "The controls come with the model."}</p>
      )}
    </fieldset>
  );
}

type Sending = (name: string, data: object, soon: boolean) => void;

function useSending(onCommand: CommandControlsProps["onCommand"]): Sending {
  const latest = useRef(onCommand);
  const sender = useRef<FrameSender>(null);
  useEffect(() => {
    latest.current = onCommand;
  }, [onCommand]);
  useEffect(() => {
    const own = new FrameSender((name, data) => latest.current(name, data));
    sender.current = own;
    document.addEventListener("visibilitychange", own.flush);
    return () => {
      document.removeEventListener("visibilitychange", own.flush);
      own.flush();
    };
  }, []);
  return useCallback((name, data, soon) => sender.current?.[soon ? "soon" : "now"](name, data), []);
}
