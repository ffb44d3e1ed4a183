// The quick start's page, for the coordinator that the address names: app.html?coordinator=URL, `&camera` for one with a
// camera.

import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { ReactorController, ReactorProvider, ReactorView, WebcamStream } from "../../../clients/js/src/index";
import { numbersSeen } from "./pattern";

const query = new URLSearchParams(location.search);

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <ReactorProvider modelName="any" coordinatorUrl={query.get("coordinator")!} local>
      <ReactorView />
      {query.has("camera") && <WebcamStream />}
      <ReactorController />
    </ReactorProvider>
  </StrictMode>,
);

Object.assign(window, {
  numbers: (count: number) => numbersSeen(document.querySelector<HTMLVideoElement>(".reactor-view video")!, count),
});
