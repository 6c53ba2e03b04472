// A plain button. Lab's own is another element in each minor version, so that neither looks nor roles can be relied on. Called by the sections.

import React from 'react';

/** What a button is made from. */
export interface IButtonProps {
  /** For a button without words: what it does. */
  label?: string;
  /** Whether it shows no frame. */
  bare?: boolean;
  disabled?: boolean;
  /** For a button that shows and hides something: whether it is shown. */
  expanded?: boolean;
  onClick: () => void;
  children: React.ReactNode;
}

/**
 * A button in Lab's colours.
 */
export function Button(props: IButtonProps): JSX.Element {
  return (
    <button
      type="button"
      className={`jp-HubPanel-button${props.bare ? ' jp-mod-bare' : ''}`}
      aria-label={props.label}
      title={props.label}
      aria-expanded={props.expanded}
      disabled={props.disabled}
      onClick={props.onClick}
    >
      {props.children}
    </button>
  );
}
