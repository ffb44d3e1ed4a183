const LOCAL = "ws://localhost:8080/ws";
const SCHEMES: Record<string, string> = { "ws:": "ws:", "wss:": "wss:", "http:": "ws:", "https:": "wss:" };

/**
 * The coordinator's WebSocket: `coordinatorUrl` where given, else the local one.
 *
 * @throws TypeError when there is no address, or it isn't one.
 */
export function socketUrl(coordinatorUrl: string | undefined, local: boolean): string {
  if (!coordinatorUrl) {
    if (local) return LOCAL;
    throw new TypeError("Say where the coordinator is: `local` for this machine, or `coordinatorUrl`.");
  }
  let url: URL;
  try {
    url = new URL(coordinatorUrl);
  } catch {
    throw wrong(coordinatorUrl);
  }
  const scheme = SCHEMES[url.protocol];
  if (!scheme || !url.hostname) throw wrong(coordinatorUrl);
  const path = url.pathname.replace(/\/+$/, "");
  return `${scheme}//${url.host}${path.endsWith("/ws") ? path : `${path}/ws`}${url.search}`;
}

function wrong(found: string): TypeError {
  return new TypeError(`coordinatorUrl: expected an address such as ws://localhost:8080/ws, found "${found}".`);
}
