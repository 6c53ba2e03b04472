// When it was last proven that this hub starts elsewhere, in a quiet line; for administrators with what is due. Rendered by right.tsx.

import React from 'react';

import { fetchLastReplica, type ILastReplica, type IReplica } from '../api';
import { Copy } from '../components/copy';
import { Link } from '../components/link';
import { consolePage } from '../console';
import { formatDate } from '../format';
import { explainRung } from '../rungs';

import type { ISectionProps } from '.';

/** What an operator runs to prove it anew; cron or CI gives it where and what. */
const COMMAND = 'jupyter 2i2c drill';

/** Rungs that a replica climbs only while it runs. */
const STARTED = ['V6', 'V7'];

/**
 * The line; nothing where nobody drills, and without a hub.
 *
 * #### Notes
 * It is asked for when it appears, and whenever the hub's facts have been.
 */
export function LastReplica(props: ISectionProps): JSX.Element | null {
  const { hub, intents, model, trans } = props;
  const [told, setTold] = React.useState<ILastReplica | null>(null);
  const facts = model.info.value;
  React.useEffect(() => {
    let wanted = Boolean(hub.homeUrl);
    if (wanted) {
      fetchLastReplica(model.serverSettings).then(
        answer => wanted && setTold(answer),
        () => undefined // an older server, or one that is away: what was known stays
      );
    }
    return () => {
      wanted = false;
    };
  }, [facts]);
  const replica = told?.replica ?? null;
  const you = model.session.value?.you;
  const offered = intents.admin.value?.offered;
  // on somebody else's server, nobody is told to do anything
  const due =
    offered || (you?.admin && you.owner)
      ? Private.reminder(replica, told?.configured === true, trans)
      : '';
  const words = replica
    ? [
        Private.tell(replica, trans),
        replica.holds && replica.overdue && Private.late(told!, trans)
      ]
        .filter(Boolean)
        .join(' ')
    : '';
  const page = consolePage(
    hub.consoleUrl,
    intents.admin.value?.console ?? '',
    'exports'
  );
  if (!words && !due) {
    return null;
  }
  return (
    <div className="jp-HubPanel-proof">
      {words && <p>{words}</p>}
      {due && (
        <p className="jp-HubPanel-notice">
          {due}
          <br />
          <code>{COMMAND}</code>
          <Copy
            text={COMMAND}
            label={trans.__('Copy the command')}
            trans={trans}
          />
          {offered && (
            <>
              <br />
              <Link url={page}>{trans.__('Exports and drills')}</Link>
            </>
          )}
        </p>
      )}
    </div>
  );
}

namespace Private {
  type Trans = ISectionProps['trans'];

  /**
   * What the last drill said.
   */
  export function tell(replica: IReplica, trans: Trans): string {
    const when = formatDate(Date.parse(replica.at));
    // `V7 with 2 items not run (V2, V4)`
    const [, rung = '', left = '0'] =
      /^(V\d)\b(?: with (\d+) items? not run)?/.exec(replica.highest) ?? [];
    const reached = explainRung(rung || replica.highest, trans);
    const sentences = [];
    if (!replica.holds) {
      const { blockers } = replica;
      sentences.push(
        trans._n(
          'A replica of this hub was tried on %2, and %1 check failed.',
          'A replica of this hub was tried on %2, and %1 checks failed.',
          blockers,
          when
        )
      );
      if (reached) {
        sentences.push(trans.__('It held up to %1.', reached));
      }
    } else if (STARTED.includes(rung)) {
      sentences.push(
        trans.__(
          'Proven on %1 that this hub starts elsewhere (%2).',
          when,
          reached
        )
      );
    } else if (reached) {
      sentences.push(
        trans.__(
          'A replica of this hub was built on %1. It holds up to %2.',
          when,
          reached
        )
      );
    }
    const skipped = Number(left);
    if (skipped) {
      sentences.push(
        trans._n(
          '%1 item could not be checked.',
          '%1 items could not be checked.',
          skipped
        )
      );
    }
    return sentences.join(' ');
  }

  /**
   * That it is longer ago than it should be.
   */
  export function late(told: ILastReplica, trans: Trans): string {
    const days = told.limit_days ?? 0;
    return days
      ? trans._n(
          'It should be proven anew every day.',
          'It should be proven anew every %1 days.',
          days
        )
      : trans.__('That is longer ago than the operator means it to be.');
  }

  /**
   * What an administrator should see to; empty if nothing is due.
   */
  export function reminder(
    replica: IReplica | null,
    configured: boolean,
    trans: Trans
  ): string {
    if (!replica) {
      return configured
        ? trans.__(
            'Nobody has tried yet whether this hub starts elsewhere. The operator runs:'
          )
        : '';
    }
    if (!replica.holds) {
      return trans.__(
        'The report says what failed. Once that is mended, the operator runs:'
      );
    }
    return replica.overdue
      ? trans.__('It is time to try again. The operator runs:')
      : '';
  }
}
