import { ReactorController, ReactorProvider, ReactorView } from "@reactor-local/js-sdk";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "./style.css";

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <ReactorProvider modelName="my-model" local>
      <ReactorView />
      <ReactorController />
    </ReactorProvider>
  </StrictMode>,
);
