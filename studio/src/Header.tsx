import { useState, type ReactElement } from "react";
import { Icon } from "./parts/Icon";
import type { Seen } from "./session/health";
import type { Scene } from "./session/scene";
import { CodeDialog } from "./dialogs/CodeDialog";
import { LanDialog } from "./dialogs/LanDialog";

interface Props {
  model: { name: string; version: string };
  seen: Seen;
  scene: Scene;
  leave: () => void;
}

// There is nothing to leave.
const AT_REST = new Set<Scene["kind"]>([
  "loading",
  "ended",
  "failed",
  "left",
  "unreachable",
  "loadFailed",
  "noRuntime",
]);

/** Which model this is, and what concerns the page as a whole. */
export function Header({ model, seen, scene, leave }: Props): ReactElement {
  const [open, setOpen] = useState<"code" | "lan" | null>(null);
  const lanUrl = seen && seen !== "unreachable" ? seen.lanUrl : null;
  const close = (): void => setOpen(null);
  return (
    <header className="header">
      <svg className="mark" viewBox="0 0 32 32" aria-hidden="true">
        <circle cx="16" cy="16" r="4.4" />
        <path d="M16 5.5A10.5 10.5 0 0 1 26.5 16M16 26.5A10.5 10.5 0 0 1 5.5 16" />
      </svg>
      <h1 key={model.name}>
        {model.name || "Reactor Local"} {model.version && <span className="version">{model.version}</span>}
      </h1>
      <nav aria-label="Page">
        {lanUrl && (
          <button type="button" className="button button-quiet" onClick={() => setOpen("lan")}>
            <Icon name="lan" /> <span className="wide-only">Other devices</span>
          </button>
        )}
        <button type="button" className="button button-quiet" onClick={() => setOpen("code")}>
          <Icon name="code" /> <span className="wide-only">Use from code</span>
        </button>
        <button type="button" className="button" onClick={leave} disabled={AT_REST.has(scene.kind)}>
          Leave
        </button>
      </nav>
      {open === "code" && <CodeDialog modelName={model.name} onClose={close} />}
      {open === "lan" && lanUrl && <LanDialog url={lanUrl} onClose={close} />}
    </header>
  );
}
