import type { ReactElement, ReactNode } from "react";
import { Icon } from "../parts/Icon";
import { bytesText, clockText } from "../session/format";
import type { Download } from "../session/health";
import type { Scene } from "../session/scene";
import { endWords, errorWords, isGoodEnd, placeWords, sentence, stageWords, type Words } from "../session/words";

type Shown = Exclude<Scene, { kind: "live" }>;

/** What stands where the picture will be: what is happening, or what happened and what to do. */
export function Overlay({ scene, start }: { scene: Shown; start: () => void }): ReactElement {
  return (
    <div className={`overlay overlay-${scene.kind}`} role="status">
      <div key={scene.kind} className="overlay-card">
        {contentOf(scene, start)}
      </div>
    </div>
  );
}

function contentOf(scene: Shown, start: () => void): ReactNode {
  switch (scene.kind) {
    case "connecting":
      return <Busy title="Connecting" />;
    case "opening":
      return <Busy title="Waiting for the first picture" />;
    case "mending":
      return <Busy title="Reconnecting" detail="The model goes on; the picture comes back where it is by then." />;
    case "loading":
      return <LoadingCard stage={scene.stage} progress={scene.progress} download={scene.download} />;
    case "waiting":
      return <WaitingCard position={scene.position} queueLength={scene.queueLength} reason={scene.reason} />;
    case "noRuntime":
      return (
        <Busy title="The model's server is starting" detail="If this stays, look into the terminal of reactor run." />
      );
    case "loadFailed":
      return (
        <Told
          isBad
          words={{
            title: "The model didn't load",
            advice: "Correct it and save: it is loaded again, and this page goes on by itself.",
          }}
        >
          <pre className="trouble">{scene.message}</pre>
        </Told>
      );
    case "unreachable":
      return <Told isBad words={errorWords("COORDINATOR_CONNECTION_ERROR")} />;
    case "ended":
      return (
        <Told isBad={!isGoodEnd(scene.reason)} words={endWords(scene.reason)} action="Start again" onAction={start}>
          <Detail text={scene.message} />
        </Told>
      );
    case "failed":
      return (
        <Told isBad words={errorWords(scene.code)} action="Try again" onAction={start}>
          <Detail text={scene.message} />
          <p className="code">{scene.code}</p>
        </Told>
      );
    case "left":
      return (
        <Told
          words={{ title: "You left the session", advice: "The model is free for others." }}
          action="Start"
          onAction={start}
        />
      );
  }
}

function Busy({ title, detail }: { title: string; detail?: string }): ReactElement {
  return (
    <>
      <span className="pulse" aria-hidden="true" />
      <h2>{title}</h2>
      {detail && <p>{detail}</p>}
    </>
  );
}

interface LoadingProps {
  stage: string | null;
  progress: number | null;
  download: Download | null;
}

function LoadingCard({ stage, progress, download }: LoadingProps): ReactElement {
  // What fits the bytes that stand beside it: the stage's progress may be told a moment later.
  const known = download && download.totalBytes > 0 ? download.doneBytes / download.totalBytes : progress;
  const percent = known === null ? undefined : Math.round(known * 100);
  return (
    <>
      <h2>{stageWords(stage)}</h2>
      <div
        className={percent === undefined ? "progress progress-unknown" : "progress"}
        role="progressbar"
        aria-label={stageWords(stage)}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={percent}
      >
        <span style={percent === undefined ? undefined : { width: `${percent}%` }} />
      </div>
      {percent !== undefined && (
        <p className="numbers progress-ends">
          <b>{percent} %</b>
          {download?.etaS != null && <span>{clockText(download.etaS)} left</span>}
        </p>
      )}
      <p className="numbers">{download ? downloadText(download) : "The picture starts as soon as it is done."}</p>
    </>
  );
}

function downloadText({ folder, doneBytes, totalBytes, speed }: Download): string {
  const parts = [folder, `${bytesText(doneBytes)} of ${bytesText(totalBytes)}`];
  if (speed > 0) parts.push(`${bytesText(speed)}/s`);
  return parts.join(" · ");
}

const MOST_DOTS = 9;

function WaitingCard({
  position,
  queueLength,
  reason,
}: {
  position: number;
  queueLength: number;
  reason: string;
}): ReactElement {
  const dots = Math.min(Math.max(queueLength, position), MOST_DOTS);
  return (
    <>
      <ol className="queue" aria-hidden="true">
        <li className="queue-busy" />
        {Array.from({ length: dots }, (_, index) => (
          <li key={index} className={index + 1 === position ? "queue-you" : ""} />
        ))}
      </ol>
      <h2>{placeWords(position)}</h2>
      <p>
        {reason === "stopping"
          ? "The viewer before you is leaving: a moment."
          : "Somebody else is using the model. Your picture starts by itself when it is your turn."}
      </p>
    </>
  );
}

interface ToldProps {
  words: Words;
  /** Something went wrong. */
  isBad?: boolean;
  action?: string;
  onAction?: () => void;
  children?: ReactNode;
}

function Told({ words, isBad = false, action, onAction, children }: ToldProps): ReactElement {
  return (
    <>
      {isBad && (
        <span className="sign">
          <Icon name="alert" />
        </span>
      )}
      <h2>{words.title}</h2>
      {children}
      <p>{words.advice}</p>
      {action && (
        <button type="button" className="button button-main" onClick={onAction}>
          {action}
        </button>
      )}
    </>
  );
}

function Detail({ text }: { text: string }): ReactElement | null {
  return text ? <p className="detail">{sentence(text)}</p> : null;
}
