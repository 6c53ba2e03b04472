// What was asked of those who look after the hub, and what became of it. Rendered by help.tsx.

import React from 'react';

import type { ISentRequest } from '../api';
import { formatTime } from '../format';

import type { ISectionProps } from '.';

/** Requests that are shown at a time, the latest first. */
const MAX_SHOWN = 5;

/**
 * The last few requests; nothing at all if there is none.
 */
export function Requests(props: ISectionProps): JSX.Element | null {
  const { requests, trans } = props;
  const id = React.useId();
  if (!requests.requests.length) {
    return null;
  }
  return (
    <>
      <h3 id={id}>{trans.__('Your help requests')}</h3>
      <ul className="jp-HubPanel-intents" aria-labelledby={id}>
        {requests.requests.slice(0, MAX_SHOWN).map(each => (
          <Request key={each.id} {...props} request={each} />
        ))}
      </ul>
      <h3>{trans.__('Whom to ask')}</h3>
    </>
  );
}

function Request(
  props: ISectionProps & { request: ISentRequest }
): JSX.Element {
  const { request, trans } = props;
  const created = Date.parse(request.created);
  return (
    <li className={`jp-mod-${Private.mood(request)}`}>
      <b>
        <bdi>{request.subject}</bdi>
      </b>{' '}
      <span className="jp-HubPanel-note">
        {Number.isFinite(created) && formatTime(created)}
        {request.reference && (
          <>
            {' '}
            · <bdi>{request.reference}</bdi>
          </>
        )}
      </span>
      <p role="status">{Private.explain(request, trans)}</p>
      {request.why && (
        <p className="jp-HubPanel-note">
          <bdi>{request.why}</bdi>
        </p>
      )}
      {request.answer && (
        <p className="jp-HubPanel-quote jp-HubPanel-words">
          <bdi>{request.answer}</bdi>
        </p>
      )}
    </li>
  );
}

namespace Private {
  /**
   * How it stands, for the eye.
   */
  export function mood(
    request: ISentRequest
  ): 'open' | 'good' | 'bad' | 'calm' {
    switch (request.state) {
      case 'answered':
        return 'good';
      case 'failed':
        return 'bad';
      case 'closed':
        return 'calm';
      default:
        return 'open';
    }
  }

  /**
   * What became of it.
   */
  export function explain(
    request: ISentRequest,
    trans: ISectionProps['trans']
  ): string {
    switch (request.state) {
      case 'queued':
        return trans.__('Stored, and being sent.');
      case 'sent':
        return trans.__('Sent.');
      case 'failed':
        return trans.__('It could not be delivered. It is not lost.');
      case 'answered':
        return trans.__('Answered.');
      case 'closed':
        return trans.__('Closed.');
      default:
        return trans.__('It is “%1”.', request.state);
    }
  }
}
