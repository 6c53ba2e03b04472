// What each rung of the ladder proves, as a sentence goes on. Called by sections/lastReplica.tsx and sections/hubExport.ts.

import type { TranslationBundle } from '@jupyterlab/translation';

/**
 * A rung with what it proves: `V4: its configuration, executed, is equal`.
 *
 * @param rung - Its name; one that is not known here is told as it is.
 * @param trans - The words in the reader's language.
 */
export function explainRung(rung: string, trans: TranslationBundle): string {
  const words: Record<string, string> = {
    V0: trans.__('the copy is whole'),
    V1: trans.__('every file is well-formed'),
    V2: trans.__('nothing in it dangles'),
    V3: trans.__('what was built equals what was captured'),
    V4: trans.__('its configuration, executed, is equal'),
    V5: trans.__('its environment is rebuilt byte for byte'),
    V6: trans.__('it answers as this hub does'),
    V7: trans.__('a user logs in, a notebook runs'),
    V8: trans.__('the data’s checksums hold')
  };
  return words[rung] ? trans.__('%1: %2', rung, words[rung]) : rung;
}
