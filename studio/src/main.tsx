import { ReactorProvider } from "@reactor-local/js-sdk";
import { StrictMode, useState, type ReactElement } from "react";
import { createRoot } from "react-dom/client";
import { useHealth, type Seen } from "./session/health";
import { Studio } from "./Studio";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/layout.css";
import "./styles/stage.css";
import "./styles/panels.css";
import "./styles/controls.css";

const SOCKET = new URL("ws", document.baseURI).href;

/** Asks for a session as soon as it is known which model is served. */
function Page(): ReactElement {
  const [isCalm, setIsCalm] = useState(false);
  const seen = useHealth(isCalm);
  const [modelName, setModelName] = useState("");
  const served = nameIn(seen);
  if (served && served !== modelName) setModelName(served);
  return (
    <ReactorProvider modelName={modelName} coordinatorUrl={SOCKET} queueing autoConnect={modelName !== ""}>
      <Studio seen={seen} onCalm={setIsCalm} />
    </ReactorProvider>
  );
}

function nameIn(seen: Seen): string {
  return seen === null || seen === "unreachable" ? "" : seen.model.name;
}

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <Page />
    </StrictMode>,
  );
}
