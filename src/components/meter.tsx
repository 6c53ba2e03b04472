// How much is used, and of how much, as a bar. Called by the session's section.

import React from 'react';

/** What a meter is made from. */
export interface IMeterProps {
  label: string;
  /** The amounts in words. */
  value: string;
  /** The part that is used, from 0 to 1; null without a limit. */
  part: number | null;
  /** More about it, shown on hovering. */
  note?: string;
}

/** The part from which on it is worth a look. */
const MUCH = 0.9;

/**
 * A bar with its amounts in words; without a limit, the words alone.
 */
export function Meter(props: IMeterProps): JSX.Element {
  const percent =
    props.part === null ? 0 : Math.min(Math.max(props.part, 0), 1) * 100;
  const much = props.part !== null && props.part >= MUCH;
  return (
    <div className="jp-HubPanel-meter" title={props.note}>
      <div className="jp-HubPanel-amounts">
        <span>{props.label}</span>
        <span>{props.value}</span>
      </div>
      {props.part !== null && (
        <div
          className={`jp-HubPanel-track${much ? ' jp-mod-much' : ''}`}
          role="meter"
          aria-label={props.label}
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={Math.round(percent)}
          aria-valuetext={props.value}
        >
          <div style={{ width: `${percent}%` }} />
        </div>
      )}
    </div>
  );
}
