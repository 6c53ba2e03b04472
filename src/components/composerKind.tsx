// What a request is about: its category, and for an incident what is out of order. Rendered by composer.tsx.

import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { IOutage, ISupportCategory } from '../api';

import { saveText } from './composerMail';
import { Button } from './button';
import { Copy } from './copy';

/** What a choice is made from. */
interface IChoiceProps {
  value: string;
  onChange: (value: string) => void;
  trans: TranslationBundle;
}

/**
 * The category.
 */
export function CategoryField(
  props: IChoiceProps & { categories: ISupportCategory[]; mistake?: string }
): JSX.Element {
  const { categories, mistake, trans, value } = props;
  const id = React.useId();
  return (
    <fieldset
      className="jp-HubComposer-choices"
      role="radiogroup"
      aria-invalid={mistake ? true : undefined}
      aria-describedby={mistake ? id : undefined}
    >
      <legend>{trans.__('What is it?')}</legend>
      {categories.map(each => (
        <label key={each.key}>
          <input
            type="radio"
            name={`${id}-choice`}
            checked={value === each.key}
            onChange={() => props.onChange(each.key)}
          />
          <span>
            <b>{each.name}</b>
            <span className="jp-HubPanel-note">{each.meaning}</span>
          </span>
        </label>
      ))}
      {mistake && (
        <p id={id} className="jp-HubPanel-mistake" role="alert">
          {mistake}
        </p>
      )}
    </fieldset>
  );
}

/**
 * What is out of order; a card to keep for what cannot be reported from a running Lab.
 */
export function OutageField(
  props: IChoiceProps & { outages: IOutage[] }
): JSX.Element {
  const { outages, trans, value } = props;
  const id = React.useId();
  const chosen = outages.find(({ key }) => key === value);
  const all = [
    ...outages.map(({ key, name }) => ({ key, name })),
    { key: '', name: trans.__('Something else') }
  ];
  return (
    <fieldset className="jp-HubComposer-choices jp-mod-short" role="radiogroup">
      <legend>{trans.__('What is out of order?')}</legend>
      {all.map(each => (
        <label key={each.key}>
          <input
            type="radio"
            name={`${id}-choice`}
            checked={(chosen?.key ?? '') === each.key}
            onChange={() => props.onChange(each.key)}
          />
          <span>{each.name}</span>
        </label>
      ))}
      {chosen && !chosen.reportable && (
        <div className="jp-HubComposer-card" role="status">
          <p>
            {trans.__(
              'Whoever has this cannot open Lab to report it. Keep this card where you find it then, or give it to them. If you know of somebody else who has it now, go on.'
            )}
          </p>
          <pre dir="auto">{chosen.card}</pre>
          <p className="jp-HubPanel-actions">
            <Copy
              text={chosen.card}
              label={trans.__('Copy the card')}
              trans={trans}
            />
            <Button onClick={() => saveText(chosen.card, 'help-card.txt')}>
              {trans.__('Keep it as a file')}
            </Button>
          </p>
        </div>
      )}
    </fieldset>
  );
}
