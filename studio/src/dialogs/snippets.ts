/** Complete programs that connect to this server. */
export const SNIPPETS = {
  React: (socketUrl: string, model: string) => `import {
  ReactorController,
  ReactorProvider,
  ReactorView,
} from "@reactor-local/js-sdk";

export default function App() {
  return (
    <ReactorProvider
      modelName=${JSON.stringify(model)}
      coordinatorUrl=${JSON.stringify(socketUrl)}
      queueing
    >
      <ReactorView />
      <ReactorController />
    </ReactorProvider>
  );
}`,
  Python: (socketUrl: string) => `import asyncio
from reactor_client import ReactorClient

async def main():
    async with ReactorClient(${JSON.stringify(socketUrl)}) as client:
        async for frame in client.frames():
            print(frame.pixels.shape)

asyncio.run(main())`,
  JavaScript: (socketUrl: string, model: string) => `import { Reactor } from "@reactor-local/js-sdk/core";

const video = document.createElement("video");
document.body.append(video);

const reactor = new Reactor({
  modelName: ${JSON.stringify(model)},
  coordinatorUrl: ${JSON.stringify(socketUrl)},
  queueing: true,
});
reactor.on("streamChanged", (track) => track?.attach(video));
await reactor.connect();`,
};

export type Language = keyof typeof SNIPPETS;
