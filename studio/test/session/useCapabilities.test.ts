import type { Capabilities } from "@reactor-local/js-sdk";
import { cleanup, renderHook, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Health, Seen } from "../../src/session/health";
import { useCapabilities } from "../../src/session/useCapabilities";

const ASKED: Capabilities = { commands: { splash: { description: "", schema: {} } } };
const TOLD: Capabilities = { commands: {} };

function seen(state: Health["runtime"]["state"]): Seen {
  return {
    runtime: { state, stage: null, progress: null, download: null, error: null },
    model: { name: "ink", version: "1.0.0" },
    queueLength: 0,
    lanUrl: null,
    reason: null,
  };
}

const ask = vi.fn(() => Promise.resolve(Response.json(ASKED)));

beforeEach(() => vi.stubGlobal("fetch", ask.mockClear()));
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

function rendered(told: Capabilities | null, state: Health["runtime"]["state"]) {
  return renderHook((props) => useCapabilities(props.told, props.seen), {
    initialProps: { told, seen: seen(state) },
  });
}

it("asks the coordinator once the model is loaded, and once only", async () => {
  const { result, rerender } = rendered(null, "loading");
  expect(ask).not.toHaveBeenCalled();
  rerender({ told: null, seen: seen("ready") });
  rerender({ told: null, seen: seen("active") });
  await waitFor(() => expect(result.current).toEqual(ASKED));
  expect(ask).toHaveBeenCalledOnce();
});

it("believes the session more, and keeps its word when it has ended", async () => {
  const { result, rerender } = rendered(TOLD, "active");
  expect(result.current).toBe(TOLD);
  ask.mockRejectedValueOnce(new TypeError("no network"));
  rerender({ told: null, seen: seen("active") });
  await waitFor(() => expect(ask).toHaveBeenCalled());
  expect(result.current).toBe(TOLD);
});
