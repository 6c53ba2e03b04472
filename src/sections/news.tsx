// *News*: what the hub's people want its users to know. Rendered by sections/index.tsx.

import React from 'react';

import type { IAnnouncement } from '../api';
import { Button } from '../components/button';
import { Html } from '../components/html';
import { Link } from '../components/link';
import { formatSpan } from '../format';

import type { ISectionProps } from '.';

/**
 * The section; it is there only while there is something in it.
 */
export function NewsSection(props: ISectionProps): JSX.Element {
  const { news, trans } = props;
  const more = news.announcements.length - news.shown.length;
  return (
    <>
      {news.error && (
        <p className="jp-HubPanel-state" role="alert">
          <bdi>{news.error}</bdi>
        </p>
      )}
      <ul className="jp-HubPanel-news">
        {news.shown.map(each => (
          <Announcement key={each.id} {...props} announcement={each} />
        ))}
      </ul>
      {more > 0 && (
        <Button onClick={() => news.showAll()}>
          {trans._n('Show %1 more', 'Show %1 more', more)}
        </Button>
      )}
    </>
  );
}

function Announcement(
  props: ISectionProps & { announcement: IAnnouncement }
): JSX.Element {
  const { announcement, news, trans } = props;
  const { acknowledge, acknowledged, dismissible, link, title } = announcement;
  const id = React.useId();
  const due = acknowledge && !acknowledged;
  return (
    <li
      className={`jp-mod-${announcement.severity}`}
      aria-labelledby={`${id}-title`}
    >
      <p className="jp-HubPanel-kind">
        <b>{Private.kind(announcement, trans)}</b>
        {(news.isNew(announcement) || !announcement.seen) && (
          <span className="jp-HubPanel-new">{trans.__('New')}</span>
        )}
        <span className="jp-HubPanel-note">{Private.when(announcement)}</span>
      </p>
      <h3 id={`${id}-title`}>
        <bdi>{title}</bdi>
      </h3>
      <Html html={announcement.body_html} text={announcement.body} />
      <p className="jp-HubPanel-actions">
        {link && <Link url={link}>{trans.__('More about it')}</Link>}
        {due && (
          <Button
            label={trans.__('I have read it: %1', title)}
            onClick={() => void news.mark(announcement, 'acknowledged')}
          >
            {trans.__('I have read it')}
          </Button>
        )}
        {acknowledge && acknowledged && (
          <span className="jp-HubPanel-note">
            {trans.__('You have read it')}
          </span>
        )}
        {dismissible && !due && (
          <Button
            label={trans.__('Put away: %1', title)}
            onClick={() => void news.mark(announcement, 'dismissed')}
          >
            {trans.__('Put away')}
          </Button>
        )}
      </p>
    </li>
  );
}

namespace Private {
  /**
   * What it is, in a word.
   */
  export function kind(
    announcement: IAnnouncement,
    trans: ISectionProps['trans']
  ): string {
    switch (announcement.severity) {
      case 'incident':
        return trans.__('Incident');
      case 'maintenance':
        return trans.__('Maintenance');
      case 'resolved':
        return trans.__('Resolved');
      default:
        return trans.__('Information');
    }
  }

  /**
   * From when and until when, in the reader's time zone.
   */
  export function when(announcement: IAnnouncement): string {
    const starts = Date.parse(announcement.starts);
    const ends = Date.parse(announcement.ends ?? '');
    if (!Number.isFinite(starts)) {
      return '';
    }
    return formatSpan(starts, Number.isFinite(ends) ? ends : null);
  }
}
