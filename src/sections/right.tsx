// *Right to Replicate*: the statement, and what it means on this hub. Rendered by sections/index.tsx.

import React from 'react';

import type { IHubFacts, ILayer, ISession } from '../api';
import { Asked } from '../components/asked';
import { Copy } from '../components/copy';
import { EvidenceState, Found, useEvidence } from '../components/evidence';
import { Link } from '../components/link';
import { Take } from '../components/take';

import type { ISectionProps } from '.';
import { LastReplica } from './lastReplica';

/**
 * The section.
 */
export function RightSection(props: ISectionProps): JSX.Element {
  const { model, trans } = props;
  return (
    <Asked asked={model.info} trans={trans}>
      {info => <Right {...props} facts={info.facts} />}
    </Asked>
  );
}

function Right(props: ISectionProps & { facts: IHubFacts }): JSX.Element {
  const { facts, trans } = props;
  const session = props.model.session.value;
  const evidence = useEvidence(props.model.serverSettings, facts);
  return (
    <>
      {facts.statement && (
        <div className="jp-HubPanel-statement">
          <blockquote cite={facts.statement_url || undefined}>
            {facts.statement}
          </blockquote>
          <Copy
            text={`${facts.statement} ${facts.statement_url}`.trim()}
            label={trans.__('Copy the statement with its address')}
            trans={trans}
          />
        </div>
      )}
      <ul className="jp-HubPanel-layers">
        {facts.layers.map(layer => (
          <li key={layer.key}>
            <span className="jp-HubPanel-layer">
              <span>{layer.name}</span>
              <abbr title={level(layer, props)}>{layer.level}</abbr>
            </span>
            <span className="jp-HubPanel-note">{layer.meaning}</span>
            <span className="jp-HubPanel-here">
              {here(layer, facts, session, props)}
            </span>
            <Found
              sheet={evidence.asked.value}
              layer={layer.key}
              trans={trans}
            />
          </li>
        ))}
      </ul>
      <EvidenceState {...evidence} trans={trans} />
      <LastReplica {...props} />
      {facts.commitments.length > 0 && (
        <details>
          <summary>{trans.__('What the operator commits to')}</summary>
          <ul>
            {facts.commitments.map((commitment, index) => (
              <li key={index}>{commitment}</li>
            ))}
          </ul>
        </details>
      )}
      <p className="jp-HubPanel-links">
        {facts.statement_url && (
          <Link url={facts.statement_url}>{trans.__('Read it in full')}</Link>
        )}
      </p>
      {session?.you.owner && (
        <Take settings={props.model.serverSettings} trans={trans} />
      )}
    </>
  );
}

/**
 * How far a layer is promised to be open, in words.
 */
function level(layer: ILayer, props: ISectionProps): string {
  const { trans } = props;
  switch (layer.level) {
    case 'MAY':
      return trans.__('may be open');
    case 'SHOULD':
      return trans.__('should be open');
    case 'MUST':
      return layer.key === 'cloud'
        ? trans.__('must be portable')
        : trans.__('must be open');
    default:
      return layer.level;
  }
}

/**
 * What a layer is on this hub, as far as it is known.
 */
function here(
  layer: ILayer,
  facts: IHubFacts,
  session: ISession | null,
  props: ISectionProps
): React.ReactNode {
  const { trans } = props;
  switch (layer.key) {
    case 'environment':
      return (
        session?.image &&
        trans.__(
          'Here: %1',
          [session.image.name.split('/').pop(), session.image.tag]
            .filter(Boolean)
            .join(' ')
        )
      );
    case 'infrastructure': {
      const runs = facts.components
        .slice(0, 3)
        .map(each => `${each.name} ${each.version}`)
        .join(', ');
      return (
        <>
          {runs && trans.__('Here: %1', runs)}
          {runs && facts.configuration_url && ' · '}
          {facts.configuration_url && (
            <Link url={facts.configuration_url}>
              {trans.__('configuration')}
            </Link>
          )}
        </>
      );
    }
    case 'cloud': {
      const place = [facts.provider, facts.region].filter(Boolean).join(', ');
      return place && trans.__('Here: %1', place);
    }
    default:
      return null;
  }
}
