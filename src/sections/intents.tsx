// What was asked for from here, and what became of it. Rendered by admin.tsx.

import React from 'react';

import { titleOf } from '../actions';
import { Button } from '../components/button';
import { Link } from '../components/link';
import { Progress } from '../components/progress';
import { consolePage } from '../console';
import { formatTime } from '../format';
import { FOLLOW_FOR, type IFollowed, isSettled } from '../intents';

import type { ISectionProps } from '.';
import {
  explainExport,
  exportLink,
  goingOn,
  isBlocked,
  isExport
} from './hubExport';

/** States from which asking once more makes sense. */
const TO_ASK_AGAIN = ['expired', 'failed', 'gone'];

/** What the list is made from. */
export interface IIntentsProps extends ISectionProps {
  /** Which of them to put the focus on; empty for none. */
  focus: string;
  onAskAgain: (intent: IFollowed) => void;
}

/**
 * The last few of them, the latest first.
 */
export function Intents(props: IIntentsProps): JSX.Element | null {
  const { intents, trans } = props;
  const id = React.useId();
  if (!intents.intents.length) {
    return null;
  }
  return (
    <>
      <h3 id={id}>{trans.__('Approvals')}</h3>
      <ul className="jp-HubPanel-intents" aria-labelledby={id}>
        {intents.intents.map(intent => (
          <Intent key={intent.id} {...props} intent={intent} />
        ))}
      </ul>
    </>
  );
}

function Intent(props: IIntentsProps & { intent: IFollowed }): JSX.Element {
  const { hub, intent, intents, trans } = props;
  const item = React.useRef<HTMLLIElement>(null);
  React.useEffect(() => {
    if (props.focus === intent.id) {
      item.current?.focus();
    }
  }, [props.focus]);
  const title = titleOf(intent, trans);
  const settled = isSettled(intent);
  const followed =
    (Date.now() - intent.asked < FOLLOW_FOR || intent.state === 'running') &&
    !intent.error;
  const going = goingOn(intent);
  const leadsTo = isExport(intent) ? exportLink(intent, trans) : null;
  const page = consolePage(
    consolePage(hub.consoleUrl, intents.admin.value?.console ?? ''),
    leadsTo ? intent.export!.url : intent.url
  );
  return (
    <li ref={item} tabIndex={-1} className={`jp-mod-${Private.mood(intent)}`}>
      <b>{title}</b>{' '}
      <span className="jp-HubPanel-note">{formatTime(intent.asked)}</span>
      <p role="status">{Private.explain(intent, trans)}</p>
      {going && <Progress {...going} title={title} what={going.step} />}
      {/* what the service says of an export that went well is said above */}
      {intent.message && !leadsTo && <Message {...props} />}
      {intent.error && (
        <p className="jp-HubPanel-note">
          {trans.__('It could not be looked at just now.')}{' '}
          <bdi>{intent.error}</bdi>
        </p>
      )}
      <p className="jp-HubPanel-actions">
        {intent.state !== 'gone' && (
          <Link url={page}>
            {leadsTo ??
              (intent.state === 'pending'
                ? trans.__('Approve or refuse in the console')
                : trans.__('See it in the console'))}
          </Link>
        )}
        {!settled && !followed && (
          <Button
            label={trans.__('Look again at: %1', title)}
            onClick={() => void intents.look(intent.id)}
          >
            {trans.__('Look again')}
          </Button>
        )}
        {(TO_ASK_AGAIN.includes(intent.state) ||
          (isExport(intent) && intent.state === 'cancelled')) && (
          <Button
            label={trans.__('Ask again for: %1', title)}
            onClick={() => props.onAskAgain(intent)}
          >
            {trans.__('Ask again…')}
          </Button>
        )}
        {settled && (
          <Button
            label={trans.__('Take off the list: %1', title)}
            onClick={() => intents.forget(intent.id)}
          >
            {trans.__('Got it')}
          </Button>
        )}
      </p>
    </li>
  );
}

/**
 * What there is to know about the state, in the words of the service or of who decided.
 */
function Message(props: { intent: IFollowed }): JSX.Element {
  return (
    <p className="jp-HubPanel-quote">
      <bdi>{props.intent.message}</bdi>
    </p>
  );
}

namespace Private {
  /**
   * How it stands, for the eye.
   */
  export function mood(
    intent: IFollowed
  ): 'open' | 'good' | 'bad' | 'unsure' | 'calm' {
    switch (intent.state) {
      case 'done':
        return isBlocked(intent) ? 'unsure' : 'good';
      case 'failed':
      case 'partly':
        return 'bad';
      case 'unknown':
        return 'unsure';
      default:
        return isSettled(intent) ? 'calm' : 'open';
    }
  }

  /**
   * What became of it, and what to do now.
   */
  export function explain(
    intent: IFollowed,
    trans: ISectionProps['trans']
  ): string {
    const exported = isExport(intent) ? explainExport(intent, trans) : null;
    if (exported !== null) {
      return exported;
    }
    switch (intent.state) {
      case 'pending': {
        const expires = Date.parse(intent.expires);
        return Number.isFinite(expires)
          ? trans.__(
              'Waits for your approval in the console, until %1.',
              formatTime(expires)
            )
          : trans.__('Waits for your approval in the console.');
      }
      case 'executing':
        return trans.__('Approved; it is being done.');
      case 'running':
        return trans.__(
          'Approved; it is being done, one by one. The console shows how far it is.'
        );
      case 'done':
        return trans.__('Done.');
      case 'refused':
        return trans.__('Refused in the console. Nothing was changed.');
      case 'expired':
        return trans.__(
          'Nobody decided in time, so it expired. Nothing was changed; ask again if it is still needed.'
        );
      case 'failed':
        return trans.__(
          'Approved, but it failed. The console says how things are now; then ask again.'
        );
      case 'partly':
        return trans.__(
          'Only a part of it was done. The console lists what failed, and can try that again.'
        );
      case 'unknown':
        return trans.__(
          'Approved, but the hub has not said whether it was done. Open it in the console, where that is found out; do not ask again before.'
        );
      case 'cancelled':
        return trans.__(
          'Cancelled in the console. What had been done by then stays done.'
        );
      case 'gone':
        return trans.__(
          'The hub’s service knows nothing of it any more. If it was approved, the audit log in the console has it.'
        );
      default:
        return trans.__('It is “%1”; see the console.', intent.state);
    }
  }
}
