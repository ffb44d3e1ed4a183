import { useCallback, useEffect, useMemo, useState, type ReactElement } from "react";
import { useStyleSheet } from "../react/stylesheet";
import { useLatest } from "../react/useLatest";
import { Command } from "./Command";
import type { CommandControlsProps } from "./CommandControls";
import { formsOf } from "./commands";
import { FrameSender } from "./frames";
import { CSS } from "./styles";
import type { Draft } from "./values";

/** Drafts by their commands, each with the session that it was made for: "" for any. */
type Drafts = Record<string, { draft: Draft; since: string }>;

/** A control for each of a model's commands. What was typed stays when the commands change. */
export function Panel(props: CommandControlsProps): ReactElement {
  const { capabilities, sessionId, onCommand, commandError, disabled = false, className = "", style } = props;
  useStyleSheet(CSS);
  const forms = useMemo(() => capabilities && formsOf(capabilities), [capabilities]);
  const session = useLastSession(sessionId);
  const [drafts, setDrafts] = useState<Drafts>({});
  const change = useCallback(
    (name: string, draft: Draft, since: string) => setDrafts((all) => ({ ...all, [name]: { draft, since } })),
    [],
  );
  const sender = useSender(onCommand, sessionId);
  return (
    <fieldset className={`reactor-controls ${className}`} style={style} disabled={disabled} aria-label="Controls">
      {forms?.map((form) => {
        const since = form.isLive ? session : "";
        const made = drafts[form.name];
        return (
          <Command
            key={form.name}
            form={form}
            draft={made?.since === since ? made.draft : undefined}
            since={since}
            error={commandError?.command === form.name ? commandError : null}
            onDraft={change}
            sender={sender}
          />
        );
      })}
      {!forms?.length && (
        <p className="reactor-note">{forms ? "This model has no controls." : "The controls come with the model."}</p>
      )}
    </fieldset>
  );
}

/** The latest session there was: one that is resumed finds its controls as they were. */
function useLastSession(sessionId: string | null = null): string {
  const [last, setLast] = useState(sessionId ?? "");
  if (sessionId && sessionId !== last) setLast(sessionId);
  return last;
}

/** What waits for the next frame goes out while its own session is the latest. */
function useSender(
  onCommand: CommandControlsProps["onCommand"],
  sessionId: CommandControlsProps["sessionId"],
): FrameSender {
  const latest = useLatest(onCommand);
  const sender = useMemo(() => new FrameSender((name, data) => latest.current(name, data)), [latest]);
  useEffect(() => {
    document.addEventListener("visibilitychange", sender.flush);
    return () => {
      document.removeEventListener("visibilitychange", sender.flush);
      sender.flush();
    };
  }, [sender, sessionId]);
  return sender;
}
