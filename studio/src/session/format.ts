const UNITS = ["B", "kB", "MB", "GB", "TB"];

/** "1.2 GB"; decimal units, as disks and networks are sold. */
export function bytesText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 99.95 ? value.toFixed(0) : value.toFixed(1)} ${UNITS[unit] ?? ""}`;
}

/** "0:07", "1:02:45". */
export function clockText(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (value: number): string => String(value).padStart(2, "0");
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** Bits a second as "2.4 Mbit/s". */
export function bitrateText(bits: number): { value: string; unit: string } {
  if (bits >= 999_500) return { value: (bits / 1_000_000).toFixed(bits >= 9_950_000 ? 1 : 2), unit: "Mbit/s" };
  return { value: (bits / 1000).toFixed(0), unit: "kbit/s" };
}

/** "ink-2026-11-21-193004", for a file. */
export function fileStem(model: string, now: Date): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = [now.getFullYear(), two(now.getMonth() + 1), two(now.getDate())].join("-");
  const name = model.replace(/[^\w-]+/g, "-") || "model";
  return `${name}-${day}-${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`;
}
