// A front end without React: one Reactor, one video element, and a record of what was said.

import { Reactor, type ReactorEvents, type ReactorOptions } from "../../../clients/js/src/index";
import { numbersSeen } from "./pattern";

const EVENTS = ["statusChanged", "waitingInfoChanged", "newMessage", "error", "sessionEnded", "commandError"] as const;

export class Viewer {
  readonly reactor: Reactor;
  readonly video = document.createElement("video");
  readonly said: { event: string; value: unknown }[] = [];

  constructor(options: ReactorOptions) {
    this.reactor = new Reactor(options);
    this.video.muted = true;
    this.video.playsInline = true;
    document.body.append(this.video);
    this.reactor.on("streamChanged", (track) => track?.attach(this.video));
    for (const event of EVENTS) this.reactor.on(event, (value) => this.record(event, value));
  }

  private record(event: string, value: ReactorEvents[keyof ReactorEvents]): void {
    this.said.push({ event, value: value instanceof Error ? { ...value, message: value.message } : value });
  }

  /** Wait for an event, past ones included; its value. */
  async until(event: string, matches: (value: never) => boolean = () => true): Promise<unknown> {
    for (;;) {
      const found = this.said.find((entry) => entry.event === event && matches(entry.value as never));
      if (found) return found.value;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  numbers(count: number): Promise<number[]> {
    return numbersSeen(this.video, count);
  }
}

Object.assign(window, { Viewer });
