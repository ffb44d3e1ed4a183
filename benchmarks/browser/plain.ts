// A page as a front end's author writes it: plain livekit-client, and a clock. The floor, and the product without our SDK.

import { Room, RoomEvent } from "livekit-client";
import { firstSeen, seenWithin } from "./barcode";

const video = document.createElement("video");
video.muted = video.playsInline = video.autoplay = true;
document.body.append(video);

interface ServerMessage {
  type: string;
  data: { message: string; livekitWsUrl: string; livekitJwtToken: string };
}

/** Join a room and do something with its video. */
async function inRoom<Found>(url: string, token: string, work: () => Promise<Found>): Promise<Found> {
  const room = new Room();
  room.on(RoomEvent.TrackSubscribed, (track) => track.kind === "video" && track.attach(video));
  const working = work();
  try {
    await room.connect(url, token);
    return await working;
  } finally {
    await room.disconnect();
    video.srcObject = null;
  }
}

/** The floor: milliseconds from having a token to the first marked picture. */
export async function floorFirstFrame(url: string, token: string): Promise<number> {
  const asked = performance.now();
  return (await inRoom(url, token, () => firstSeen(video))) - asked;
}

/** The floor: the pictures of a stretch of video, after it has settled. */
export function floorPictures(
  url: string,
  token: string,
  settleMs: number,
  stretchMs: number,
): Promise<[number, number][]> {
  return inRoom(url, token, async () => {
    await firstSeen(video);
    await seenWithin(video, settleMs);
    return seenWithin(video, stretchMs);
  });
}

/** The product: milliseconds from `sessionSetup` to the first marked picture. */
export async function firstFrame(url: string, codec: string): Promise<number> {
  const socket = new WebSocket(url);
  const messages: ServerMessage[] = [];
  let arrived = (): void => undefined;
  socket.onmessage = (event: MessageEvent<string>) => {
    messages.push(JSON.parse(event.data) as ServerMessage);
    arrived();
  };
  const until = async (type: string): Promise<ServerMessage["data"]> => {
    for (;;) {
      const found = messages.find((message) => message.type === type);
      if (found) return found.data;
      const bad = messages.find((message) => message.type === "error" || message.type === "session-ended");
      if (bad) throw new Error(bad.data.message);
      await new Promise<void>((resolve) => (arrived = resolve));
    }
  };
  await until("welcome");
  const asked = performance.now();
  const data = { modelName: "barcode", modelVersion: "1.0.0", videoCodecs: [codec] };
  socket.send(JSON.stringify({ type: "sessionSetup", data }));
  const granted = await until("gpu-machine-assigned");
  const at = await inRoom(granted.livekitWsUrl, granted.livekitJwtToken, () => firstSeen(video));
  socket.send(JSON.stringify({ type: "sessionEnd", data: {} }));
  socket.close();
  return at - asked;
}
