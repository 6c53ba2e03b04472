// What was asked for: on its way, missing, or there. Called by the sections.

import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { IAsked } from '../model';

import { Button } from './button';

/** What it is made from. */
export interface IAskedProps<T> {
  asked: IAsked<T>;
  /** Asks again; left out where another section says what is wrong, and offers it. */
  retry?: () => void;
  trans: TranslationBundle;
  children: (value: T) => React.ReactNode;
}

/**
 * The answer if there is one, however old; else that it is awaited, or why there is none.
 */
export function Asked<T>(props: IAskedProps<T>): JSX.Element {
  const { asked, retry, trans } = props;
  if (!retry && asked.error && !asked.loading && asked.value === null) {
    return <p className="jp-HubPanel-note">{trans.__('Not known.')}</p>;
  }
  return (
    <>
      {retry && asked.error && !asked.loading && (
        <div className="jp-HubPanel-state" role="status">
          <p>{explain(asked.error.status, trans)}</p>
          {asked.error.status !== 0 && asked.error.message && (
            <p className="jp-HubPanel-note">
              <bdi>{asked.error.message}</bdi>
            </p>
          )}
          <Button onClick={retry}>{trans.__('Try again')}</Button>
        </div>
      )}
      {asked.value !== null
        ? props.children(asked.value)
        : asked.loading && (
            <div className="jp-HubPanel-loading" role="status">
              <span className="jp-sr-only">{trans.__('Loading…')}</span>
              <div />
              <div />
              <div />
            </div>
          )}
    </>
  );
}

/**
 * What an error of your server means, and what to do.
 */
function explain(status: number, trans: TranslationBundle): string {
  if (status === 0) {
    return trans.__(
      'Your server does not answer. Check your connection, or whether it still runs.'
    );
  }
  if (status === 404) {
    return trans.__(
      'The server part of this panel is not there. It may not be installed or enabled in this image.'
    );
  }
  if (status === 401 || status === 403) {
    return trans.__(
      'Your server does not accept this page any more. Reload it to log in again.'
    );
  }
  return trans.__('Your server could not answer.');
}
