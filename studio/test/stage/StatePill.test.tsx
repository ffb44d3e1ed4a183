import { act, cleanup, render, screen } from "@testing-library/react";
import type { ReactElement } from "react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Scene } from "../../src/session/scene";
import { StatePill } from "../../src/stage/StatePill";

interface Session {
  sessionId: string | null;
  sessionExpiration: { expiresAt: number } | null;
}

let session: Session;
let rerender: (page: ReactElement) => void;

vi.mock("@reactor-local/js-sdk", () => ({ useReactor: (select: (store: Session) => unknown) => select(session) }));

beforeEach(() => {
  session = { sessionId: "first", sessionExpiration: null };
  vi.useFakeTimers();
  ({ rerender } = render(<></>));
});

afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

/** Show these scenes one after the other, each for so long. */
function played(...scenes: [Scene["kind"], number][]): void {
  for (const [kind, seconds] of scenes) {
    rerender(<StatePill scene={{ kind } as Scene} />);
    act(() => void vi.advanceTimersByTime(1_000 * seconds));
  }
}

const words = (): string => screen.getByRole("paragraph").textContent;

it("counts a session's time from its beginning, also while it reconnects", () => {
  played(["opening", 1], ["live", 4], ["mending", 3], ["live", 2]);
  expect(words()).toBe("Live0:10");
});

it("counts another session's time anew", () => {
  played(["live", 4]);
  session = { ...session, sessionId: "second" };
  played(["live", 2]);
  expect(words()).toBe("Live0:02");
});

it("counts down where a session's time is bounded", () => {
  session.sessionExpiration = { expiresAt: Date.now() / 1_000 + 60 };
  played(["live", 10]);
  expect(words()).toBe("Live0:50 left");
});

it("has no time for a session that is only waited for", () => {
  session.sessionId = null;
  played(["waiting", 5]);
  expect(words()).toBe("In line");
});
