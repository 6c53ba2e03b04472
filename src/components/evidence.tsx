// What was found of the four layers: a line for each kind of thing, its names and way out behind it. Rendered by sections/right.tsx.

import type { ServerConnection } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import { fetchEvidence, type IEvidence, type IEvidenceSheet } from '../api';
import type { IAsked } from '../model';
import { RequestError } from '../request';

import { Asked } from './asked';

import '../../style/evidence.css';

/** Statuses in the order in which they are told. */
const STATUSES = ['open', 'own-licence', 'tied', 'unpinned', 'not-known'];

/** What was asked for, and how to ask again. */
export interface IAskedEvidence {
  asked: IAsked<IEvidenceSheet>;
  retry: () => void;
}

/**
 * Ask what is open here, when this appears and whenever something else was looked at again.
 *
 * @param settings - How to reach the server.
 * @param after - What is looked at again.
 */
export function useEvidence(
  settings: ServerConnection.ISettings,
  after: unknown
): IAskedEvidence {
  const [asked, setAsked] = React.useState<IAsked<IEvidenceSheet>>({
    value: null,
    error: null,
    loading: true
  });
  const [again, setAgain] = React.useState(0);
  React.useEffect(() => {
    let wanted = true;
    setAsked(before => ({ ...before, loading: true }));
    fetchEvidence(settings).then(
      value => wanted && setAsked({ value, error: null, loading: false }),
      reason =>
        wanted &&
        setAsked(before => ({
          ...before,
          error:
            reason instanceof RequestError
              ? reason
              : new RequestError(String(reason), 0),
          loading: false
        }))
    );
    return () => {
      wanted = false;
    };
  }, [settings, after, again]);
  return { asked, retry: () => setAgain(again + 1) };
}

/** What the state of the question is made from. */
export interface IEvidenceStateProps extends IAskedEvidence {
  trans: TranslationBundle;
}

/**
 * That it is being looked at, or why nothing can be said; nothing where the server is older than this.
 */
export function EvidenceState(props: IEvidenceStateProps): JSX.Element | null {
  const { asked, retry, trans } = props;
  if (asked.loading && !asked.value) {
    return (
      <p className="jp-HubPanel-note" role="status">
        {trans.__('Looking at what is installed and set here…')}
      </p>
    );
  }
  if (!asked.error || asked.error.status === 404) {
    return null;
  }
  return (
    <Asked asked={asked} retry={retry} trans={trans}>
      {() => null}
    </Asked>
  );
}

/** What the evidence of a layer is made from. */
export interface IFoundProps {
  sheet: IEvidenceSheet | null;
  /** The layer's key. */
  layer: string;
  trans: TranslationBundle;
}

/**
 * What was found of a layer: one line for each kind of thing.
 */
export function Found(props: IFoundProps): JSX.Element | null {
  const { sheet, trans } = props;
  const items =
    sheet?.layers.find(each => each.key === props.layer)?.items ?? [];
  const kinds = new Map<string, IEvidence[]>();
  for (const each of items) {
    kinds.set(each.what, [...(kinds.get(each.what) ?? []), each]);
  }
  return (
    <>
      {[...kinds].map(([what, found]) => (
        <details key={what} className="jp-HubPanel-found">
          <summary>
            <span>{trans.__('%1:', what)}</span>
            {Private.counts(found, trans).map(([status, words]) => (
              <span
                key={status}
                className={`jp-HubPanel-status jp-mod-${status}`}
              >
                {words}
              </span>
            ))}
          </summary>
          <ul>
            {found.map(each => (
              <Item key={each.id} item={each} trans={trans} />
            ))}
          </ul>
        </details>
      ))}
    </>
  );
}

function Item(props: {
  item: IEvidence;
  trans: TranslationBundle;
}): JSX.Element {
  const { item, trans } = props;
  const more = item.count - item.names.length;
  return (
    <li>
      <span>
        {item.count ? trans.__('%1 %2', item.count, item.found) : item.found}
      </span>
      {item.names.length > 0 && (
        <span className="jp-HubPanel-note">
          <bdi>{item.names.join(', ')}</bdi>
          {more > 0 && ` ${trans._n('and %1 more', 'and %1 more', more)}`}
        </span>
      )}
      {item.way_out && (
        <span>
          {trans.__('Way out:')} <bdi>{item.way_out}</bdi>
        </span>
      )}
      {item.source && (
        <span className="jp-HubPanel-note">
          {trans.__('Seen in: %1', item.source)}
        </span>
      )}
    </li>
  );
}

namespace Private {
  type Trans = TranslationBundle;

  /**
   * How many of a kind have which status, in words.
   */
  export function counts(
    found: IEvidence[],
    trans: Trans
  ): [status: string, words: string][] {
    if (found.length === 1 && !found[0].count) {
      return [[known(found[0].status), found[0].found]];
    }
    const sums = new Map<string, number>();
    for (const each of found) {
      const status = known(each.status);
      sums.set(status, (sums.get(status) ?? 0) + each.count);
    }
    return STATUSES.filter(status => sums.has(status)).map(status => [
      status,
      inWords(status, sums.get(status)!, trans)
    ]);
  }

  function known(status: string): string {
    return STATUSES.includes(status) ? status : 'not-known';
  }

  function inWords(status: string, count: number, trans: Trans): string {
    switch (status) {
      case 'open':
        return trans._n('%1 open', '%1 open', count);
      case 'own-licence':
        return trans._n(
          '%1 with a licence of its own',
          '%1 with a licence of their own',
          count
        );
      case 'tied':
        return trans._n('%1 tied', '%1 tied', count);
      case 'unpinned':
        return trans._n('%1 not pinned', '%1 not pinned', count);
      default:
        return count
          ? trans._n('%1 not known', '%1 not known', count)
          : trans.__('not known');
    }
  }
}
