/** `set_mouse_speed` -> `Mouse speed`, `base64_image` -> `Image`. */
export function labelOf(name: string): string {
  const words = name.replace(/^(set|send|base64|b64)_(?=.)|_(base64|b64)$/g, "").replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
