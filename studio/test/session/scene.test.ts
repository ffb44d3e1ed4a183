import { ReactorError } from "@reactor-local/js-sdk";
import { describe, expect, it } from "vitest";
import type { Health } from "../../src/session/health";
import { sceneOf, type SessionState } from "../../src/session/scene";

const SESSION: SessionState = {
  status: "connecting",
  waitingInfo: null,
  lastError: null,
  sessionId: null,
  sessionEnded: null,
  hasPicture: false,
  hasAsked: false,
};

function seen(runtime: Partial<Health["runtime"]> = {}): Health {
  return {
    runtime: { state: "ready", stage: null, progress: null, download: null, error: null, ...runtime },
    model: { name: "ink", version: "1.0.0" },
    queueLength: 0,
    lanUrl: null,
    reason: null,
  };
}

function scene(session: Partial<SessionState>, health: Parameters<typeof sceneOf>[1] = seen()) {
  return sceneOf({ ...SESSION, ...session }, health);
}

const BUSY = { position: 2, queueLength: 3, reason: "busy" as const, progress: null };
const LOADING = { position: 1, queueLength: 1, reason: "loading" as const, progress: 0.4 };

describe("what the stage shows", () => {
  it("is the picture once its first frame is there", () => {
    expect(scene({ status: "ready", sessionId: "s" })).toEqual({ kind: "opening" });
    expect(scene({ status: "ready", sessionId: "s", hasPicture: true })).toEqual({ kind: "live" });
  });

  it("is the coming back of a session that was seen already", () => {
    expect(scene({ sessionId: "s" })).toEqual({ kind: "connecting" });
    expect(scene({ sessionId: "s", hasPicture: true }, "unreachable")).toEqual({ kind: "mending" });
  });

  it("is the place in the queue", () => {
    expect(scene({ status: "waiting", waitingInfo: BUSY })).toEqual({
      kind: "waiting",
      position: 2,
      queueLength: 3,
      reason: "busy",
    });
  });

  it("is what the model loads, by the closest word there is", () => {
    const status = "waiting" as const;
    const download = { folder: "W", totalBytes: 9, doneBytes: 3, speed: 1, etaS: 6 };
    expect(
      scene({ status, waitingInfo: LOADING }, seen({ state: "loading", stage: "weights", progress: 0.5, download })),
    ).toEqual({ kind: "loading", stage: "weights", progress: 0.5, download });
    expect(scene({ status, waitingInfo: LOADING }, seen({ state: "loading", stage: "init" }))).toMatchObject({
      progress: 0.4,
    });
    expect(scene({ status, waitingInfo: LOADING }, null)).toMatchObject({
      kind: "loading",
      stage: null,
      progress: 0.4,
    });
  });

  it("is the model's error while a place is kept for a better model", () => {
    const health = seen({ state: "failed", error: "ImportError: no module named x" });
    expect(scene({ status: "waiting", waitingInfo: LOADING }, health)).toEqual({
      kind: "loadFailed",
      message: "ImportError: no module named x",
    });
  });

  it("is the missing server of the model, or the missing coordinator", () => {
    expect(scene({ status: "waiting", waitingInfo: LOADING }, seen({ state: "unreachable" }))).toEqual({
      kind: "noRuntime",
    });
    expect(scene({ status: "disconnected" }, "unreachable")).toEqual({ kind: "unreachable" });
  });

  it("is the end with its reason, or the error with its code", () => {
    const sessionEnded = { sessionId: "s", reason: "model_error", message: "the stage burns" };
    expect(scene({ status: "disconnected", sessionEnded })).toEqual({
      kind: "ended",
      reason: "model_error",
      message: "the stage burns",
    });
    const lastError = new ReactorError("QUEUE_FULL", "too many wait");
    expect(scene({ status: "disconnected", lastError })).toEqual({
      kind: "failed",
      code: "QUEUE_FULL",
      message: "too many wait",
    });
  });

  it("is an invitation after the user has left, and nothing of the kind before the first connection", () => {
    expect(scene({ status: "disconnected", hasAsked: true })).toEqual({ kind: "left" });
    expect(scene({ status: "disconnected" })).toEqual({ kind: "connecting" });
    expect(scene({ status: "disconnected" }, null)).toEqual({ kind: "connecting" });
  });

  it("is what the model's server does while nobody knows the model's name", () => {
    const nameless = { ...seen({ state: "failed", error: "no manifest" }), model: { name: "", version: "" } };
    expect(scene({ status: "disconnected" }, nameless)).toEqual({ kind: "loadFailed", message: "no manifest" });
  });
});
