// The top of the panel: which hub this is, and how it stands with its service. Called by panel.ts.

import { ReactWidget } from '@jupyterlab/ui-components';
import React from 'react';

import type { IInfo } from '../api';
import { Button } from '../components/button';
import { Party } from '../components/link';
import { formatDuration } from '../format';

import type { ISectionProps } from '.';

/**
 * The header.
 */
export class Header extends ReactWidget {
  /**
   * @param context - What it is rendered from.
   */
  constructor(private readonly _context: ISectionProps) {
    super();
    this.addClass('jp-HubPanel-header');
    _context.model.stateChanged.connect(this._onStateChanged, this);
  }

  protected render(): JSX.Element {
    const info = this._context.model.info.value;
    const facts = info?.facts;
    const { trans } = this._context;
    const shown = facts?.logo.startsWith('data:') ? facts.logo : null;
    const org = facts?.org?.name !== facts?.name ? facts?.org : null;
    return (
      <>
        <div className="jp-HubPanel-identity">
          {shown && <img src={shown} alt="" />}
          <div>
            <h1>
              <bdi>{facts?.name || trans.__('Hub')}</bdi>
            </h1>
            {org && (
              <p>
                <Party party={org} />
              </p>
            )}
          </div>
        </div>
        {info && <Standing {...this._context} info={info} />}
      </>
    );
  }

  private _onStateChanged(): void {
    if (this.isVisible) {
      this.update();
    }
  }
}

/**
 * One calm line when the facts are not the hub's own present ones.
 */
function Standing(props: ISectionProps & { info: IInfo }): JSX.Element | null {
  const { model, trans } = props;
  const { state, age } = props.info.service;
  const [exists, found] = React.useState(false);
  React.useEffect(() => {
    // a server that started before the service cannot know of it; this page can ask
    if (state === 'no-service') {
      void Private.answers(props.hub.publicUrl).then(found);
    }
  }, [state]);
  let said = '';
  if (state === 'restart' || (state === 'no-service' && exists)) {
    said = trans.__('Restart your server to see hub news.');
  } else if (state === 'unavailable') {
    said =
      age === null
        ? trans.__(
            'The hub’s service does not answer. This is what your server knows by itself.'
          )
        : trans.__(
            'The hub’s service does not answer. This was known %1 ago.',
            formatDuration(age, trans)
          );
  }
  if (!said) {
    return null;
  }
  return (
    <div className="jp-HubPanel-state" role="status">
      <p title={props.info.service.message}>{said}</p>
      {state === 'unavailable' && (
        <Button
          disabled={model.info.loading}
          onClick={() => void model.refreshInfo()}
        >
          {trans.__('Try again')}
        </Button>
      )}
    </div>
  );
}

namespace Private {
  /**
   * Whether the hub's service shows its public page; false where that cannot be told.
   */
  export async function answers(publicUrl: string): Promise<boolean> {
    if (!publicUrl.startsWith(window.location.origin)) {
      return false;
    }
    try {
      const page = await fetch(publicUrl, {
        credentials: 'omit',
        method: 'HEAD',
        redirect: 'error'
      });
      return page.ok;
    } catch {
      return false;
    }
  }
}
