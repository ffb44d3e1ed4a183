// In the place of livekit-client (vitest.config.ts): only what goes over the border is played.

export { FakeRoom as Room } from "./border";
export const DisconnectReason = { DUPLICATE_IDENTITY: 2 };
export const RoomEvent = {
  TrackSubscribed: "trackSubscribed",
  TrackUnsubscribed: "trackUnsubscribed",
  Reconnecting: "reconnecting",
  Reconnected: "reconnected",
  Disconnected: "disconnected",
};
export const Track = {
  Kind: { Video: "video", Audio: "audio" },
  Source: { Camera: "camera", Microphone: "microphone" },
};
