import { memo, useState, useSyncExternalStore, type ReactElement } from "react";
import { CopyButton } from "../parts/CopyButton";
import { Icon } from "../parts/Icon";
import { IconButton } from "../parts/IconButton";
import { useKept } from "../parts/useKept";
import { filtered, lineOf, type Entry, type MessageLog } from "./messageLog";

const DIRECTIONS = { in: "from the model", out: "to the model", error: "refused" };
const ARROWS = { in: "←", out: "→", error: "!" };
const MOST_SHOWN = 200;

/** Messages to and from the model: the latest in a line, or all of them with the newest at the bottom. */
export function LogPanel({ log }: { log: MessageLog }): ReactElement {
  const latest = useSyncExternalStore(log.subscribe, log.entries);
  const [isOpen, setIsOpen] = useKept("log-open");
  const [frozen, setFrozen] = useState<readonly Entry[] | null>(null);
  const [words, setWords] = useState("");
  const entries = filtered(frozen ?? latest, words);
  const clear = (): void => {
    log.clear();
    setFrozen(null);
  };
  return (
    <section className={isOpen ? "log log-open panel" : "log panel"} aria-label="Messages">
      <header className="panel-head">
        <button type="button" className="log-toggle" aria-expanded={isOpen} onClick={() => setIsOpen(!isOpen)}>
          <Icon name="down" />
          <span className="title">Messages</span>
          {!isOpen && <Latest entry={latest.at(-1)} />}
        </button>
        {isOpen && (
          <>
            <input
              className="search"
              type="search"
              placeholder="Filter"
              aria-label="Filter messages"
              value={words}
              onChange={(event) => setWords(event.target.value)}
            />
            <CopyButton text={() => entries.map(lineOf).join("\n")} />
            <IconButton
              icon={frozen ? "play" : "pause"}
              label={frozen ? "Follow again" : "Pause"}
              aria-pressed={frozen !== null}
              onClick={() => setFrozen(frozen ? null : latest)}
            />
            <IconButton icon="trash" label="Clear" onClick={clear} />
          </>
        )}
      </header>
      {isOpen && <List entries={entries} isFiltered={words !== ""} />}
    </section>
  );
}

function Latest({ entry }: { entry: Entry | undefined }): ReactElement {
  if (!entry) return <span className="latest">none yet</span>;
  return (
    <span className="latest">
      {ARROWS[entry.direction]} {entry.name} {payloadOf(entry)}
    </span>
  );
}

function List({ entries, isFiltered }: { entries: readonly Entry[]; isFiltered: boolean }): ReactElement {
  return (
    <div className="log-scroll" tabIndex={0} role="region" aria-label="Message list">
      {entries.length === 0 && (
        <p className="empty">
          {isFiltered ? "No message has that in it." : "What you and the model say appears here."}
        </p>
      )}
      <ol className="log-list">
        {entries.slice(-MOST_SHOWN).map((entry) => (
          <Line key={entry.id} entry={entry} />
        ))}
      </ol>
    </div>
  );
}

const Line = memo(function Line({ entry }: { entry: Entry }): ReactElement {
  const { at, direction, name } = entry;
  return (
    <li className={`line line-${direction}`}>
      <time>{new Date(at).toLocaleTimeString([], { hour12: false })}</time>
      <span className="arrow" role="img" aria-label={DIRECTIONS[direction]}>
        {ARROWS[direction]}
      </span>
      <details>
        <summary>
          <b>{name}</b> <span className="payload">{payloadOf(entry)}</span>
        </summary>
        <pre>{pretty(entry.text)}</pre>
      </details>
    </li>
  );
});

function payloadOf({ text }: Entry): string {
  return text === "{}" ? "" : text;
}

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text; // it was shortened
  }
}
