import { useReactor } from "@reactor-local/js-sdk";
import { useEffect, useRef, useState, type ReactElement, type RefObject } from "react";
import { IconButton } from "../parts/IconButton";
import { clockText, fileStem } from "../session/format";
import type { Scene } from "../session/scene";
import { save, screenshot } from "./capture";
import { LastSeen } from "./LastSeen";
import { Overlay } from "./Overlay";
import { Screen } from "./Screen";
import { StatePill } from "./StatePill";
import { useFullScreen } from "./useFullScreen";
import { useRecorder } from "./useRecorder";

interface Props {
  video: RefObject<HTMLVideoElement | null>;
  scene: Scene;
  modelName: string;
  start: () => void;
  onPicture: () => void;
}

/** The picture, what stands in its place while there is none, and what can be done with it. */
export function Stage({ video, scene, modelName, start, onPicture }: Props): ReactElement {
  const stage = useRef<HTMLElement>(null);
  const track = useReactor((store) => store.videoTrack);
  const [flash, setFlash] = useState(0);
  const fullScreen = useFullScreen(stage);
  const fileName = (): string => fileStem(modelName, new Date());
  const recorder = useRecorder(track, fileName);
  const isLive = scene.kind === "live";
  const photograph = async (): Promise<void> => {
    const picture = video.current && (await screenshot(video.current));
    if (!picture) return;
    save(picture, `${fileName()}.png`);
    setFlash((count) => count + 1);
  };
  return (
    <section ref={stage} className={`stage stage-${scene.kind}`} aria-label="Picture">
      <div className="frame">
        <Screen video={video} track={track} onPicture={onPicture} />
        <LastSeen video={video} isLive={isLive} />
        {flash > 0 && <div key={flash} className="flash" />}
        {scene.kind !== "live" && <Overlay scene={scene} start={start} />}
      </div>
      <div className="stage-bar">
        <StatePill scene={scene} />
        <div className="tools">
          <Sound />
          <IconButton icon="photo" label="Save a picture" disabled={!isLive} onClick={() => void photograph()} />
          <button
            type="button"
            className="icon-button record"
            aria-pressed={recorder.seconds !== null}
            aria-label={recorder.seconds === null ? "Record" : "Stop recording and save"}
            title={recorder.seconds === null ? "Record" : "Stop recording and save"}
            disabled={!recorder.canRecord || !isLive}
            onClick={recorder.seconds === null ? recorder.start : recorder.stop}
          >
            <span className="record-dot" />
            {recorder.seconds !== null && <span className="numbers">{clockText(recorder.seconds)}</span>}
          </button>
          {fullScreen.toggle && (
            <IconButton
              icon={fullScreen.isFull ? "shrink" : "expand"}
              label={fullScreen.isFull ? "Leave full screen" : "Full screen"}
              onClick={fullScreen.toggle}
            />
          )}
        </div>
      </div>
    </section>
  );
}

/** The model's sound, for models that have any: silent until it is asked for, as browsers want it. */
function Sound(): ReactElement | null {
  const track = useReactor((store) => store.audioTrack);
  const startAudio = useReactor((store) => store.startAudio);
  const [isOn, setIsOn] = useState(false);
  const element = useRef<HTMLAudioElement>(null);
  useEffect(() => {
    const { current } = element;
    if (!track || !current || !isOn) return;
    track.attach(current);
    return () => void track.detach(current);
  }, [track, isOn]);
  if (!track) return null;
  const toggle = (): void => {
    setIsOn(!isOn);
    void startAudio();
  };
  return (
    <>
      <audio ref={element} autoPlay />
      <IconButton
        icon={isOn ? "sound" : "silent"}
        label={isOn ? "Silence" : "Sound on"}
        aria-pressed={isOn}
        onClick={toggle}
      />
    </>
  );
}
