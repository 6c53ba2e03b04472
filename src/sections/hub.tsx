// *This hub*: who runs, designed and pays for it, and where it is. Rendered by sections/index.tsx.

import React from 'react';

import type { IHubFacts, IInfo } from '../api';
import { Asked } from '../components/asked';
import { Link, Party, Words } from '../components/link';
import { Row, Rows } from '../components/rows';

import type { ISectionProps } from '.';

/**
 * The section.
 */
export function HubSection(props: ISectionProps): JSX.Element {
  const { model, trans } = props;
  return (
    <Asked
      asked={model.info}
      retry={() => void model.refreshInfo()}
      trans={trans}
    >
      {info => <Facts {...props} info={info} />}
    </Asked>
  );
}

function Facts(props: ISectionProps & { info: IInfo }): JSX.Element {
  const { info, trans } = props;
  const { facts } = info;
  const row = (
    field: keyof IHubFacts,
    label: string,
    content: React.ReactNode
  ) => (
    <Row label={label} source={info.provenance[field]?.source}>
      {content}
    </Row>
  );
  const place = [facts.provider, facts.region].filter(Boolean).join(', ');
  return (
    <>
      {facts.notices.map((notice, index) => (
        <div key={index} className="jp-HubPanel-notice">
          <Words spans={notice} />
        </div>
      ))}
      {facts.description && <p>{facts.description}</p>}
      <Rows>
        {row(
          'operated_by',
          trans.__('Run by'),
          facts.operated_by && <Party party={facts.operated_by} />
        )}
        {row(
          'designed_by',
          trans.__('Designed by'),
          facts.designed_by && <Party party={facts.designed_by} />
        )}
        {row(
          'funded_by',
          trans.__('Funded by'),
          facts.funded_by.length > 0 &&
            facts.funded_by.map((party, index) => (
              <div key={index}>
                <Party party={party} />
              </div>
            ))
        )}
        {row('provider', trans.__('Where'), place && <bdi>{place}</bdi>)}
        {row(
          'configuration_url',
          trans.__('Configuration'),
          facts.configuration_url && (
            <Link url={facts.configuration_url}>
              {trans.__('public, see every line')}
            </Link>
          )
        )}
        {row(
          'logo',
          trans.__('Logo'),
          facts.logo.startsWith('http') && (
            <Link url={facts.logo}>{trans.__('picture')}</Link>
          )
        )}
      </Rows>
      {facts.learn_more.length > 0 && <Words spans={facts.learn_more} />}
      {props.hub.homeUrl && (
        <p>
          <Link url={new URL(props.hub.homeUrl, window.location.href).href}>
            {trans.__('Hub control panel')}
          </Link>
        </p>
      )}
      <Problems {...props} />
    </>
  );
}

/**
 * Settings of this server that could not be used, for whoever can mend them.
 */
function Problems(props: ISectionProps & { info: IInfo }): JSX.Element | null {
  const { info, model, trans } = props;
  const mends = !props.hub.homeUrl || model.session.value?.you.admin;
  if (info.problems.length === 0 || !mends) {
    return null;
  }
  return (
    <details className="jp-HubPanel-problems">
      <summary>
        {trans._n(
          '%1 setting could not be used',
          '%1 settings could not be used',
          info.problems.length,
          info.problems.length
        )}
      </summary>
      <ul>
        {info.problems.map((problem, index) => (
          <li key={index}>
            <code>{problem.setting}</code>
            <div>{trans.__('given: %1', problem.given)}</div>
            <div>{trans.__('expected: %1', problem.expected)}</div>
          </li>
        ))}
      </ul>
    </details>
  );
}
