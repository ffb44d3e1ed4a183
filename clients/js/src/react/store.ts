import { createStore, type StoreApi } from "zustand/vanilla";
import type { Message } from "../core/protocol";
import { Reactor, type ReactorOptions } from "../core/reactor";
import type { ReactorState } from "../core/state";

/** What `useReactor` chooses from. The functions stay the same for the provider's whole life; see `Reactor`. */
export interface ReactorStore extends ReactorState {
  readonly connect: () => Promise<void>;
  readonly disconnect: (recoverable?: boolean) => Promise<void>;
  readonly sendMessage: (message: Message) => Promise<void>;
  readonly sendCommand: (name: string, data?: object) => Promise<void>;
  readonly publishVideoStream: (stream: MediaStream) => Promise<void>;
  readonly unpublishVideoStream: () => Promise<void>;
  readonly publishAudioStream: (stream: MediaStream) => Promise<void>;
  readonly unpublishAudioStream: () => Promise<void>;
  readonly startAudio: () => Promise<void>;
  /** Hear every message of the model. Returns a function that ends that. */
  readonly onMessage: (handler: (message: unknown) => void) => () => void;
}

/** A store, and the life of the Reactor behind it. */
export interface ReactorHandle {
  readonly store: StoreApi<ReactorStore>;
  /**
   * Begin with these options; others than before end the session first. Returns the end of it: what begins again in
   * the same instant, as React's StrictMode has it, doesn't end.
   */
  readonly mount: (options: ReactorOptions, autoConnect: boolean) => () => void;
}

/** Nothing is connected, and nothing of the browser is touched, before `connect()`. */
export function createReactorStore(options: ReactorOptions): ReactorHandle {
  const reactor = new Reactor(options);
  const store = createStore<ReactorStore>(() => ({
    ...reactor.getState(),
    connect: () => reactor.connect(),
    disconnect: (recoverable) => reactor.disconnect(recoverable),
    sendMessage: (message) => reactor.sendMessage(message),
    sendCommand: (name, data) => reactor.sendCommand(name, data),
    publishVideoStream: (stream) => reactor.publishVideoStream(stream),
    unpublishVideoStream: () => reactor.unpublishVideoStream(),
    publishAudioStream: (stream) => reactor.publishAudioStream(stream),
    unpublishAudioStream: () => reactor.unpublishAudioStream(),
    startAudio: () => reactor.startAudio(),
    onMessage: (handler) => reactor.on("newMessage", handler),
  }));
  reactor.on("stateChanged", (change) => store.setState(change));
  let mounts = 0;
  const mount = (next: ReactorOptions, autoConnect: boolean): (() => void) => {
    mounts++;
    if (next !== reactor.options) void reactor.disconnect();
    reactor.options = next;
    if (autoConnect) void reactor.connect();
    return () => {
      mounts--;
      queueMicrotask(() => {
        if (mounts === 0) void reactor.disconnect();
      });
    };
  };
  return { store, mount };
}
