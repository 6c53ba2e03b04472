// A plain button. Lab's own is another element in each minor version, so that neither looks nor roles can be relied on. Called by the sections.

import React from 'react';

/** What a button is made from. */
export interface IButtonProps {
  /** For a button without words, or one of many with the same: what it does. */
  label?: string;
  /** Whether it shows no frame. */
  bare?: boolean;
  /** Whether it sends the form that it is in. */
  submit?: boolean;
  disabled?: boolean;
  /** Whether what it opens is open; left out if it opens nothing. */
  expanded?: boolean;
  /** The element that says more about what it does. */
  describedBy?: string;
  onClick?: () => void;
  children: React.ReactNode;
}

/**
 * A button in Lab's colours.
 */
export const Button = React.forwardRef<HTMLButtonElement, IButtonProps>(
  (props, ref) => (
    <button
      ref={ref}
      type={props.submit ? 'submit' : 'button'}
      className={[
        'jp-HubPanel-button',
        props.bare && 'jp-mod-bare',
        props.submit && 'jp-mod-main'
      ]
        .filter(Boolean)
        .join(' ')}
      aria-label={props.label}
      aria-expanded={props.expanded}
      aria-describedby={props.describedBy}
      title={props.label}
      disabled={props.disabled}
      onClick={props.onClick}
    >
      {props.children}
    </button>
  )
);
