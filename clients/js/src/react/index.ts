"use client";

export { useReactor, useReactorMessage, useReactorStats } from "./hooks";
export { ReactorProvider, type ReactorProviderProps } from "./ReactorProvider";
export { ReactorView, type ReactorViewProps } from "./ReactorView";
export type { ReactorStore } from "./store";
