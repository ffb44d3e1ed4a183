import { useCallback, useEffect, useMemo, useState, type ReactElement } from "react";
import { useStyleSheet } from "../react/stylesheet";
import { useLatest } from "../react/useLatest";
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
  const sender = useSender(onCommand);
  return (
    <fieldset className={`reactor-controls ${className}`} style={style} disabled={disabled} aria-label="Controls">
      {forms?.map((form) => (
        <Command
          key={form.name}
          form={form}
          draft={drafts[form.name]}
          error={commandError?.command === form.name ? commandError : null}
          onDraft={change}
          sender={sender}
        />
      ))}
      {!forms?.length && (
        <p className="reactor-note">{forms ? "This model has no controls." : "The controls come with the model."}</p>
      )}
    </fieldset>
  );
}

function useSender(onCommand: CommandControlsProps["onCommand"]): FrameSender {
  const latest = useLatest(onCommand);
  const sender = useMemo(() => new FrameSender((name, data) => latest.current(name, data)), [latest]);
  useEffect(() => {
    document.addEventListener("visibilitychange", sender.flush);
    return () => {
      document.removeEventListener("visibilitychange", sender.flush);
      sender.flush();
    };
  }, [sender]);
  return sender;
}
