import { useReactor, type Capabilities } from "@reactor-local/js-sdk";
import { useEffect, useRef, useState, type ReactElement } from "react";
import { Figures } from "./figures/Figures";
import { Header } from "./Header";
import { InputPanel } from "./inputs/InputPanel";
import { LogPanel } from "./log/LogPanel";
import { Controls, PendingControls } from "./Controls";
import type { Seen } from "./session/health";
import { useCapabilities } from "./session/useCapabilities";
import type { Scene } from "./session/scene";
import { useStudio } from "./session/useStudio";
import { Stage } from "./stage/Stage";

interface Props {
  seen: Seen;
  /** A session runs: nothing is to be looked for. */
  onCalm: (isCalm: boolean) => void;
}

// Its controls aren't on their way.
const WITHOUT_MODEL = new Set<Scene["kind"]>(["loadFailed", "noRuntime", "unreachable"]);

/** The whole page. */
export function Studio({ seen, onCalm }: Props): ReactElement {
  const { scene, log, start, leave, canSend, send, onPicture } = useStudio(seen);
  const { told, stats } = useReactor((store) => ({ told: store.capabilities, stats: store.stats }));
  const capabilities = useCapabilities(told, seen);
  const model = useServedModel(seen, told);
  const video = useRef<HTMLVideoElement>(null);
  const isLive = scene.kind === "live";
  useEffect(() => onCalm(isLive), [isLive, onCalm]);
  return (
    <div className="studio">
      <Header model={model} seen={seen} scene={scene} leave={leave} />
      <main className="layout">
        <Stage video={video} scene={scene} modelName={model.name} start={start} onPicture={onPicture} />
        {capabilities ? (
          <aside key="known" className="side" aria-label="Inputs">
            <Inputs capabilities={capabilities} />
            <Controls {...{ capabilities, canSend, send }} />
          </aside>
        ) : (
          <aside className="side" aria-label="Inputs">
            <PendingControls isComing={!WITHOUT_MODEL.has(scene.kind)} />
          </aside>
        )}
        <Figures stats={stats} video={video} />
        <LogPanel log={log} />
      </main>
    </div>
  );
}

function Inputs({ capabilities }: { capabilities: Capabilities }): ReactElement[] {
  const taken = new Set(capabilities.tracks?.filter((track) => track.direction === "in").map((track) => track.kind));
  return [...taken].map((kind) => <InputPanel key={kind} kind={kind} />);
}

/** Which model is served: kept while the server is away. */
function useServedModel(seen: Seen, capabilities: Capabilities | null): { name: string; version: string } {
  const [known, setKnown] = useState({ name: "", version: "" });
  const told = capabilities?.model ?? (seen && seen !== "unreachable" ? seen.model : null);
  if (told?.name && (told.name !== known.name || told.version !== known.version)) setKnown(told);
  useEffect(() => {
    document.title = known.name ? `${known.name} · Reactor Local` : "Reactor Local";
  }, [known.name]);
  return known;
}
