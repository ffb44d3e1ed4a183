import { usePublished, useUserMedia, type InputKind } from "@reactor-local/js-sdk";
import { useEffect, useRef, useState, type ReactElement } from "react";
import { Icon } from "../parts/Icon";
import { Level } from "./Level";

const NAMES = { video: "Camera", audio: "Microphone" };
const CAMERA: MediaTrackConstraints = { width: { ideal: 1280 }, height: { ideal: 720 } };

/** The camera or the microphone that the model takes: off until it is asked for. */
export function InputPanel({ kind }: { kind: InputKind }): ReactElement {
  const [isOn, setIsOn] = useState(false);
  const [deviceId, setDeviceId] = useState("");
  const name = NAMES[kind];
  return (
    <section className="panel input" aria-label={name}>
      <header className="panel-head">
        <h2>{name}</h2>
        <button type="button" className={isOn ? "button" : "button button-main"} onClick={() => setIsOn(!isOn)}>
          <Icon name={kind === "video" ? "camera" : "microphone"} /> {isOn ? "Turn off" : "Turn on"}
        </button>
      </header>
      {isOn ? (
        <Running kind={kind} deviceId={deviceId} onDevice={setDeviceId} />
      ) : (
        <p className="hint">This model takes your {name.toLowerCase()}. It goes to the model only.</p>
      )}
    </section>
  );
}

interface RunningProps {
  kind: InputKind;
  /** "": the browser's choice. */
  deviceId: string;
  onDevice: (deviceId: string) => void;
}

function Running({ kind, deviceId, onDevice }: RunningProps): ReactElement {
  const { state, stream, message, devices, retry } = useUserMedia(kind, {
    ...(kind === "video" ? CAMERA : {}),
    ...(deviceId ? { deviceId: { exact: deviceId } } : {}),
  });
  usePublished(kind, stream);
  const known = devices.filter((device) => device.deviceId !== "");
  return (
    <>
      <div className={`viewer viewer-${kind}`}>
        {message ? (
          <div role="alert" className="viewer-note">
            <p>{message}</p>
            <button type="button" className="button" onClick={retry}>
              Try again
            </button>
          </div>
        ) : (
          <Preview kind={kind} stream={stream} isLive={state === "live"} />
        )}
      </div>
      <select
        className="device"
        aria-label={`Which ${NAMES[kind].toLowerCase()}`}
        value={deviceId || idOf(stream)}
        disabled={known.length < 2}
        onChange={(event) => onDevice(event.target.value)}
      >
        {known.length === 0 && <option>No device yet</option>}
        {known.map((device) => (
          <option key={device.deviceId} value={device.deviceId}>
            {device.label}
          </option>
        ))}
      </select>
    </>
  );
}

function idOf(stream: MediaStream | null): string | undefined {
  return stream?.getTracks()[0]?.getSettings().deviceId;
}

interface PreviewProps {
  kind: InputKind;
  stream: MediaStream | null;
  isLive: boolean;
}

function Preview({ kind, stream, isLive }: PreviewProps): ReactElement {
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    if (video.current) video.current.srcObject = stream;
  }, [stream]);
  if (kind === "audio") return isLive ? <Level stream={stream} /> : <p className="viewer-note">Starting …</p>;
  return (
    <>
      {!isLive && <p className="viewer-note">Starting …</p>}
      <video ref={video} className="preview" autoPlay muted playsInline aria-label="Your camera" />
    </>
  );
}
