import { DisconnectReason, Room, RoomEvent, Track, type TextStreamReader, type RemoteTrack } from "livekit-client";
import { MAX_MESSAGE_BYTES, OUTPUT_TRACK, TOPIC } from "./protocol";

// The envelope around a model's largest message.
const ENVELOPE_BYTES = 64 * 1024;

/**
 * A track of the model, for a video or an audio element. As much of LiveKit's `RemoteTrack` as pages need: its own types
 * don't pass a compiler that looks into libraries (`skipLibCheck: false`).
 */
export interface MediaTrack {
  readonly mediaStreamTrack: MediaStreamTrack;
  /** For `getStats()`. */
  readonly receiver: RTCRtpReceiver | undefined;
  attach(element: HTMLMediaElement): HTMLMediaElement;
  detach(element: HTMLMediaElement): HTMLMediaElement;
}

export type MediaKind = "video" | "audio";

export interface RoomListener {
  onTrack(kind: MediaKind, track: MediaTrack | null): void;
  onText(text: string): void;
  /** The connection to LiveKit is being mended (true), or is whole again. */
  onMending(mending: boolean): void;
  /** The room was left without our doing. */
  onLost(reason: RoomLoss): void;
}

/** `replaced`: another client came with the same token. */
export type RoomLoss = "replaced" | "lost";

/** One stay in a session's room. */
export class MediaRoom {
  static {
    // livekit-client 2.23 means to hold its rooms weakly, but keeps each one as long as the page: what listens for devices
    // refers to it. Without this registry it takes that listener away when the room is left.
    Room.cleanupRegistry = false;
  }

  readonly sessionId: string;
  readonly #listener: RoomListener;
  readonly #room = new Room({
    singlePeerConnection: true, // a second connection costs about 0.1 s at the join
    stopLocalTrackOnUnpublish: false, // the camera belongs to whoever opened it
    disconnectOnPageLeave: false, // `Reactor` leaves; a cancelled "Leave this page?" would end the session here
    dataStream: { maxPayloadByteLength: MAX_MESSAGE_BYTES + ENVELOPE_BYTES },
  });
  readonly #published = new Map<MediaStreamTrack, Promise<unknown>>();
  #reading: Promise<void> = Promise.resolve();
  #sending: Promise<void> = Promise.resolve();
  #left = false;

  constructor(sessionId: string, listener: RoomListener) {
    this.sessionId = sessionId;
    this.#listener = listener;
    this.#room
      .on(RoomEvent.TrackSubscribed, (track, publication) => this.#onTrack(track, publication.trackName, track))
      .on(RoomEvent.TrackUnsubscribed, (track, publication) => this.#onTrack(track, publication.trackName, null))
      .on(RoomEvent.Reconnecting, () => this.#left || listener.onMending(true))
      .on(RoomEvent.Reconnected, () => this.#left || listener.onMending(false))
      .on(RoomEvent.Disconnected, (reason) => this.#onDisconnected(reason));
    this.#room.registerTextStreamHandler(TOPIC, (reader) => this.#onText(reader));
  }

  /** Enter the room; rejects when LiveKit can't be reached or refuses. */
  join(url: string, token: string): Promise<void> {
    return this.#room.connect(url, token);
  }

  /** Send a text; texts arrive in the order of the calls. Rejects when the room is left or lost. */
  send(text: string): Promise<void> {
    const sent = this.#sending.then(async () => {
      await this.#room.localParticipant.sendText(text, { topic: TOPIC });
    });
    this.#sending = sent.catch(() => undefined);
    return sent;
  }

  /** Publish a camera or a microphone, unless it is; rejects when the model takes none. */
  async publish(track: MediaStreamTrack): Promise<void> {
    if (this.#published.has(track)) return;
    const video = track.kind === "video";
    const publishing = this.#room.localParticipant.publishTrack(track, {
      source: video ? Track.Source.Camera : Track.Source.Microphone,
      simulcast: false, // one viewer, who wants the size that was asked for
      videoCodec: "vp8",
    });
    this.#published.set(track, publishing);
    try {
      await publishing;
    } catch (cause) {
      this.#published.delete(track);
      throw cause;
    }
  }

  /** Take it back, were it still on its way: LiveKit itself would not find it then, and publish it after all. */
  async unpublish(track: MediaStreamTrack): Promise<void> {
    const publishing = this.#published.get(track);
    if (!publishing) return;
    this.#published.delete(track);
    const isThere = await publishing.then(
      () => true,
      () => false,
    );
    if (isThere) await this.#room.localParticipant.unpublishTrack(track, false);
  }

  /** Let a page with sound that had to start silent be heard; call it from a click. */
  async startAudio(): Promise<void> {
    await this.#room.startAudio();
  }

  /** Receive what is still under way. */
  drain(): Promise<void> {
    return this.#reading;
  }

  /**
   * Leave, whatever state the room is in. Never rejects.
   *
   * @param comingBack without saying so: LiveKit's word for leaving would end the session.
   */
  async leave(comingBack = false): Promise<void> {
    this.#left = true;
    try {
      if (comingBack) await this.#room.engine.client.close();
      await this.#room.disconnect(false);
    } catch {
      // A room that was lost has nothing to close.
    }
  }

  #onTrack(track: RemoteTrack, name: string, told: RemoteTrack | null): void {
    if (this.#left) return;
    if (track.kind === Track.Kind.Video && name === OUTPUT_TRACK) this.#listener.onTrack("video", told);
    if (track.kind === Track.Kind.Audio) this.#listener.onTrack("audio", told);
  }

  #onText(reader: TextStreamReader): void {
    // Streams overlap; each is told when those opened before it have been.
    const text = reader.readAll().catch(() => null);
    this.#reading = this.#reading.then(async () => {
      const whole = await text;
      if (whole !== null && !this.#left) this.#listener.onText(whole);
    });
  }

  #onDisconnected(reason: DisconnectReason | undefined): void {
    if (this.#left) return;
    this.#left = true;
    this.#listener.onLost(reason === DisconnectReason.DUPLICATE_IDENTITY ? "replaced" : "lost");
  }
}
