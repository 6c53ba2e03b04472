// The diagnostics of a request: gathered when asked for, read, and left out part by part. Rendered by composer.tsx.

import type { ServerConnection } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { IPart } from '../api';
import { fetchDiagnostics } from '../support';

import { Button } from './button';

/** What it is made from. */
export interface IDiagnosticsFieldProps {
  settings: ServerConnection.ISettings;
  parts: IPart[];
  /** Keys of those that are left out. */
  left: ReadonlySet<string>;
  setParts: (parts: IPart[]) => void;
  setLeft: (left: ReadonlySet<string>) => void;
  trans: TranslationBundle;
}

/**
 * The parts.
 */
export function DiagnosticsField(props: IDiagnosticsFieldProps): JSX.Element {
  const { left, parts, settings, trans } = props;
  const [busy, setBusy] = React.useState(false);
  const [error, setError] = React.useState('');
  const gather = async (): Promise<void> => {
    setBusy(true);
    setError('');
    try {
      props.setParts([
        ...(await fetchDiagnostics(settings)),
        Private.browser()
      ]);
    } catch (reason) {
      setError(reason instanceof Error ? reason.message : String(reason));
    }
    setBusy(false);
  };
  const toggle = (key: string): void => {
    const next = new Set(left);
    if (!next.delete(key)) {
      next.add(key);
    }
    props.setLeft(next);
  };
  return (
    <>
      <h2>{trans.__('Diagnostics')}</h2>
      <p>
        {trans.__(
          'Image, versions, limits and the last errors answer most questions beforehand. They are gathered here, passwords and tokens are taken out, and nothing is sent before you press Send.'
        )}
      </p>
      <p className="jp-HubPanel-actions">
        <Button disabled={busy} onClick={() => void gather()}>
          {parts.length
            ? trans.__('Gather them again')
            : trans.__('Gather diagnostics')}
        </Button>
        {parts.length > 0 && (
          <Button onClick={() => props.setParts([])}>
            {trans.__('Send none')}
          </Button>
        )}
        <span className="jp-HubPanel-note" role="status">
          {busy ? trans.__('Gathering…') : error}
        </span>
      </p>
      {parts.length > 0 && (
        <ul
          className="jp-HubComposer-parts"
          aria-label={trans.__('Diagnostics')}
        >
          {parts.map(each => (
            <Part
              key={each.key}
              part={each}
              sent={Boolean(each.text) && !left.has(each.key)}
              toggle={() => toggle(each.key)}
              trans={trans}
            />
          ))}
        </ul>
      )}
    </>
  );
}

function Part(props: {
  part: IPart;
  sent: boolean;
  toggle: () => void;
  trans: TranslationBundle;
}): JSX.Element {
  const { part, sent, trans } = props;
  const title = Private.title(part, trans);
  const lines = part.text ? part.text.trimEnd().split('\n').length : 0;
  return (
    <li>
      <input
        type="checkbox"
        aria-label={trans.__('Send: %1', title)}
        checked={sent}
        disabled={!part.text}
        onChange={props.toggle}
      />
      <details>
        <summary>
          {title}{' '}
          <span className="jp-HubPanel-note">
            {lines > 0 && trans._n('%1 line', '%1 lines', lines)}
          </span>
        </summary>
        {part.note && <p className="jp-HubPanel-note">{part.note}</p>}
        {part.text && (
          <pre tabIndex={0} dir="auto">
            {part.text}
          </pre>
        )}
      </details>
    </li>
  );
}

namespace Private {
  /**
   * What only the browser knows.
   */
  export function browser(): IPart {
    const { language, userAgent } = navigator;
    const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
    const facts = {
      Browser: userAgent,
      Language: language,
      'Time zone': timeZone,
      Window: `${window.innerWidth} × ${window.innerHeight}`
    };
    const text = Object.entries(facts)
      .map(([name, value]) => `${name}: ${value}`)
      .join('\n');
    return { key: 'browser', title: '', text, note: '' };
  }

  /**
   * What a part is called; a newer server may have parts that are not known here.
   */
  export function title(part: IPart, trans: TranslationBundle): string {
    const titles: Record<string, string> = {
      session: trans.__('The session'),
      resources: trans.__('Limits and use'),
      versions: trans.__('Versions'),
      log: trans.__('The server’s last warnings and errors'),
      'log-file': trans.__('The end of the server’s log file'),
      extensions: trans.__('Extensions'),
      environment: trans.__('Variables'),
      packages: trans.__('Installed packages'),
      browser: trans.__('The browser')
    };
    return titles[part.key] ?? (part.title || part.key);
  }
}
