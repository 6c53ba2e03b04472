// What goes into an export of the hub. Rendered by intentForm.tsx.

import React from 'react';

import type { ISectionProps } from '.';

/** What may be left out. */
export type IExported = { people: boolean; announcements: boolean };

/** What the fields are made from. */
export interface IExportFieldsProps {
  exported: IExported;
  onChange: (exported: IExported) => void;
  trans: ISectionProps['trans'];
}

/**
 * The fields.
 */
export function ExportFields(props: IExportFieldsProps): JSX.Element {
  const { exported, trans } = props;
  const id = React.useId();
  const first = React.useRef<HTMLInputElement>(null);
  React.useEffect(() => first.current?.focus(), []);
  const options: [keyof IExported, string, string][] = [
    [
      'announcements',
      trans.__('With its announcements'),
      trans.__('What its people are told now, and what is scheduled.')
    ],
    [
      'people',
      trans.__('With the names of its people'),
      trans.__(
        'User names, groups, and who is in them: personal data. The console asks once more for your consent to pass them on.'
      )
    ]
  ];
  return (
    <>
      {options.map(([key, label, hint], index) => (
        <div className="jp-HubPanel-option" key={key}>
          <label>
            <input
              ref={index ? undefined : first}
              type="checkbox"
              checked={exported[key]}
              aria-describedby={`${id}-${key}`}
              onChange={event =>
                props.onChange({ ...exported, [key]: event.target.checked })
              }
            />
            <span>{label}</span>
          </label>
          <p id={`${id}-${key}`} className="jp-HubPanel-note">
            {hint}
          </p>
        </div>
      ))}
    </>
  );
}
