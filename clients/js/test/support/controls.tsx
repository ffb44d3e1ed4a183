import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { beforeAll, beforeEach } from "vitest";
import { CommandControls, type Capabilities, type CommandError, type ParameterSchema } from "../../src/index";

type Parameters = Record<string, ParameterSchema>;

export const NUMBER = { type: "number", minimum: 0, maximum: 1 };
export const OPTIONAL_INTEGER = { anyOf: [{ type: "integer" }, { type: "null" }], default: null };

export function capabilities(commands: Record<string, Parameters>, $defs = {}): Capabilities {
  const described = Object.entries(commands).map(([name, schema]) => [name, { description: `About ${name}.`, schema }]);
  return { commands: Object.fromEntries(described) as Capabilities["commands"], $defs };
}

/** What the controls of this test have handed over: commands and their data. */
export const sent: [string, object][] = [];
export const onCommand = (name: string, data: object): void => void sent.push([name, data]);

/** Have the code of the controls, which the first ones of a page fetch. */
export async function fetched(): Promise<void> {
  render(<CommandControls capabilities={null} onCommand={onCommand} />);
  await screen.findByText("The controls come with the model.");
  cleanup();
}

beforeAll(fetched);
beforeEach(() => void sent.splice(0));

/** Show these commands; returns how to show others, or an error, in the same place. */
export function show(commands: Record<string, Parameters>, $defs = {}) {
  const { rerender, container, unmount } = render(
    <CommandControls capabilities={capabilities(commands, $defs)} onCommand={onCommand} />,
  );
  return {
    container,
    unmount,
    again: (others: Record<string, Parameters> | null, error: CommandError | null = null) =>
      rerender(
        <CommandControls
          capabilities={others && capabilities(others, $defs)}
          onCommand={onCommand}
          commandError={error}
        />,
      ),
  };
}

export const spin = (name?: string): HTMLInputElement => screen.getByRole("spinbutton", name ? { name } : {});
export const slider = (): HTMLInputElement => screen.getByRole("slider");
export const set = (element: Element, value: string): boolean => fireEvent.change(element, { target: { value } });
