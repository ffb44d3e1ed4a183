/** Front end <-> coordinator, and model <-> front end: what goes over the wire. */

import { isObject, parsed, type JsonObject } from "./json";

export const TOPIC = "application";
export const OUTPUT_TRACK = "reactor-video";
export const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

/** A command or any other message for the model. */
export interface Message {
  type: string;
  data?: unknown;
}

export interface SessionSetup {
  modelName: string;
  modelVersion: string;
  queueing: boolean;
  prepared: true;
  videoCodecs: string[];
  resumeToken?: string;
}

export interface RoomAddress {
  livekitWsUrl: string;
  livekitJwtToken: string;
  sessionId: string;
}

export interface Grant extends RoomAddress {
  resumeToken: string;
  modelName: string;
  modelVersion: string;
  /** Seconds since 1970 at which a maximum duration ends the session. */
  expiresAt: number | null;
}

/** The place in the queue. */
export interface WaitingInfo {
  /** 1 = next. */
  position: number;
  queueLength: number;
  reason: "busy" | "loading" | "stopping";
  /** How far the model has loaded, 0 to 1, where that is known. */
  progress: number | null;
}

/** When a maximum duration ends the session. */
export interface SessionExpiration {
  /** Seconds since 1970. */
  expiresAt: number;
  secondsLeft: number;
}

/** The end of a session that this client didn't ask for. */
export interface SessionEnded {
  sessionId: string;
  reason: string;
  message: string;
}

export interface CoordinatorError {
  code: string;
  message: string;
  recoverable: boolean;
  component: "coordinator" | "gpu" | "livekit";
  retryAfter: number | null;
}

export type ServerMessage =
  | { type: "gpu-machine-assigned"; data: Grant }
  | { type: "waiting-info"; data: WaitingInfo }
  | { type: "room-prepared"; data: RoomAddress }
  | { type: "session-expiration"; data: SessionExpiration }
  | { type: "error"; data: CoordinatorError }
  | { type: "session-ended"; data: SessionEnded };

/** A command that had no effect, or failed while it ran. */
export interface CommandError {
  command: string;
  code: string;
  message: string;
  errors: { loc: (string | number)[]; msg: string; type: string }[];
}

/** What the runtime measured over the last second. */
export interface RuntimeStats {
  /** Frames a second that the model produced. */
  fps: number;
  /** Frames a second that were sent, repeats included. */
  sentFps: number;
  /** Model frames discarded since the session began. */
  dropped: number;
  width: number;
  height: number;
  /** The rate at which frames are played. */
  targetFps: number;
}

/** A JSON Schema property of a command's parameter. */
export type ParameterSchema = JsonObject & { required?: boolean };

export interface Capabilities {
  commands: Record<string, { description: string; schema: Record<string, ParameterSchema> }>;
  $defs?: Record<string, JsonObject>;
  schemaVersion?: number;
  model?: { name: string; version: string };
  tracks?: { name: string; kind: "video" | "audio"; direction: "in" | "out" }[];
  /** The values that the model publishes as its state. */
  state?: JsonObject;
}

export type RuntimeNotice =
  | { type: "commandError"; data: CommandError }
  | { type: "stateChanged"; data: { state: string } }
  | { type: "stats"; data: RuntimeStats };

export type ModelText = { type: "application"; data: unknown } | { type: "runtime"; data: RuntimeNotice };

const ROOM = { livekitWsUrl: "string", livekitJwtToken: "string", sessionId: "string" };
const REQUIRED: Record<ServerMessage["type"], Record<string, string>> = {
  "gpu-machine-assigned": { ...ROOM, resumeToken: "string" },
  "waiting-info": { position: "number", queueLength: "number", reason: "string" },
  "room-prepared": ROOM,
  "session-expiration": { expiresAt: "number", secondsLeft: "number" },
  error: { code: "string", message: "string", recoverable: "boolean" },
  "session-ended": { sessionId: "string", reason: "string", message: "string" },
};

/** A coordinator's message; null: a type this version doesn't know, or not what that type carries. */
export function parseServerMessage(text: string): ServerMessage | null {
  const value = parsed(text);
  if (!isObject(value) || !isObject(value.data) || typeof value.type !== "string") return null;
  if (!Object.hasOwn(REQUIRED, value.type)) return null;
  const { data } = value;
  const required = REQUIRED[value.type as ServerMessage["type"]];
  const fits = Object.entries(required).every(([key, type]) => typeof data[key] === type);
  return fits ? (value as unknown as ServerMessage) : null;
}

/** A text of the model or its runtime; null: not one. */
export function parseModelText(text: string): ModelText | null {
  const value = parsed(text);
  if (!isObject(value)) return null;
  if (value.type === "application") return { type: "application", data: value.data };
  const { type, data } = value;
  if (type !== "runtime" || !isObject(data) || typeof data.type !== "string" || !isObject(data.data)) return null;
  return value as unknown as ModelText;
}

/** Whether the model's message is the answer to `requestCapabilities`. */
export function isCapabilities(data: unknown): data is Capabilities {
  return isObject(data) && isObject(data.commands) && "schemaVersion" in data;
}
