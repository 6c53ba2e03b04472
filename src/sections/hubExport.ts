// An export of the hub that was asked for from here, in words: how far it is, and what came of it. Called by intents.tsx.

import type { IHubExport } from '../api';
import type { IFollowed } from '../intents';
import { explainRung } from '../rungs';
import { EXPORT } from '../tokens';

import type { ISectionProps } from '.';

/** States of an export that goes on. */
const GOES_ON: readonly string[] = ['waiting', 'running'];

/**
 * Whether an intent asks for an export of the hub.
 */
export function isExport(intent: IFollowed): boolean {
  return intent.kind === EXPORT;
}

/**
 * The export, if it goes on.
 */
export function goingOn(intent: IFollowed): IHubExport | null {
  const told = intent.state === 'running' ? intent.export : null;
  return told && GOES_ON.includes(told.state) ? told : null;
}

/**
 * Whether something of what was exported does not hold.
 */
export function isBlocked(intent: IFollowed): boolean {
  return (intent.export?.blockers ?? 0) > 0;
}

/**
 * What became of it; null for states in which it is as anything else that was asked for.
 *
 * @param intent - What was asked for.
 * @param trans - The words in the reader's language.
 */
export function explainExport(
  intent: IFollowed,
  trans: ISectionProps['trans']
): string | null {
  switch (intent.state) {
    case 'running':
      return trans.__(
        'Approved; the hub is being exported. It goes on when you close this.'
      );
    case 'done':
      return Private.outcome(intent.export, trans);
    case 'failed':
      return trans.__(
        'Approved, but it could not be exported. Nothing on the hub has changed.'
      );
    case 'cancelled':
      return trans.__(
        'Cancelled in the console. Nothing on the hub has changed.'
      );
    default:
      return null;
  }
}

/**
 * What leads to the console.
 *
 * @param intent - What was asked for.
 * @param trans - The words in the reader's language.
 */
export function exportLink(
  intent: IFollowed,
  trans: ISectionProps['trans']
): string | null {
  if (!intent.export?.url) {
    return null;
  }
  switch (intent.state) {
    case 'running':
      return trans.__('Follow or cancel it in the console');
    case 'done':
      return trans.__('Report and download');
    default:
      return null;
  }
}

namespace Private {
  /**
   * How far what was exported was proven.
   */
  export function outcome(
    told: IHubExport | null,
    trans: ISectionProps['trans']
  ): string {
    const { blockers = 0, highest = '', not_run = 0 } = told ?? {};
    const sentences = [
      blockers
        ? trans._n(
            'Exported, but %1 check failed: read in the report what is in the way.',
            'Exported, but %1 checks failed: read in the report what is in the way.',
            blockers
          )
        : trans.__('Exported.')
    ];
    if (told && !blockers) {
      sentences.push(trans.__('Nothing that was checked failed.'));
    }
    if (highest) {
      const rung = explainRung(highest, trans);
      sentences.push(trans.__('It holds up to %1.', rung));
    }
    if (not_run) {
      sentences.push(
        trans._n(
          '%1 item could not be checked here.',
          '%1 items could not be checked here.',
          not_run
        )
      );
    }
    return sentences.join(' ');
  }
}
