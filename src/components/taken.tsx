// One export: how far it is, what came of it, and how to get it. Rendered by take.tsx.

import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { IExport } from '../api';
import { formatSize, formatTime } from '../format';

import { Button } from './button';
import { Copy } from './copy';
import { Ladder, Layers } from './ladder';
import { Progress } from './progress';

/** What it is made from. */
export interface IExportProps {
  taken: IExport;
  trans: TranslationBundle;
  /** The address of its file, a volume or the report. */
  url: (what: 'download' | 'report', volume?: number) => string;
  onDownload: () => void;
  onEnd: () => void;
  onAgain: () => void;
}

/**
 * One export.
 */
export function Export(props: IExportProps): JSX.Element {
  const { taken, trans } = props;
  const going = taken.state === 'starting' || taken.state === 'running';
  const title =
    taken.kind === 'environment'
      ? trans.__('Environment')
      : trans.__('My data');
  return (
    <li>
      <div className="jp-HubPanel-amounts">
        <strong>{title}</strong>
        <span>{formatTime(Date.parse(taken.created))}</span>
      </div>
      <p role="status">{state(props)}</p>
      {going && <Progress {...taken} title={title} />}
      {taken.state === 'failed' && taken.message && (
        <p className="jp-HubPanel-note">
          <bdi>{taken.message}</bdi>
        </p>
      )}
      {taken.rungs && <Ladder rungs={taken.rungs} trans={trans} />}
      {taken.captured && !going && (
        <Layers captured={taken.captured} trans={trans} />
      )}
      <Downloads {...props} />
      <Told {...props} />
      <p className="jp-HubPanel-actions">
        {taken.rungs && (
          <a
            className="jp-mod-external"
            href={props.url('report')}
            target="_blank"
            rel="noopener noreferrer"
          >
            {trans.__('Read the report')}
          </a>
        )}
        {['failed', 'cancelled', 'interrupted'].includes(taken.state) && (
          <Button onClick={props.onAgain}>{trans.__('Begin again')}</Button>
        )}
        <Button onClick={props.onEnd}>
          {going ? trans.__('Cancel') : trans.__('Remove from here')}
        </Button>
      </p>
    </li>
  );
}

/**
 * How it stands with an export, in words.
 */
function state(props: IExportProps): string {
  const { taken, trans } = props;
  switch (taken.state) {
    case 'starting':
      return trans.__('Starting…');
    case 'running':
      return taken.kind === 'home'
        ? trans.__('Looking through your files…')
        : taken.file
          ? trans.__('Verifying…')
          : trans.__('Capturing…');
    case 'ready':
      return trans.__('Ready to download: %1.', formatSize(taken.size ?? 0));
    case 'done':
      return taken.kind === 'home'
        ? trans.__('Downloaded.')
        : trans.__(
            'Taken; verified up to %1.',
            taken.highest || trans.__('no rung')
          );
    case 'failed':
      return trans.__('It failed.');
    case 'cancelled':
      return trans.__('Cancelled.');
    default:
      return trans.__('Interrupted, because your server stopped.');
  }
}

function Downloads(props: IExportProps): JSX.Element | null {
  const { taken, trans, url } = props;
  if (taken.kind === 'environment') {
    if (!taken.file || taken.state !== 'done') {
      return null;
    }
    const command = `jupyter 2i2c verify --target local ${taken.file}`;
    return (
      <>
        <p>
          <a href={url('download')} download={taken.file}>
            {trans.__('Download it (%1)', formatSize(taken.size ?? 0))}
          </a>
        </p>
        <Command
          trans={trans}
          text={command}
          label={trans.__('Rebuild and verify it elsewhere:')}
        />
      </>
    );
  }
  if (!taken.volumes || !['ready', 'done'].includes(taken.state)) {
    return null;
  }
  const numbers = Array.from(
    { length: taken.volumes },
    (_, index) => index + 1
  );
  const missing = numbers.filter(
    number => number < taken.volumes! && !taken.downloaded?.includes(number)
  );
  return (
    <>
      <ol className="jp-HubPanel-volumes">
        {numbers.map(number => {
          const last = number === taken.volumes;
          const begun = taken.downloading?.[number];
          const label =
            taken.volumes === 1
              ? trans.__('Download it')
              : last
                ? trans.__('Checksums')
                : trans.__('Volume %1', number);
          return (
            <li key={number}>
              {last && missing.length > 0 ? (
                <span className="jp-HubPanel-note">
                  {trans.__('%1 (after the others)', label)}
                </span>
              ) : (
                <a
                  href={url('download', number)}
                  download
                  onClick={props.onDownload}
                >
                  {label}
                </a>
              )}{' '}
              <span className="jp-HubPanel-note">
                {begun !== undefined
                  ? trans.__('%1 so far', formatSize(begun))
                  : taken.downloaded?.includes(number)
                    ? trans.__('✓ sent')
                    : ''}
              </span>
            </li>
          );
        })}
      </ol>
      {taken.state === 'done' && (
        <Command
          trans={trans}
          text={`jupyter 2i2c verify ${taken.name}`}
          label={trans.__('Unpack it, and verify it with:')}
        />
      )}
    </>
  );
}

function Command(props: {
  trans: TranslationBundle;
  text: string;
  label: string;
}): JSX.Element {
  return (
    <p className="jp-HubPanel-command">
      {props.label}
      <br />
      <code>{props.text}</code>
      <Copy
        text={props.text}
        label={props.trans.__('Copy the command')}
        trans={props.trans}
      />
    </p>
  );
}

function Told(props: IExportProps): JSX.Element | null {
  const { problems, secrets } = props.taken;
  const { trans } = props;
  return (
    <>
      {problems && problems.length > 0 && (
        <details className="jp-HubPanel-notice">
          <summary>
            {trans._n(
              '%1 file is not as it is in your home',
              '%1 files are not as they are in your home',
              problems.length,
              problems.length
            )}
          </summary>
          <ul>
            {problems.map(each => (
              <li key={each.path}>
                <code>{each.path}</code>{' '}
                <span className="jp-HubPanel-note">{each.more}</span>
              </li>
            ))}
          </ul>
        </details>
      )}
      {secrets && secrets.length > 0 && (
        <details>
          <summary>
            {trans.__('It may hold passwords or keys of yours')}
          </summary>
          <ul>
            {secrets.map(path => (
              <li key={path}>
                <code>{path}</code>
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}
