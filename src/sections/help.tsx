// *Get help*: whom to ask, in which order, and what to expect. Rendered by sections/index.tsx.

import React from 'react';

import type { IContact, IHubFacts } from '../api';
import { Asked } from '../components/asked';
import { Button } from '../components/button';
import { Copy } from '../components/copy';
import { Link } from '../components/link';

import { CommandIDs } from '../tokens';

import type { ISectionProps } from '.';
import { Requests } from './requests';

/**
 * The section.
 */
export function HelpSection(props: ISectionProps): JSX.Element {
  const { model, trans } = props;
  return (
    <Asked asked={model.info} trans={trans}>
      {info => <Help {...props} facts={info.facts} />}
    </Asked>
  );
}

function Help(props: ISectionProps & { facts: IHubFacts }): JSX.Element {
  const { commands, facts, trans } = props;
  return (
    <>
      <p className="jp-HubPanel-actions jp-mod-first">
        <Button onClick={() => void commands.execute(CommandIDs.askForHelp)}>
          {trans.__('Ask for help…')}
        </Button>
      </p>
      <Requests {...props} />
      {facts.contacts.length === 0 && (
        <p className="jp-HubPanel-note">
          {trans.__('Nobody to ask has been named for this hub.')}
        </p>
      )}
      <ol className="jp-HubPanel-contacts">
        {facts.contacts.map((contact, index) => (
          <li key={index}>
            <Contact {...props} contact={contact} />
          </li>
        ))}
      </ol>
      {facts.support_categories.length > 0 && (
        <details>
          <summary>{trans.__('What to expect')}</summary>
          <ul className="jp-HubPanel-categories">
            {facts.support_categories.map(category => (
              <li key={category.key}>
                <b>{category.name}</b>
                <span>{category.meaning}</span>
                <span className="jp-HubPanel-note">{category.objective}</span>
              </li>
            ))}
          </ul>
        </details>
      )}
      <p className="jp-HubPanel-links">
        {facts.status_url && (
          <Link url={facts.status_url}>{trans.__('Is the hub up?')}</Link>
        )}
        {facts.docs_url && (
          <Link url={facts.docs_url}>{trans.__('Documentation')}</Link>
        )}
      </p>
    </>
  );
}

function Contact(props: ISectionProps & { contact: IContact }): JSX.Element {
  const { contact, trans } = props;
  const audience =
    contact.audience === 'representatives'
      ? trans.__('asked by the community’s representatives')
      : contact.audience === 'administrators'
        ? trans.__('asked by administrators')
        : '';
  return (
    <>
      <span className="jp-HubPanel-name">
        <bdi>{contact.name}</bdi>
        {contact.email && (
          <Copy
            text={contact.email}
            label={trans.__('Copy %1', contact.email)}
            trans={trans}
          />
        )}
      </span>
      {[contact.purpose, audience].filter(Boolean).map(line => (
        <span key={line} className="jp-HubPanel-note">
          {line}
        </span>
      ))}
      {contact.email && (
        <span>
          <Link url={`mailto:${encodeURIComponent(contact.email)}`}>
            {contact.email}
          </Link>
        </span>
      )}
      {contact.url && (
        <span>
          <Link url={contact.url}>{Private.site(contact.url)}</Link>
        </span>
      )}
    </>
  );
}

namespace Private {
  /**
   * The site that an address leads to; the address itself if it is none.
   */
  export function site(url: string): string {
    try {
      return new URL(url).host || url;
    } catch {
      return url;
    }
  }
}
