/** `set_mouse_speed` -> `Mouse speed`, `base64_image` -> `Image`. */
export function labelOf(name: string): string {
  const words = name.replace(/^(set|send|base64|b64)_(?=.)|_(base64|b64)$/g, "").replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Several texts, so that they can be read one after the other; one alone stays as it is. */
export function asSentences(...texts: (string | undefined)[]): string {
  const told = texts.filter(Boolean) as string[];
  return told.length < 2 ? told.join("") : told.map((text) => (/[.!?:]$/.test(text) ? text : `${text}.`)).join(" ");
}
