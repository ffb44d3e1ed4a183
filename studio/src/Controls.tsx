import { CommandControls, useReactor, type Capabilities } from "@reactor-local/js-sdk";
import type { ReactElement } from "react";

interface Props {
  capabilities: Capabilities | null;
  send: (name: string, data: object) => void;
}

const COMMAND = `@command("set_mood")
def set_mood(self, mood: str):
    self.mood = mood`;

/** What the model can be told. */
export function Controls({ capabilities, send }: Props): ReactElement {
  const commandError = useReactor((store) => store.commandError);
  const hasNone = capabilities !== null && Object.keys(capabilities.commands).length === 0;
  return (
    <section className={capabilities ? "controls panel" : "controls controls-pending panel"} aria-label="Controls">
      <header className="panel-head">
        <h2>Controls</h2>
      </header>
      {hasNone ? (
        <NoCommands />
      ) : (
        <CommandControls capabilities={capabilities} onCommand={send} commandError={commandError} />
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
