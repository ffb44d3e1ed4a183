import { useEffect, useRef, type CSSProperties, type ReactElement } from "react";
import { useReactor } from "./hooks";
import { MEDIA_CSS } from "./mediaStyles";
import { useStyleSheet } from "./stylesheet";
import { usePublished, useUserMedia } from "./useUserMedia";

export interface WebcamStreamProps {
  className?: string | undefined;
  style?: CSSProperties | undefined;
  /** Default: 640 x 480 at 30 frames a second, or what comes closest. */
  videoConstraints?: MediaTrackConstraints | undefined;
  /** Show what the camera sees. Default: true; problems are told in any case. */
  showWebcam?: boolean | undefined;
  /** Default: "contain", all of the picture. */
  videoObjectFit?: NonNullable<CSSProperties["objectFit"]> | undefined;
}

const DEFAULT = { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 30 } };

/** The user's camera, on while this is mounted, and sent to the model. */
export function WebcamStream(props: WebcamStreamProps): ReactElement {
  const { className = "", style, videoConstraints = DEFAULT, showWebcam = true, videoObjectFit = "contain" } = props;
  useStyleSheet(MEDIA_CSS);
  const { state, stream, message, retry } = useUserMedia("video", videoConstraints);
  usePublished("video", stream);
  const refused = useReactor(({ lastError }) => (lastError?.code === "VIDEO_PUBLISH_FAILED" ? lastError.message : ""));
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    if (video.current) video.current.srcObject = stream;
  }, [stream, showWebcam]);
  const problem = message || (stream ? refused : "");
  const words = problem || (showWebcam && state === "starting" ? "The camera starts" : "");
  return (
    <div className={`reactor-webcam ${className}`} style={style} hidden={!showWebcam && !words}>
      {showWebcam && (
        <video ref={video} aria-label="Your camera" style={{ objectFit: videoObjectFit }} autoPlay muted playsInline />
      )}
      <div className="reactor-status" data-state={words ? state : "playing"}>
        <div role="status">{words}</div>
        {message && (
          <button type="button" onClick={retry}>
            Try again
          </button>
        )}
      </div>
    </div>
  );
}
