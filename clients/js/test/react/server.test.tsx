// @vitest-environment node
import { renderToString } from "react-dom/server";
import { expect, it } from "vitest";
import { ReactorProvider, ReactorView, WebcamStream, useReactorStats } from "../../src/index";

it("renders on a server, where there is no browser", () => {
  expect(typeof window).toBe("undefined");
  const Stats = (): string => JSON.stringify(useReactorStats());
  const html = renderToString(
    <ReactorProvider modelName="m" local>
      <ReactorView />
      <WebcamStream />
      <Stats />
    </ReactorProvider>,
  );
  expect(html).toContain("reactor-view");
  expect(html).toContain("null");
});
