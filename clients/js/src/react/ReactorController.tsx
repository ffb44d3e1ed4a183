import type { CSSProperties, ReactElement } from "react";
import { CommandControls } from "../controls";
import { useReactor } from "./hooks";

export interface ReactorControllerProps {
  className?: string | undefined;
  style?: CSSProperties | undefined;
}

/** Controls for the model's commands, made from its capabilities. */
export function ReactorController({ className, style }: ReactorControllerProps): ReactElement {
  const session = useReactor(({ status, capabilities, commandError, sendCommand }) => ({
    status,
    capabilities,
    commandError,
    sendCommand,
  }));
  return (
    <CommandControls
      capabilities={session.capabilities}
      commandError={session.commandError}
      onCommand={(name, data) => void session.sendCommand(name, data)}
      disabled={session.status === "disconnected"}
      className={className}
      style={style}
    />
  );
}
