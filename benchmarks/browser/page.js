// A page as a front end's author writes it: plain livekit-client, and a clock.

const video = document.getElementById("video");

// The barcode's first squares: what every marked picture shows and no flat one.
const MAGIC = [1, 0, 1, 1, 0, 0, 1, 0];
const SQUARE = 16;
const canvas = new OffscreenCanvas(MAGIC.length * SQUARE, SQUARE);
const pen = canvas.getContext("2d", { willReadFrequently: true });

function isMarked() {
  pen.drawImage(video, 0, 0);
  const { data, width } = pen.getImageData(0, 0, canvas.width, canvas.height);
  const row = width * (SQUARE / 2);
  return MAGIC.every((bit, index) => data[(row + index * SQUARE + SQUARE / 2) * 4 + 1] > 127 === (bit === 1));
}

function firstMarked() {
  return new Promise((resolve) => {
    const look = () => (isMarked() ? resolve(performance.now()) : video.requestVideoFrameCallback(look));
    video.requestVideoFrameCallback(look);
  });
}

// Join a room and wait for its first marked picture; returns when it was seen.
async function watch(url, token) {
  const room = new LivekitClient.Room();
  room.on(LivekitClient.RoomEvent.TrackSubscribed, (track) => track.kind === "video" && track.attach(video));
  const seen = firstMarked();
  await room.connect(url, token);
  const at = await seen;
  await room.disconnect();
  video.srcObject = null;
  return at;
}

// The floor: milliseconds from having a token to the first marked picture.
async function floorFirstFrame(url, token) {
  const asked = performance.now();
  return (await watch(url, token)) - asked;
}

// The product: milliseconds from sessionSetup to the first marked picture.
async function firstFrame(url, codec) {
  const socket = new WebSocket(url);
  const messages = [];
  let arrived = () => {};
  socket.onmessage = (event) => {
    messages.push(JSON.parse(event.data));
    arrived();
  };
  const until = async (type) => {
    for (;;) {
      const found = messages.find((message) => message.type === type);
      if (found) return found.data;
      const bad = messages.find((message) => message.type === "error" || message.type === "session-ended");
      if (bad) throw new Error(bad.data.message);
      await new Promise((resolve) => (arrived = resolve));
    }
  };
  await until("welcome");
  const asked = performance.now();
  const data = { modelName: "barcode", modelVersion: "1.0.0", videoCodecs: [codec] };
  socket.send(JSON.stringify({ type: "sessionSetup", data }));
  const granted = await until("gpu-machine-assigned");
  const at = await watch(granted.livekitWsUrl, granted.livekitJwtToken);
  socket.send(JSON.stringify({ type: "sessionEnd", data: {} }));
  socket.close();
  return at - asked;
}
