import type { ReactElement } from "react";
import { CopyButton } from "../parts/CopyButton";
import { Dialog } from "../parts/Dialog";

/** The page's address for a phone or another computer. */
export function LanDialog({ url, onClose }: { url: string; onClose: () => void }): ReactElement {
  return (
    <Dialog title="Open on another device" onClose={onClose}>
      <p>In the same network, open this address. One viewer plays at a time; others wait in line.</p>
      <div className="address">
        <a href={url}>{url.replace("http://", "")}</a>
        <CopyButton text={() => url} />
      </div>
      <p className="hint">
        Browsers give a camera or a microphone only to pages of this machine or by https: models that take one need a
        proxy with a certificate in front.
      </p>
    </Dialog>
  );
}
