import { CommandControls, useReactor, type Capabilities } from "@reactor-local/js-sdk";
import type { ReactElement } from "react";

interface Props {
  capabilities: Capabilities;
  canSend: boolean;
  send: (name: string, data: object) => void;
}

const COMMAND = `@command("set_mood")
def set_mood(self, mood: str):
    self.mood = mood`;

const HEAD = (
  <header className="panel-head">
    <h2>Controls</h2>
  </header>
);

/** What the model can be told; to be looked at only while nothing reaches it. */
export function Controls({ capabilities, canSend, send }: Props): ReactElement {
  const session = useReactor(({ sessionId, commandError }) => ({ sessionId, commandError }));
  const hasNone = Object.keys(capabilities.commands).length === 0;
  return (
    // While nothing in it takes the focus, it does itself, so that the keyboard can scroll it.
    <section className="controls panel" aria-label="Controls" tabIndex={canSend && !hasNone ? undefined : 0}>
      {HEAD}
      {hasNone ? (
        <NoCommands />
      ) : (
        <CommandControls {...session} capabilities={capabilities} onCommand={send} disabled={!canSend} />
      )}
    </section>
  );
}

function NoCommands(): ReactElement {
  return (
    <div className="no-commands">
      <p className="hint">
        This model plays by itself: it has no commands. Each method with this decorator gets controls:
      </p>
      <pre>{COMMAND}</pre>
    </div>
  );
}

/**
 * The place of the controls while nobody knows them.
 *
 * @param isComing they are on their way, and their code is fetched meanwhile; else there is no model that has any.
 */
export function PendingControls({ isComing }: { isComing: boolean }): ReactElement {
  return (
    <section className="controls panel" aria-label="Controls">
      {HEAD}
      {isComing ? (
        <>
          <div className="pending" aria-hidden="true">
            <span />
            <span />
            <span />
            <span />
          </div>
          <CommandControls capabilities={null} onCommand={() => undefined} />
        </>
      ) : (
        <p className="hint">They appear here once the model has loaded.</p>
      )}
    </section>
  );
}
