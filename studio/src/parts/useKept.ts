import { useState } from "react";

/** A switch that stays as it was left, where the browser lets a page remember. Off at first. */
export function useKept(name: string): [boolean, (isOn: boolean) => void] {
  const key = `reactor-studio-${name}`;
  const [isOn, setIsOn] = useState(() => read(key) === "on");
  const keep = (next: boolean): void => {
    setIsOn(next);
    write(key, next ? "on" : "off");
  };
  return [isOn, keep];
}

function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null; // storage is switched off
  }
}

function write(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // as above: it is forgotten with the page
  }
}
