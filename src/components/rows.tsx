// Facts as rows of a name and a value. Called by the sections.

import React from 'react';

/**
 * A list of facts.
 */
export function Rows(props: { children: React.ReactNode }): JSX.Element {
  return <dl className="jp-HubPanel-rows">{props.children}</dl>;
}

/** What a row is made from. */
export interface IRowProps {
  label: string;
  /** Where the fact comes from, shown on hovering. */
  source?: string;
  children: React.ReactNode;
}

/**
 * One fact; nothing at all if it is empty.
 */
export function Row(props: IRowProps): JSX.Element | null {
  if (!props.children) {
    return null;
  }
  return (
    <div className="jp-HubPanel-row" title={props.source}>
      <dt>{props.label}</dt>
      <dd>{props.children}</dd>
    </div>
  );
}
