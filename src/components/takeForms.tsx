// What is asked before something is taken: how much it is, and what of it. Rendered by take.tsx.

import React from 'react';

import {
  fetchEstimate,
  type IEnvironmentEstimate,
  type IHomeEstimate
} from '../api';
import { formatSize } from '../format';

import { Button } from './button';
import type { ITakeProps } from './take';

/** Entries of a home that are shown at first. */
const FEW = 8;

/** What a form is made from. */
export interface IFormProps extends ITakeProps {
  /** Called with the options once they are chosen. */
  start: (options: Record<string, unknown>) => void;
}

/**
 * What is asked before an environment is taken.
 */
export function EnvironmentForm(props: IFormProps): JSX.Element {
  const { settings, start, trans } = props;
  const [estimate, error] = useEstimate<IEnvironmentEstimate>(() =>
    fetchEstimate(settings, 'environment')
  );
  const [prove, setProve] = React.useState(false);
  return (
    <form
      className="jp-HubPanel-form"
      onSubmit={event => {
        event.preventDefault();
        start({ prove });
      }}
    >
      <p>
        {trans.__(
          'All packages with their exact versions and checksums, kernels, extensions and settings, in one file that rebuilds elsewhere. Passwords and tokens are left out.'
        )}
      </p>
      <p className="jp-HubPanel-note" role="status">
        {estimate
          ? trans.__(
              '%1 packages, %2 installed. The file will take about %3.',
              estimate.distributions,
              formatSize(estimate.bytes),
              formatSize(estimate.bundle_bytes)
            )
          : error || trans.__('Counting…')}
      </p>
      {estimate && estimate.bundle_bytes > estimate.room && (
        <p className="jp-HubPanel-notice">
          {trans.__('Your home has too little room for it. Make room first.')}
        </p>
      )}
      <label>
        <input
          type="checkbox"
          checked={prove}
          onChange={event => setProve(event.target.checked)}
        />
        <span>
          {trans.__(
            'Prove it now: rebuild it and run a notebook in it (takes some minutes)'
          )}
        </span>
      </label>
      <p className="jp-HubPanel-actions">
        <Button submit>{trans.__('Take my environment')}</Button>
      </p>
    </form>
  );
}

/**
 * What is asked before files are taken.
 */
export function HomeForm(props: IFormProps): JSX.Element {
  const { settings, start, trans } = props;
  const [estimate, error] = useEstimate<IHomeEstimate>(() =>
    fetchEstimate(settings, 'home')
  );
  const [without, setWithout] = React.useState<ReadonlySet<string>>(new Set());
  const [all, setAll] = React.useState(false);
  const [format, setFormat] = React.useState('tar.zst');
  const names = Object.keys(estimate?.sizes ?? {});
  const largest = Math.max(...Object.values(estimate?.sizes ?? {}), 1);
  const toggle = (name: string): void => {
    const next = new Set(without);
    if (!next.delete(name)) {
      next.add(name);
    }
    setWithout(next);
  };
  const size = names
    .filter(name => !without.has(name))
    .reduce((sum, name) => sum + estimate!.sizes[name], 0);
  return (
    <form
      className="jp-HubPanel-form"
      onSubmit={event => {
        event.preventDefault();
        start({ format, exclude: [...without].map(Private.pattern) });
      }}
    >
      <p className="jp-HubPanel-note" role="status">
        {estimate
          ? trans._n(
              '%2 in %1 file.',
              '%2 in %1 files.',
              estimate.files,
              formatSize(estimate.bytes_stored)
            )
          : error || trans.__('Counting your files…')}
      </p>
      {names.length > 0 && (
        <fieldset className="jp-HubPanel-names">
          <legend>{trans.__('What to take')}</legend>
          {(all ? names : names.slice(0, FEW)).map(name => (
            <label key={name}>
              <input
                type="checkbox"
                checked={!without.has(name)}
                onChange={() => toggle(name)}
              />
              <bdi>{name}</bdi>
              <span>{formatSize(estimate!.sizes[name])}</span>
              <span className="jp-HubPanel-track" aria-hidden="true">
                <span
                  style={{
                    width: `${(100 * estimate!.sizes[name]) / largest}%`
                  }}
                />
              </span>
            </label>
          ))}
          {names.length > FEW && !all && (
            <Button onClick={() => setAll(true)}>
              {trans.__('Show all %1', names.length)}
            </Button>
          )}
        </fieldset>
      )}
      {estimate && estimate.left_out.length > 0 && (
        <details>
          <summary>{trans.__('What is left out')}</summary>
          <ul>
            {estimate.left_out.slice(0, 50).map(each => (
              <li key={each.path}>
                <code>{each.path}</code>{' '}
                <span className="jp-HubPanel-note">
                  {whyLeftOut(each.why, props)}
                </span>
              </li>
            ))}
          </ul>
        </details>
      )}
      {estimate && estimate.may_hold_secrets.length > 0 && (
        <details className="jp-HubPanel-notice">
          <summary>
            {trans._n(
              '%1 file may hold a password or key of yours',
              '%1 files may hold passwords or keys of yours',
              estimate.may_hold_secrets.length,
              estimate.may_hold_secrets.length
            )}
          </summary>
          <ul>
            {estimate.may_hold_secrets.map(path => (
              <li key={path}>
                <code>{path}</code>
              </li>
            ))}
          </ul>
        </details>
      )}
      <label>
        <span>{trans.__('Format')}</span>
        <select
          value={format}
          onChange={event => setFormat(event.target.value)}
        >
          <option value="tar.zst">
            {trans.__('.tar.zst, keeps everything')}
          </option>
          <option value="zip">{trans.__('.zip, opens everywhere')}</option>
        </select>
      </label>
      <p className="jp-HubPanel-actions">
        <Button submit disabled={!estimate || without.size === names.length}>
          {estimate
            ? trans.__('Prepare the download (%1)', formatSize(size))
            : trans.__('Prepare the download')}
        </Button>
      </p>
    </form>
  );
}

/**
 * An estimate once it is known, and why it is not.
 */
function useEstimate<T>(ask: () => Promise<T>): [T | null, string] {
  const [value, setValue] = React.useState<T | null>(null);
  const [error, setError] = React.useState('');
  React.useEffect(() => {
    let current = true;
    ask().then(
      found => current && setValue(found),
      (reason: Error) => current && setError(reason.message)
    );
    return () => {
      current = false;
    };
    // once, when the form is opened
  }, []);
  return [value, error];
}

/**
 * Why something is left out, in words.
 */
function whyLeftOut(why: string, props: IFormProps): string {
  const { trans } = props;
  switch (why) {
    case 'cache':
      return trans.__('a cache, made again by itself');
    case 'shared':
      return trans.__('shared, not yours alone');
    case 'trash':
      return trans.__('trash');
    case 'snapshot':
      return trans.__('snapshots');
    case 'other-file-system':
      return trans.__('on another file system');
    case 'own-export':
      return trans.__('earlier exports');
    case 'ignored':
      return trans.__('by your .2i2cignore');
    default:
      return trans.__('not a file that can be taken');
  }
}

namespace Private {
  /**
   * A name at the top of a home, as a line of `.gitignore`.
   */
  export function pattern(name: string): string {
    return '/' + name.replace(/[\\*?[\] ]/g, '\\$&');
  }
}
