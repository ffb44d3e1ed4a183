import { useEffect, useReducer, useState } from "react";
import { useReactor } from "./hooks";
import { openInput, STARTING, type InputKind, type InputStatus } from "./userMedia";

export interface UserMedia extends InputStatus {
  /** What there is to choose from; with names once the user has allowed one. */
  devices: MediaDeviceInfo[];
  /** Ask again. */
  retry: () => void;
}

/**
 * The user's camera or microphone: open while the component is mounted. Other constraints, such as a `deviceId`, open it
 * again; a new object with the same entries doesn't.
 */
export function useUserMedia(kind: InputKind, constraints: MediaTrackConstraints = {}): UserMedia {
  const [status, setStatus] = useState(STARTING);
  const [devices, setDevices] = useState<MediaDeviceInfo[]>([]);
  const [attempt, retry] = useReducer((count: number) => count + 1, 0);
  const wanted = JSON.stringify(constraints);
  useEffect(() => {
    const close = openInput(kind, JSON.parse(wanted) as MediaTrackConstraints, setStatus);
    return () => {
      close();
      setStatus(STARTING);
    };
  }, [kind, wanted, attempt]);
  const { state } = status;
  useEffect(() => {
    const media = navigator.mediaDevices as MediaDevices | undefined;
    if (!media) return;
    let over = false;
    const look = async (): Promise<void> => {
      const found = await media.enumerateDevices();
      if (!over) setDevices(found.filter((device) => device.kind === `${kind}input`));
    };
    const onChange = (): void => {
      void look();
      if (state === "missing") retry();
    };
    void look();
    media.addEventListener("devicechange", onChange);
    return () => {
      over = true;
      media.removeEventListener("devicechange", onChange);
    };
  }, [kind, state]);
  return { ...status, devices, retry };
}

/** Send a stream to the model while there is one; a session that begins or comes back gets it by itself. */
export function usePublished(kind: InputKind, stream: MediaStream | null): void {
  const [publish, unpublish] = useReactor((session) =>
    kind === "video"
      ? [session.publishVideoStream, session.unpublishVideoStream]
      : [session.publishAudioStream, session.unpublishAudioStream],
  );
  useEffect(() => {
    if (!stream) return;
    void publish(stream);
    return () => void unpublish();
  }, [stream, publish, unpublish]);
}
