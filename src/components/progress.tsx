// How far something is that goes on: a bar, and what is being done. Called by taken.tsx and sections/intents.tsx.

import React from 'react';

/** What it is made from. */
export interface IProgressProps {
  /** What goes on. */
  title: string;
  /** What is being done, in a word or two. */
  what?: string;
  done?: number;
  /** Of how much; 0 if that is not known. */
  total?: number;
}

/**
 * The bar; without an end that is known it only says that something goes on.
 */
export function Progress(props: IProgressProps): JSX.Element {
  const { done = 0, title, total = 0, what = '' } = props;
  const known = total > 0;
  const percent = known ? Math.min(Math.round((100 * done) / total), 100) : 0;
  return (
    <>
      <div
        className={`jp-HubPanel-track${known ? '' : ' jp-mod-unknown'}`}
        role="progressbar"
        aria-label={title}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={known ? percent : undefined}
      >
        <div style={{ width: known ? `${percent}%` : undefined }} />
      </div>
      <p className="jp-HubPanel-note">
        <bdi>{what}</bdi>
      </p>
    </>
  );
}
