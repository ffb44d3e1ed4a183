// The React bindings under StrictMode: react.html?coordinator=URL. `show(model)` is the app's choice; null: none.

import { StrictMode, useEffect, useState, type ReactElement } from "react";
import { createRoot } from "react-dom/client";
import { ReactorProvider, ReactorView, useReactor, type ReactorStore } from "../../../clients/js/src/index";
import { numbersSeen } from "./pattern";

const coordinatorUrl = new URLSearchParams(location.search).get("coordinator")!;
let session: ReactorStore;

function Probe(): null {
  const store = useReactor((all) => all);
  useEffect(() => {
    session = store;
  }, [store]);
  return null;
}

function App(): ReactElement | null {
  const [model, show] = useState<string | null>("first");
  useEffect(() => void Object.assign(window, { show }), []);
  return model === null ? null : (
    <ReactorProvider modelName={model} coordinatorUrl={coordinatorUrl} local>
      <ReactorView />
      <Probe />
    </ReactorProvider>
  );
}

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <App />
  </StrictMode>,
);

Object.assign(window, {
  session: () => session,
  numbers: (count: number) => numbersSeen(document.querySelector("video")!, count),
});
