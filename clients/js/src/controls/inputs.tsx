import { useId, useRef, useState, type AriaAttributes, type ReactElement } from "react";
import { useLatest } from "../react/useLatest";
import type { ChoiceField, JsonField, NumberField, TextField } from "./field";
import type { Draft } from "./values";

/** Who a control is, and what is said about it. */
export interface Attributes extends AriaAttributes {
  id: string;
}

interface InputProps {
  /** What is shown: a draft or the default. */
  value: unknown;
  attributes: Attributes;
  onChange: (draft: Draft, how: "typed" | "moved") => void;
}

export function NumberInput({ field, value, attributes, onChange }: InputProps & { field: NumberField }): ReactElement {
  const { default: initial, minimum, maximum, range, step } = field;
  const isStep = useRef(false);
  const isSet = typeof value === "number" && !Number.isNaN(value);
  const slide = ({ currentTarget }: { currentTarget: HTMLInputElement }): void =>
    onChange(currentTarget.valueAsNumber, "moved");
  return (
    <>
      {range && (
        <input
          type="range"
          {...range}
          step={step}
          value={isSet ? value : (range.min + range.max) / 2}
          aria-labelledby={attributes["aria-labelledby"]}
          aria-valuetext={isSet ? undefined : "not set"}
          data-unset={!isSet || undefined}
          onChange={slide}
          // A press on the middle moves nothing, but is meant.
          onPointerUp={isSet ? undefined : slide}
        />
      )}
      <input
        {...attributes}
        type="number"
        min={range?.min ?? minimum}
        max={range?.max ?? maximum}
        step={step}
        value={isSet ? value : ""}
        placeholder={initial === null ? "none" : (initial as string | undefined)}
        onKeyDown={({ key }) => (isStep.current = key === "ArrowUp" || key === "ArrowDown")}
        onKeyUp={() => (isStep.current = false)}
        onChange={({ target }) => onChange(target.valueAsNumber, isStep.current ? "moved" : "typed")}
      />
    </>
  );
}

export function Switch({ value, attributes, onChange }: InputProps): ReactElement {
  return (
    <input
      {...attributes}
      ref={(element) => {
        if (element) element.indeterminate = typeof value !== "boolean";
      }}
      type="checkbox"
      role="switch"
      checked={value === true}
      onChange={({ target }) => onChange(target.checked, "moved")}
    />
  );
}

// As many characters as fit side by side in 320 px, a button's edges counted as four.
const MOST_SEGMENTED = 44;

function nameOf(option: unknown): string {
  if (typeof option === "boolean") return option ? "on" : "off";
  if (option === null || option === "") return "none";
  return typeof option === "string" ? option : JSON.stringify(option);
}

/** All options side by side, or a menu. By index, so that 1 and "1" stay what they are. */
export function Choice({ field, value, attributes, onChange }: InputProps & { field: ChoiceField }): ReactElement {
  const group = useId();
  const names = field.options.map(nameOf);
  const chosen = field.options.indexOf(value);
  const choose = ({ target }: { target: { value: string } }): void =>
    onChange(field.options[Number(target.value)], "moved");
  if (names.join("    ").length > MOST_SEGMENTED) {
    return (
      <select {...attributes} value={chosen} onChange={choose}>
        {chosen < 0 && <option value={-1}>choose…</option>}
        {names.map((name, index) => (
          <option key={index} value={index}>
            {name}
          </option>
        ))}
      </select>
    );
  }
  return (
    <div {...attributes} role="radiogroup" className="reactor-segments">
      {names.map((name, index) => (
        <label key={index}>
          <input type="radio" name={group} value={index} checked={index === chosen} onChange={choose} />
          <span>{name}</span>
        </label>
      ))}
    </div>
  );
}

export function TextInput({
  field,
  value,
  attributes,
  onChange,
}: InputProps & { field: TextField | JsonField }): ReactElement {
  const isCode = field.kind === "json";
  const Element = isCode || field.isLong ? "textarea" : "input";
  return (
    <Element
      {...attributes}
      className={isCode ? "reactor-code" : undefined}
      value={(value as string | null | undefined) ?? ""}
      placeholder={field.default === null ? "none" : undefined}
      onChange={({ target }: { target: { value: string } }) => onChange(target.value, "typed")}
    />
  );
}

export function ImageInput({ value, attributes, onChange }: InputProps): ReactElement {
  const [refused, setRefused] = useState("");
  const latest = useLatest(onChange);
  const take = ([file]: Iterable<File>): void => {
    if (!file) return;
    const isImage = file.type.startsWith("image/");
    setRefused(isImage ? "" : `${file.name} is no image. `);
    const reader = new FileReader();
    reader.onload = () => latest.current(reader.result, "moved");
    if (isImage) reader.readAsDataURL(file);
  };
  const image = value as string | null | undefined;
  return (
    <div
      className="reactor-drop"
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        take(event.dataTransfer.files);
      }}
      onPaste={(event) => take(event.clipboardData.files)}
    >
      {image && <img src={image.startsWith("data:") ? image : `data:;base64,${image}`} alt="" />}
      <span>
        {refused}
        Drop, paste or choose an image
      </span>
      <input
        {...attributes}
        type="file"
        accept="image/*"
        onChange={({ target }) => {
          take(target.files ?? []);
          target.value = ""; // the same file may be chosen again
        }}
      />
    </div>
  );
}
