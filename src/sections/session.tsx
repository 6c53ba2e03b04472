// *Your session*: what it runs on, what it uses and when it ends. Rendered by sections/index.tsx.

import React from 'react';

import type { ICulling, ISession, IUsage } from '../api';
import { Asked } from '../components/asked';
import { Button } from '../components/button';
import { Copy } from '../components/copy';
import { Meter } from '../components/meter';
import { Row, Rows } from '../components/rows';
import {
  formatCores,
  formatDuration,
  formatPart,
  formatSize,
  formatTime
} from '../format';
import { endOf } from '../serverEnd';
import { CommandIDs } from '../tokens';

import type { ISectionProps } from '.';
import { Done } from './done';

/**
 * The section.
 */
export function SessionSection(props: ISectionProps): JSX.Element {
  const { model, trans } = props;
  return (
    <Asked
      asked={model.session}
      retry={() => void model.refreshSession()}
      trans={trans}
    >
      {session => <Session {...props} session={session} />}
    </Asked>
  );
}

function Session(
  props: ISectionProps & { session: ISession }
): JSX.Element | null {
  const { model, session, trans } = props;
  const { image, server } = session;
  const culling = model.info.value?.facts.culling ?? null;
  const reference = image ? Private.reference(image.name, image.tag) : '';
  const running = server.started
    ? formatDuration((Date.now() - Date.parse(server.started)) / 1000, trans)
    : '';
  const stops = culling ? whenItStops(session, culling, props) : '';
  return (
    <>
      {!session.you.owner && (
        <p className="jp-HubPanel-notice">
          {trans.__('This is the server of %1.', server.owner)}
        </p>
      )}
      <Done {...props} />
      <Rows>
        <Row label={trans.__('Image')} source={reference}>
          {image ? (
            <>
              <code>
                {image.name.split('/').pop()}
                {image.tag && <wbr />}
                {image.tag && Private.suffix(image.tag)}
              </code>
              <Copy
                text={reference}
                label={trans.__('Copy the whole image reference')}
                trans={trans}
              />
            </>
          ) : (
            <Unknown {...props} />
          )}
        </Row>
        <Row label={trans.__('Profile')}>{server.profile}</Row>
        <Row label={trans.__('Server')}>{server.name}</Row>
        <Row label={trans.__('Running')}>
          {running || (props.hub.homeUrl && <Unknown {...props} />)}
        </Row>
        <Row label={trans.__('Stops')}>
          {stops || (props.hub.homeUrl && <Unknown {...props} />)}
        </Row>
      </Rows>
      <Amount
        label={trans.__('Memory')}
        usage={session.memory}
        words={formatSize}
        parts={formatPart}
        {...props}
      />
      <Amount
        label={trans.__('CPU')}
        usage={session.cpu}
        words={cores => trans.__('%1 cores', formatCores(cores))}
        parts={(used, limit) => [
          formatCores(used),
          trans._n('%1 core', '%1 cores', limit, formatCores(limit))
        ]}
        {...props}
      />
      <Home {...props} />
      {props.hub.homeUrl && session.you.owner && (
        <p className="jp-HubPanel-actions">
          <Button
            onClick={() => void props.commands.execute(CommandIDs.stopServer)}
          >
            {server.can_stop
              ? trans.__('Stop my server…')
              : trans.__('Stop my server on the hub’s page')}
          </Button>
        </p>
      )}
    </>
  );
}

function Unknown(props: ISectionProps): JSX.Element {
  return (
    <span className="jp-HubPanel-unknown">{props.trans.__('not known')}</span>
  );
}

/**
 * When the hub stops this server, in words.
 */
function whenItStops(
  session: ISession,
  culling: ICulling,
  props: ISectionProps
): string {
  const { trans } = props;
  const end = endOf(session, culling.max_age);
  const idle = culling.timeout ? formatDuration(culling.timeout, trans) : '';
  if (idle && end !== null) {
    return trans.__('after %1 idle, at the latest %2', idle, formatTime(end));
  }
  if (idle) {
    return trans.__('after %1 idle', idle);
  }
  if (end !== null) {
    return trans.__('at the latest %1', formatTime(end));
  }
  return culling.max_age
    ? trans.__('after %1', formatDuration(culling.max_age, trans))
    : trans.__('not by itself');
}

interface IAmountProps extends ISectionProps {
  label: string;
  usage: IUsage | null;
  words: (used: number) => string;
  parts: (used: number, limit: number) => [string, string];
}

function Amount(props: IAmountProps): JSX.Element | null {
  const { label, trans, usage } = props;
  if (!usage) {
    return <Meter label={label} value={trans.__('not known')} part={null} />;
  }
  const { used, limit } = usage;
  if (limit === null) {
    return used === null ? null : (
      <Meter label={label} value={props.words(used)} part={null} />
    );
  }
  const [part, whole] = props.parts(used ?? 0, limit);
  return (
    <Meter
      label={label}
      value={
        used === null
          ? trans.__('up to %1', whole)
          : trans.__('%1 of %2', part, whole)
      }
      part={used === null ? null : used / limit}
    />
  );
}

/** The part of a home directory from which on it is worth a word. */
const NEARLY_FULL = 0.9;

function Home(props: ISectionProps & { session: ISession }): JSX.Element {
  const { trans } = props;
  const { home } = props.session;
  const label = trans.__('Home directory');
  if (home.used === null) {
    const value =
      home.state === 'measuring'
        ? trans.__('being measured…')
        : trans.__('not known');
    return <Meter label={label} value={value} part={null} />;
  }
  const measured = trans.__(
    'Measured %1 ago.',
    formatDuration(home.age ?? 0, trans)
  );
  const leftOut = home.left_out.length
    ? trans.__('Not counted, because shared: %1.', home.left_out.join(', '))
    : '';
  const [part, whole] = home.limit
    ? formatPart(home.used, home.limit)
    : [formatSize(home.used), ''];
  return (
    <>
      <Meter
        label={label}
        value={whole ? trans.__('%1 of %2', part, whole) : part}
        part={home.limit ? home.used / home.limit : null}
        note={`${measured} ${leftOut}`.trim()}
      />
      {home.limit !== null && home.used / home.limit >= NEARLY_FULL && (
        <p className="jp-HubPanel-note">
          {trans.__(
            'A full home directory keeps your server from starting. Delete what you do not need.'
          )}
        </p>
      )}
    </>
  );
}

namespace Private {
  /**
   * A tag or digest as it follows an image's name.
   */
  export function suffix(tag: string): string {
    return tag.includes(':') ? `@${tag}` : `:${tag}`;
  }

  /**
   * An image's whole reference.
   */
  export function reference(name: string, tag: string): string {
    return tag ? name + suffix(tag) : name;
  }
}
