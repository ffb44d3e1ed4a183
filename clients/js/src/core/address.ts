const LOCAL = "ws://localhost:8080/ws";

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
  try {
    const { protocol, host, pathname, search } = new URL(coordinatorUrl);
    const path = pathname.replace(/(\/ws)?\/*$/, "/ws");
    if (/^(ws|http)s?:$/.test(protocol)) return `${protocol.replace("http", "ws")}//${host}${path}${search}`;
  } catch {
    // What is no address at all is told as one of another kind.
  }
  throw new TypeError(`coordinatorUrl: expected an address such as ${LOCAL}, found "${coordinatorUrl}".`);
}
