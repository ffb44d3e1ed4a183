import { useEffect, useState, type ReactElement } from "react";
import { copyText } from "./clipboard";
import { Icon } from "./Icon";

const SAID_MS = 1_600;

/** Copies `text()` and says so for a moment. */
export function CopyButton({ text, label = "Copy" }: { text: () => string; label?: string }): ReactElement {
  const [said, setSaid] = useState<"" | "Copied" | "Not allowed here">("");
  useEffect(() => {
    if (!said) return;
    const timer = setTimeout(() => setSaid(""), SAID_MS);
    return () => clearTimeout(timer);
  }, [said]);
  const copy = async (): Promise<void> => setSaid((await copyText(text())) ? "Copied" : "Not allowed here");
  return (
    <button type="button" className="text-button" onClick={() => void copy()}>
      <Icon name={said === "Copied" ? "check" : "copy"} />
      <span aria-live="polite">{said || label}</span>
    </button>
  );
}
