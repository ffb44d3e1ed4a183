export { CommandControls, type CommandControlsProps } from "./CommandControls";
