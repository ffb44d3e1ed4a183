import { useEffect, useState, type ComponentType, type CSSProperties, type ReactElement } from "react";
import type { Capabilities, CommandError } from "../core/protocol";

export interface CommandControlsProps {
  /** What the model takes; null while nobody knows. */
  capabilities: Capabilities | null;
  /** Whose they are; null between two sessions. With another one, what is sent by itself shows its defaults again. */
  sessionId?: string | null | undefined;
  /** Called with what to send, at most once a frame for each command; the last value always. */
  onCommand: (name: string, data: object) => void;
  /** The model's last refusal, shown beside the control it is about until its command is sent again. */
  commandError?: CommandError | null | undefined;
  /** Nothing can be changed: there is nobody to send to. */
  disabled?: boolean | undefined;
  className?: string | undefined;
  style?: CSSProperties | undefined;
}

let fetched: ComponentType<CommandControlsProps> | undefined;

/**
 * A control for each of a model's commands. What was typed stays when the commands change; in another session what is sent by itself
 * begins anew, as the model does.
 *
 * Its code is half of the SDK's: it is fetched while the page connects, and what shows the picture doesn't wait for it.
 */
export function CommandControls(props: CommandControlsProps): ReactElement | null {
  const [Panel, setPanel] = useState(() => fetched);
  const [isLost, setLost] = useState(false);
  useEffect(() => {
    if (Panel) return;
    import("./Panel").then(
      (found) => {
        fetched = found.Panel;
        setPanel(() => found.Panel);
      },
      () => setLost(true),
    );
  }, [Panel]);
  if (Panel) return <Panel {...props} />;
  return isLost ? <p role="alert">The controls can't be fetched. Reload the page.</p> : null;
}
