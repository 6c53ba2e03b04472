// What administrators did to the reader, and why. Rendered by session.tsx.

import React from 'react';

import type { IDone } from '../api';
import { Button } from '../components/button';
import { formatTime } from '../format';
import { isolate } from '../isolate';

import type { ISectionProps } from '.';

/**
 * What was done and is not read yet; nothing at all if that is nothing.
 */
export function Done(props: ISectionProps): JSX.Element {
  const { done, trans } = props;
  return (
    // there before its content is, so that what comes is read out
    <div role="status">
      {done.unread.map(each => {
        const title = Private.title(each, trans);
        return (
          <div
            key={[each.time, each.action, each.actor].join()}
            className="jp-HubPanel-notice"
          >
            <p>{title}</p>
            {each.reason && (
              <p className="jp-HubPanel-quote">
                <bdi>{each.reason}</bdi>
              </p>
            )}
            <Button
              label={trans.__('Got it: %1', title)}
              onClick={() => done.dismiss(each)}
            >
              {trans.__('Got it')}
            </Button>
          </div>
        );
      })}
    </div>
  );
}

namespace Private {
  /**
   * What was done, by whom and when.
   */
  export function title(done: IDone, trans: ISectionProps['trans']): string {
    const actor = isolate(done.actor);
    const time = Date.parse(done.time);
    const when = Number.isFinite(time) ? formatTime(time) : '';
    const because = Boolean(done.reason);
    switch (done.action) {
      case 'stop-server':
      case 'stop-all':
        return because
          ? trans.__(
              'Your server was stopped by %1 (%2), because:',
              actor,
              when
            )
          : trans.__('Your server was stopped by %1 (%2).', actor, when);
      case 'start-server':
        return because
          ? trans.__(
              'Your server was started by %1 (%2), because:',
              actor,
              when
            )
          : trans.__('Your server was started by %1 (%2).', actor, when);
      case 'open-server':
        return because
          ? trans.__('Your server was opened by %1 (%2), because:', actor, when)
          : trans.__('Your server was opened by %1 (%2).', actor, when);
      default:
        return `${isolate(done.text || done.action)} (${actor}, ${when})`;
    }
  }
}
