import type { ButtonHTMLAttributes, ReactElement } from "react";
import { Icon, type IconName } from "./Icon";

interface Props extends ButtonHTMLAttributes<HTMLButtonElement> {
  icon: IconName;
  /** What it does, for tooltips and screen readers. */
  label: string;
}

export function IconButton({ icon, label, className = "", ...rest }: Props): ReactElement {
  return (
    <button type="button" className={`icon-button ${className}`} aria-label={label} title={label} {...rest}>
      <Icon name={icon} />
    </button>
  );
}
