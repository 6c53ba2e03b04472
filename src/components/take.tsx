// *Take it with you*: the environment and the files of this person. Rendered by sections/right.tsx.

import type { ServerConnection } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import {
  endExport,
  exportUrl,
  fetchExports,
  startExport,
  type IExport
} from '../api';

import { Button } from './button';
import { EnvironmentForm, HomeForm } from './takeForms';
import { Export } from './taken';

/** Milliseconds between two looks at what is going on, while it is. */
export const TAKE_INTERVAL = 1000;

/** Looks after a click on a download, in which it may begin. */
const AFTER_CLICK = 10;

/** What it is made from. */
export interface ITakeProps {
  settings: ServerConnection.ISettings;
  trans: TranslationBundle;
}

/**
 * Buttons that take, what is being taken, and what was taken before.
 *
 * #### Notes
 * It asks once when it is shown, and then only while something is going on and the page is
 * visible.
 */
export function Take(props: ITakeProps): JSX.Element {
  const { settings, trans } = props;
  const [exports, setExports] = React.useState<IExport[]>([]);
  const [lost, setLost] = React.useState('');
  const [refused, setRefused] = React.useState('');
  const [form, setForm] = React.useState<IExport['kind'] | null>(null);
  const [looks, setLooks] = React.useState(0);

  const look = React.useCallback(async () => {
    try {
      setExports(await fetchExports(settings));
      setLost('');
    } catch (reason) {
      setLost(Private.words(reason));
    }
  }, [settings]);
  React.useEffect(() => void look(), [look]);

  const busy = exports.some(Private.goesOn) || looks > 0;
  React.useEffect(() => {
    if (!busy) {
      return;
    }
    const timer = window.setInterval(() => {
      if (!document.hidden) {
        setLooks(left => Math.max(left - 1, 0));
        void look();
      }
    }, TAKE_INTERVAL);
    return () => window.clearInterval(timer);
  }, [busy, look]);

  const act = async (action: () => Promise<unknown>): Promise<void> => {
    try {
      await action();
      setRefused('');
      setForm(null);
      await look();
    } catch (reason) {
      setRefused(Private.words(reason));
    }
  };
  const open = (kind: IExport['kind']): void =>
    setForm(form === kind ? null : kind);
  const start = (options: Record<string, unknown>): void =>
    void act(() => startExport(settings, { kind: form!, options }));

  return (
    <section
      className="jp-HubPanel-take"
      aria-label={trans.__('Take it with you')}
    >
      <h3>{trans.__('Take it with you')}</h3>
      <p className="jp-HubPanel-actions">
        <Button
          expanded={form === 'environment'}
          onClick={() => open('environment')}
        >
          {trans.__('Take my environment…')}
        </Button>
        <Button expanded={form === 'home'} onClick={() => open('home')}>
          {trans.__('Take my data…')}
        </Button>
      </p>
      {(refused || lost) && (
        <p className="jp-HubPanel-state" role="alert">
          <bdi>{refused || lost}</bdi>
        </p>
      )}
      {form === 'environment' && (
        <EnvironmentForm settings={settings} trans={trans} start={start} />
      )}
      {form === 'home' && (
        <HomeForm settings={settings} trans={trans} start={start} />
      )}
      {exports.length > 0 && (
        <ul
          className="jp-HubPanel-exports"
          aria-label={trans.__('What you have taken')}
        >
          {exports.map(each => (
            <Export
              key={each.id}
              taken={each}
              trans={trans}
              url={(what, volume) => exportUrl(settings, what, each.id, volume)}
              onDownload={() => setLooks(AFTER_CLICK)}
              onEnd={() => void act(() => endExport(settings, each.id))}
              onAgain={() =>
                void act(() => startExport(settings, { again: each.id }))
              }
            />
          ))}
        </ul>
      )}
    </section>
  );
}

namespace Private {
  /**
   * Whether something happens to an export by itself.
   */
  export function goesOn(each: IExport): boolean {
    return (
      each.state === 'starting' ||
      each.state === 'running' ||
      Object.keys(each.downloading ?? {}).length > 0
    );
  }

  /**
   * What went wrong, in words.
   */
  export function words(reason: unknown): string {
    return reason instanceof Error ? reason.message : String(reason);
  }
}
