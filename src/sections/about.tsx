// *About*: who the hub is for, your role, what it is built from, and what the platform stands for. Rendered by sections/index.tsx.

import React from 'react';

import type { IComponent, IHubFacts } from '../api';
import { Asked } from '../components/asked';
import { Link } from '../components/link';
import { Row, Rows } from '../components/rows';

import type { ISectionProps } from '.';

/**
 * The section.
 */
export function AboutSection(props: ISectionProps): JSX.Element {
  const { model, trans } = props;
  return (
    <Asked asked={model.info} trans={trans}>
      {info => <About {...props} facts={info.facts} />}
    </Asked>
  );
}

function About(props: ISectionProps & { facts: IHubFacts }): JSX.Element {
  const { facts, hub, trans } = props;
  const session = props.model.session.value;
  const platform = facts.platform?.name ?? '';
  const built = [...facts.components, ...(session?.versions ?? [])];
  const more: [string, string][] = [
    [facts.roadmap_url, trans.__('Roadmap')],
    [facts.impact_url, trans.__('Impact')],
    [facts.upstream_url, trans.__('Contributions to open source')]
  ];
  return (
    <Rows>
      <Row label={trans.__('For')}>{facts.audience}</Row>
      <Row label={trans.__('You are')}>
        {hub.homeUrl &&
          session &&
          (session.you.admin
            ? trans.__(
                'an administrator: you look after people and servers here'
              )
            : trans.__(
                'a user: your server and your files are yours; administrators let people in'
              ))}
      </Row>
      <Row label={trans.__('Built from')}>
        {built.length > 0 && <Components components={built} />}
      </Row>
      <Row label={platform ? trans.__('%1’s mission', platform) : ''}>
        {facts.mission && (
          <>
            {facts.mission}{' '}
            {facts.mission_url && (
              <Link url={facts.mission_url}>{trans.__('more')}</Link>
            )}
          </>
        )}
      </Row>
      <Row label={trans.__('Principles')}>
        {facts.principles.length > 0 && (
          <span className="jp-HubPanel-links">
            {facts.principles.map(principle => (
              <Link key={principle.name} url={principle.evidence}>
                {principle.name}
              </Link>
            ))}
          </span>
        )}
      </Row>
      <Row label={trans.__('See also')}>
        <span className="jp-HubPanel-links">
          {more.map(
            ([url, name]) =>
              url && (
                <Link key={name} url={url}>
                  {name}
                </Link>
              )
          )}
        </span>
      </Row>
      <Row label={trans.__('Operator')}>
        {session?.you.admin && facts.qualifications.length > 0 && (
          <span className="jp-HubPanel-links">
            {facts.qualifications.map(link => (
              <Link key={link.url} url={link.url}>
                {link.name}
              </Link>
            ))}
          </span>
        )}
      </Row>
    </Rows>
  );
}

function Components(props: { components: IComponent[] }): JSX.Element {
  return (
    <span className="jp-HubPanel-links">
      {props.components.map(({ name, url, version }) => (
        <span key={name}>
          <Link url={url}>{name}</Link> {version}
        </span>
      ))}
    </span>
  );
}
