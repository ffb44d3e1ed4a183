/** Which names are keys of a keyboard, and where on a pad they are. */

const KEY = /^([a-z\d]|up|down|left|right|space|shift|ctrl|control|enter)$/;
// Three fields with a column between them, as on a keyboard.
const COLUMNS = 11;
const PLACES = "q w e - - up - - u i o a s d - left down right - j k l".split(" ");

/** One name for `arrow_up`, `ArrowUp` and `up`, or for `w`, `KeyW` and `w_pressed`. */
export function keyOf(name: string): string {
  return name.toLowerCase().replace(/[^a-z\d]|key|arrow|pressed|held/g, "");
}

export function isKey(name: string): boolean {
  return KEY.test(keyOf(name));
}

/** Which of some booleans are keys: those with a key's name, where two of W A S D or two arrows are among them. */
export function keysAmong(names: string[]): string[] {
  const keys = names.map(keyOf);
  const isPad = /(\b[wasd]\b.*){2}|(\b(up|down|left|right)\b.*){2}/.test(keys.join(" "));
  return isPad ? names.filter(isKey) : [];
}

/** Where a key is on a pad, as `grid-area`: keys without a place are in the third row. */
export function placeOf(name: string): string {
  const at = PLACES.indexOf(keyOf(name));
  return at < 0 ? "3/span 3" : `${Math.floor(at / COLUMNS) + 1}/${(at % COLUMNS) + 1}`;
}

/** What is written on a key. */
export function symbolOf(name: string): string {
  const key = keyOf(name);
  return { up: "↑", down: "↓", left: "←", right: "→" }[key] ?? key.charAt(0).toUpperCase() + key.slice(1);
}
