import { useEffect, useRef, useState, type CSSProperties, type ReactElement, type RefObject } from "react";
import type { MediaTrack } from "../core/mediaRoom";
import { useReactor } from "./hooks";
import { MEDIA_CSS } from "./mediaStyles";
import { useStyleSheet } from "./stylesheet";
import { usePicture } from "./usePicture";
import { viewStatus } from "./viewStatus";

export interface ReactorViewProps {
  /** CSS lengths, or pixels. Default: the whole width, at 16 to 9. */
  width?: number | string | undefined;
  height?: number | string | undefined;
  className?: string | undefined;
  style?: CSSProperties | undefined;
  /** Default: "contain", all of the picture. */
  videoObjectFit?: NonNullable<CSSProperties["objectFit"]> | undefined;
  /** Without the model's sound. Default: false; where the browser wants a click first, there is a button. */
  muted?: boolean | undefined;
  /** On a telephone: in the page, not in full screen. Default: true. */
  playsInline?: boolean | undefined;
}

/** The model's picture; until there is one, what is being waited for. */
export function ReactorView(props: ReactorViewProps): ReactElement {
  const { width, height, className = "", style, videoObjectFit = "contain", muted = false, playsInline = true } = props;
  useStyleSheet(MEDIA_CSS);
  const video = useRef<HTMLVideoElement>(null);
  const audio = useRef<HTMLAudioElement>(null);
  const videoTrack = useReactor((session) => session.videoTrack);
  const audioTrack = useReactor((session) => (muted ? null : session.audioTrack));
  const playVideo = useAttached(video, videoTrack);
  const playAudio = useAttached(audio, audioTrack);
  const play = (): void => {
    playVideo?.();
    playAudio?.();
  };
  const isShown = usePicture(video, videoTrack);
  return (
    <div className={`reactor-view ${className}`} style={{ width, height, ...style }}>
      <video
        ref={video}
        aria-label="The model's picture"
        style={{ objectFit: videoObjectFit }}
        playsInline={playsInline}
        autoPlay
        muted
      />
      <audio ref={audio} autoPlay />
      <Status isShown={isShown} />
      {(playVideo ?? playAudio) && (
        <button type="button" className="reactor-unblock" onClick={play}>
          {isShown ? "Turn the sound on" : "Play"}
        </button>
      )}
    </div>
  );
}

function Status({ isShown }: { isShown: boolean }): ReactElement {
  const { state, title, detail, progress, action } = useReactor(viewStatus);
  const connect = useReactor((session) => session.connect);
  const hidden = isShown && state === "starting";
  return (
    <div className="reactor-status" data-state={hidden ? "playing" : state}>
      <div role="status">
        {!hidden && (
          <>
            <strong>{title}</strong>
            {detail && <p>{detail}</p>}
            {progress !== undefined && <progress aria-label={title} value={progress ?? undefined} />}
          </>
        )}
      </div>
      {action && (
        <button type="button" onClick={() => void connect()}>
          {action}
        </button>
      )}
    </div>
  );
}

/** Returns what plays it from a click, where the browser wants one. */
function useAttached(ref: RefObject<HTMLMediaElement | null>, track: MediaTrack | null): (() => void) | null {
  const [blocked, setBlocked] = useState<MediaTrack | null>(null);
  useEffect(() => {
    const element = ref.current;
    if (!element || !track) return;
    track.attach(element);
    element.play().catch((cause: unknown) => {
      if (cause instanceof DOMException && cause.name === "NotAllowedError") setBlocked(track);
    });
    return () => void track.detach(element);
  }, [ref, track]);
  if (!track || blocked !== track) return null;
  return () => {
    void ref.current?.play();
    setBlocked(null);
  };
}
