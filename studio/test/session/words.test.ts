import { expect, it } from "vitest";
import { endWords, errorWords, placeWords, sentence, stageWords } from "../../src/session/words";

const REASONS = [
  "model_finished",
  "model_error",
  "model_crashed",
  "model_stuck",
  "client_left_room",
  "join_timeout",
  "idle_timeout",
  "max_duration",
  "runtime_lost",
  "coordinator_lost",
  "livekit_lost",
  "shutting_down",
];

it("has words of its own for every end", () => {
  expect(new Set(REASONS.map((reason) => endWords(reason).title)).size).toBe(REASONS.length);
});

it("says something about ends, errors and stages of versions to come", () => {
  expect(endWords("toString").title).toBe("The session has ended");
  expect(errorWords("NEW").title).toBe("That didn't work");
  expect(stageWords("warm-up")).toBe("Starting");
});

it("counts places as people do", () => {
  expect([1, 2, 3, 12].map(placeWords)).toEqual([
    "You're next",
    "You're second in line",
    "You're third in line",
    "You're number 12 in line",
  ]);
});

it("makes a sentence of what a model says", () => {
  expect(["the stage burns", "Ended by SIGKILL (out of memory)", "Why?", "It said 'no.'"].map(sentence)).toEqual([
    "The stage burns.",
    "Ended by SIGKILL (out of memory).",
    "Why?",
    "It said 'no.'",
  ]);
});
