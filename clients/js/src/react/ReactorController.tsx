import type { CSSProperties, ReactElement } from "react";
import { CommandControls } from "../controls";
import { useReactor, useReactorStore } from "./hooks";

export interface ReactorControllerProps {
  className?: string | undefined;
  style?: CSSProperties | undefined;
}

/** Controls for the model's commands, made from its capabilities. */
export function ReactorController({ className, style }: ReactorControllerProps): ReactElement {
  const store = useReactorStore();
  const session = useReactor(({ status, capabilities, sessionId, commandError }) => ({
    capabilities,
    sessionId,
    commandError,
    disabled: status === "disconnected",
  }));
  const onCommand = (name: string, data: object): void => {
    const { sessionId, sendCommand } = store.getState();
    if (sessionId) void sendCommand(name, data); // else a pad that went with its session lets go of a key
  };
  return <CommandControls {...session} {...{ onCommand, className, style }} />;
}
