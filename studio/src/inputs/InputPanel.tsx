import { usePublished, useUserMedia } from "@reactor-local/js-sdk";
import { useEffect, useRef, useState, type ReactElement } from "react";
import { Icon } from "../parts/Icon";

type Kind = "video" | "audio";

const NAMES = { video: "Camera", audio: "Microphone" };
const CAMERA: MediaTrackConstraints = { width: { ideal: 1280 }, height: { ideal: 720 } };

/** The camera or the microphone that the model takes: off until it is asked for. */
export function InputPanel({ kind }: { kind: Kind }): ReactElement {
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
  kind: Kind;
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
      {message && (
        <p className="hint hint-bad" role="alert">
          {message}{" "}
          <button type="button" className="link" onClick={retry}>
            Try again
          </button>
        </p>
      )}
      {kind === "video" && !message && <Preview stream={stream} />}
      {kind === "audio" && !message && (
        <p className="hint">{state === "live" ? "The model hears you." : "Starting …"}</p>
      )}
      {known.length > 1 && (
        <label className="field">
          <span>Device</span>
          <select value={deviceId || idOf(stream)} onChange={(event) => onDevice(event.target.value)}>
            {known.map((device) => (
              <option key={device.deviceId} value={device.deviceId}>
                {device.label}
              </option>
            ))}
          </select>
        </label>
      )}
    </>
  );
}

function idOf(stream: MediaStream | null): string | undefined {
  return stream?.getTracks()[0]?.getSettings().deviceId;
}

function Preview({ stream }: { stream: MediaStream | null }): ReactElement {
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    if (video.current) video.current.srcObject = stream;
  }, [stream]);
  return <video ref={video} className="preview" autoPlay muted playsInline aria-label="Your camera" />;
}
