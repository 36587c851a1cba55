// The head of a page: its name and its controls.
import type { ComponentChildren } from "preact";

export function PageHead({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="page-head">
      <h1>{title}</h1>
      <div class="controls">{children}</div>
    </div>
  );
}

interface SegmentsProps<T extends string | number> {
  legend: string;
  name: string;
  options: readonly (readonly [string, T])[];
  value: T;
  onChange(value: T): void;
}

/** A choice of one, as joined buttons. */
export function Segments<T extends string | number>(props: SegmentsProps<T>) {
  return (
    <fieldset class="segments">
      <legend class="hidden">{props.legend}</legend>
      {props.options.map(([text, value]) => (
        <span key={value}>
          <input
            type="radio"
            name={props.name}
            id={`${props.name}-${value}`}
            checked={value === props.value}
            onChange={() => props.onChange(value)}
          />
          <label for={`${props.name}-${value}`}>{text}</label>
        </span>
      ))}
    </fieldset>
  );
}
