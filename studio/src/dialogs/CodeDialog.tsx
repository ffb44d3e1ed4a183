import { useState, type ReactElement } from "react";
import { CopyButton } from "../parts/CopyButton";
import { Dialog } from "../parts/Dialog";
import { SNIPPETS, type Language } from "./snippets";

const LANGUAGES = Object.keys(SNIPPETS) as Language[];

const NPM = `reactor init --frontend my-page   # it brings the SDK along
npm install ./my-page/sdk/*.tgz   # in an app that you have`;

/** What makes the snippet's imports known, in a terminal. */
const INSTALLS: Record<Language, string> = {
  React: NPM,
  Python: ". .venv/bin/activate   # in Reactor Local's own folder",
  JavaScript: NPM,
};

/** How a program of the user's own connects to what is served here. */
export function CodeDialog({ modelName, onClose }: { modelName: string; onClose: () => void }): ReactElement {
  const [language, setLanguage] = useState<Language>("React");
  const socket = new URL("ws", document.baseURI);
  socket.protocol = socket.protocol === "https:" ? "wss:" : "ws:";
  const text = SNIPPETS[language](socket.href, modelName || "model");
  return (
    <Dialog title="Use from code" onClose={onClose}>
      <div className="code-head">
        <div className="segments" role="group" aria-label="Language">
          {LANGUAGES.map((name) => (
            <button key={name} type="button" aria-pressed={name === language} onClick={() => setLanguage(name)}>
              {name}
            </button>
          ))}
        </div>
        <CopyButton text={() => text} />
      </div>
      <pre className="snippet" tabIndex={0} aria-label="Installation">
        {INSTALLS[language]}
      </pre>
      <pre className="snippet" tabIndex={0} aria-label="Program">
        {text}
      </pre>
      <p className="hint">
        One client has the model at a time: your program waits while this page is in session. The server says more at{" "}
        <a href="health">health</a>, <a href="capabilities">capabilities</a> and <a href="metrics">metrics</a>.
      </p>
    </Dialog>
  );
}
