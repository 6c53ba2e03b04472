// The fields of an announcement that is to be published. Rendered by intentForm.tsx.

import React from 'react';

import { Field } from '../components/field';

import type { ISectionProps } from '.';

/** Characters of a title and of a text, as the service takes them. */
const MAX_TITLE = 120;
const MAX_BODY = 8000;

/** What is published; the service fills in the rest. */
export type IPublished = {
  title: string;
  body: string;
  severity: string;
  acknowledge: boolean;
};

/** What they are made from. */
export interface IAnnouncementFieldsProps {
  news: IPublished;
  /** What is wrong with the title; empty if nothing is. */
  mistake: string;
  onChange: (news: IPublished) => void;
  trans: ISectionProps['trans'];
}

/**
 * The fields.
 */
export function AnnouncementFields(
  props: IAnnouncementFieldsProps
): JSX.Element {
  const { news, trans } = props;
  const id = React.useId();
  const change = (more: Partial<IPublished>): void =>
    props.onChange({ ...news, ...more });
  const kinds = [
    ['info', trans.__('Information')],
    ['maintenance', trans.__('Maintenance')],
    ['incident', trans.__('Incident')],
    ['resolved', trans.__('Resolved')]
  ];
  return (
    <>
      <Field
        first
        label={trans.__('Title')}
        value={news.title}
        maxLength={MAX_TITLE}
        mistake={props.mistake}
        onChange={title => change({ title })}
      />
      <Field
        rows={4}
        label={trans.__('Text')}
        hint={trans.__('Markdown. The console shows it as readers see it.')}
        value={news.body}
        maxLength={MAX_BODY}
        onChange={body => change({ body })}
      />
      <div className="jp-HubPanel-field">
        <label htmlFor={id}>{trans.__('Kind')}</label>
        <select
          id={id}
          value={news.severity}
          onChange={event => change({ severity: event.target.value })}
        >
          {kinds.map(([key, name]) => (
            <option key={key} value={key}>
              {name}
            </option>
          ))}
        </select>
      </div>
      <label>
        <input
          type="checkbox"
          checked={news.acknowledge}
          onChange={event => change({ acknowledge: event.target.checked })}
        />
        <span>{trans.__('Ask everybody to say that they have read it')}</span>
      </label>
    </>
  );
}
