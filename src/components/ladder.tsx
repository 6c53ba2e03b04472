// The ladder of rungs and the layers of an environment, as pictures that read as text, too. Rendered by taken.tsx.

import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { IExport, IRung } from '../api';

/** What a ladder is made from. */
export interface ILadderProps {
  rungs: Record<string, IRung>;
  trans: TranslationBundle;
}

/** Rungs that are about a hub, and so not about one person's export. */
const ABOUT_HUBS = ['V2', 'V3', 'V4', 'V6'];

/**
 * How far it was verified: one step a rung.
 */
export function Ladder(props: ILadderProps): JSX.Element {
  const { trans } = props;
  const rungs = Object.entries(props.rungs).filter(
    ([name, rung]) => !ABOUT_HUBS.includes(name) || rung.status !== 'not-run'
  );
  return (
    <ol className="jp-HubPanel-ladder" aria-label={trans.__('Verified')}>
      {rungs.map(([name, rung]) => (
        <li key={name} className={`jp-mod-${rung.status}`} title={rung.why}>
          <span aria-hidden="true">
            {rung.status === 'pass' ? '✓' : rung.status === 'fail' ? '✗' : '·'}
          </span>
          <span>
            {name} {proves(name, trans)}
          </span>
          <span className="jp-HubPanel-note">{verdict(rung, trans)}</span>
        </li>
      ))}
    </ol>
  );
}

function verdict(rung: IRung, trans: TranslationBundle): string {
  switch (rung.status) {
    case 'pass':
      return trans.__('holds');
    case 'fail':
      return trans.__('fails');
    default:
      return trans.__('not run');
  }
}

function proves(name: string, trans: TranslationBundle): string {
  const words: Record<string, string> = {
    V0: trans.__('whole'),
    V1: trans.__('well-formed'),
    V2: trans.__('nothing dangles'),
    V3: trans.__('target equal'),
    V4: trans.__('configuration equal'),
    V5: trans.__('rebuilt, byte for byte'),
    V6: trans.__('replica answers'),
    V7: trans.__('a notebook runs'),
    V8: trans.__('data’s checksums')
  };
  return words[name] ?? '';
}

/** What a picture of layers is made from. */
export interface ILayersProps {
  captured: NonNullable<IExport['captured']>;
  trans: TranslationBundle;
}

/** Statuses that mean that it will be there again. */
const TAKEN = ['captured', 'transformed', 'code-verbatim'];

/**
 * How much of each layer was captured: one bar a layer, for those that have anything.
 */
export function Layers(props: ILayersProps): JSX.Element {
  const { captured, trans } = props;
  const layers = Object.entries(captured.layers).filter(
    ([, counts]) => Object.keys(counts).length > 0
  );
  return (
    <details>
      <summary>{trans.__('What was captured')}</summary>
      <ul className="jp-HubPanel-bars">
        {layers.map(([layer, counts]) => {
          const all = Object.values(counts).reduce((a, b) => a + b, 0);
          const taken = TAKEN.reduce((sum, s) => sum + (counts[s] ?? 0), 0);
          return (
            <li key={layer}>
              <span className="jp-HubPanel-amounts">
                <span>{layerName(layer, trans)}</span>
                <span>{trans.__('%1 of %2', taken, all)}</span>
              </span>
              <span className="jp-HubPanel-track" aria-hidden="true">
                <span style={{ width: `${(100 * taken) / all}%` }} />
              </span>
            </li>
          );
        })}
      </ul>
      {captured.not_captured.length > 0 && (
        <>
          <p>{trans.__('Not captured:')}</p>
          <ul>
            {captured.not_captured.map(each => (
              <li key={each.what}>
                {each.what}{' '}
                <span className="jp-HubPanel-note">{each.reason}</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </details>
  );
}

function layerName(layer: string, trans: TranslationBundle): string {
  const names: Record<string, string> = {
    interpreter: trans.__('Interpreter and platform'),
    python: trans.__('Python packages'),
    conda: trans.__('conda packages'),
    apt: trans.__('apt packages'),
    r: trans.__('R packages'),
    julia: trans.__('Julia packages'),
    kernels: trans.__('Kernels'),
    labextensions: trans.__('JupyterLab extensions'),
    'server-extensions': trans.__('Server extensions'),
    'jupyter-config': trans.__('Jupyter configuration'),
    variables: trans.__('Environment variables'),
    image: trans.__('Container image'),
    hub: trans.__('Facts about the hub')
  };
  return names[layer] ?? layer;
}
