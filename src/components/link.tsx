// Links out of Lab, and text with links in it. Called by the sections.

import React from 'react';

import type { IParty, ISpan } from '../api';

/** What a link is made from. */
export interface ILinkProps {
  url: string;
  children: React.ReactNode;
}

/**
 * A link to another site or to a mail program; plain words if the address is none of those.
 */
export function Link(props: ILinkProps): JSX.Element {
  if (!/^(https?:|mailto:)/i.test(props.url)) {
    return <bdi>{props.children}</bdi>;
  }
  const mail = /^mailto:/i.test(props.url);
  return (
    <a
      className={mail ? undefined : 'jp-mod-external'}
      href={props.url}
      {...(mail ? {} : { target: '_blank', rel: 'noopener noreferrer' })}
    >
      <bdi>{props.children}</bdi>
    </a>
  );
}

/**
 * The name of somebody, with a link to their page if they have one.
 */
export function Party(props: { party: IParty }): JSX.Element {
  return <Link url={props.party.url}>{props.party.name}</Link>;
}

/**
 * Text with links, in paragraphs.
 */
export function Words(props: { spans: ISpan[] }): JSX.Element {
  return (
    <p className="jp-HubPanel-words">
      {props.spans.map((span, index) =>
        span.url ? (
          <Link key={index} url={span.url}>
            {span.text}
          </Link>
        ) : (
          <React.Fragment key={index}>{span.text}</React.Fragment>
        )
      )}
    </p>
  );
}
