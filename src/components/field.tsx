// A field of a form, with its label, a hint and what is wrong with it. Called by the sections.

import React from 'react';

/** What a field is made from. */
export interface IFieldProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  hint?: string;
  /** What is wrong with what was given; empty if nothing is. */
  mistake?: string;
  /** Lines; one if it is left out. */
  rows?: number;
  maxLength?: number;
  /** Whether it is a name, which no browser should correct. */
  name?: boolean;
  /** Whether the focus is put here when the form appears. */
  first?: boolean;
}

/**
 * A field for text.
 */
export function Field(props: IFieldProps): JSX.Element {
  const id = React.useId();
  const input = React.useRef<HTMLInputElement & HTMLTextAreaElement>(null);
  React.useEffect(() => {
    if (props.first || props.mistake) {
      input.current?.focus();
    }
  }, [props.mistake]);
  const described = [
    props.hint && `${id}-hint`,
    props.mistake && `${id}-mistake`
  ].filter(Boolean);
  const Input = props.rows ? 'textarea' : 'input';
  return (
    <div className="jp-HubPanel-field">
      <label htmlFor={id}>{props.label}</label>
      <Input
        ref={input}
        id={id}
        rows={props.rows}
        value={props.value}
        maxLength={props.maxLength}
        dir="auto"
        aria-describedby={described.join(' ') || undefined}
        aria-invalid={props.mistake ? true : undefined}
        onChange={(
          event: React.ChangeEvent<HTMLInputElement | HTMLTextAreaElement>
        ) => props.onChange(event.target.value)}
        {...(props.name && {
          autoCapitalize: 'none',
          autoComplete: 'off',
          spellCheck: false
        })}
      />
      {props.hint && (
        <span id={`${id}-hint`} className="jp-HubPanel-note">
          {props.hint}
        </span>
      )}
      {props.mistake && (
        <span id={`${id}-mistake`} className="jp-HubPanel-mistake" role="alert">
          {props.mistake}
        </span>
      )}
    </div>
  );
}
