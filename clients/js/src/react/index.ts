"use client";

export { CommandControls, type CommandControlsProps } from "../controls";
export { useReactor, useReactorMessage, useReactorStats } from "./hooks";
export { ReactorController, type ReactorControllerProps } from "./ReactorController";
export { ReactorProvider, type ReactorProviderProps } from "./ReactorProvider";
export { ReactorView, type ReactorViewProps } from "./ReactorView";
export type { ReactorStore } from "./store";
export type { InputKind, InputStatus } from "./userMedia";
export { usePicture } from "./usePicture";
export { usePublished, useUserMedia, type UserMedia } from "./useUserMedia";
export { WebcamStream, type WebcamStreamProps } from "./WebcamStream";
