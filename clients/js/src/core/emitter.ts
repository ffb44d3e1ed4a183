type Handlers<Events> = { [Name in keyof Events]?: Set<(value: Events[Name]) => void> };

/** Typed events. A handler that throws disturbs neither the others nor the sender. */
export class Emitter<Events extends object> {
  readonly #handlers: Handlers<Events> = {};

  /** @returns a function that takes the handler away again. */
  on<Name extends keyof Events>(name: Name, handler: (value: Events[Name]) => void): () => void {
    (this.#handlers[name] ??= new Set()).add(handler);
    return () => this.off(name, handler);
  }

  off<Name extends keyof Events>(name: Name, handler: (value: Events[Name]) => void): void {
    this.#handlers[name]?.delete(handler);
  }

  emit<Name extends keyof Events>(name: Name, value: Events[Name]): void {
    for (const handler of [...(this.#handlers[name] ?? [])]) {
      try {
        handler(value);
      } catch (cause) {
        reportError(cause);
      }
    }
  }
}
