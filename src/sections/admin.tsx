// *Admin*: asking for what administrators do. It is approved on the console, never here. Rendered by sections/index.tsx.

import React from 'react';

import { actionsOf, changesPeople, type IAction } from '../actions';
import type { IAdmin, IQuestion } from '../api';
import { Button } from '../components/button';
import { Link } from '../components/link';
import { consolePage } from '../console';

import type { ISectionProps } from '.';
import { IntentForm } from './intentForm';
import { Intents } from './intents';

/**
 * Whether there is anything to show: the section is absent for people whom it does not concern.
 *
 * @param admin - What is known; null if nothing is.
 */
export function isConcerned(admin: IAdmin | null): boolean {
  return admin !== null && (admin.offered || admin.why !== '');
}

/**
 * The section.
 */
export function AdminSection(props: ISectionProps): JSX.Element | null {
  const admin = props.intents.admin.value;
  if (!admin || !isConcerned(admin)) {
    return null;
  }
  return admin.offered ? (
    <Offered {...props} admin={admin} />
  ) : (
    <NotOffered {...props} admin={admin} />
  );
}

function NotOffered(props: ISectionProps & { admin: IAdmin }): JSX.Element {
  const { admin, intents, trans } = props;
  const words: Partial<Record<IAdmin['state'], string>> = {
    visitor: trans.__(
      'This is somebody else’s server, so admin actions are not offered here. Use your own server.'
    ),
    minting: trans.__(
      'Admin actions are refused from this server, because any notebook in it could act with all of your rights.'
    ),
    restart: trans.__(
      'This server started before the hub’s service did. Restart it for admin actions.'
    ),
    unavailable: trans.__(
      'The hub’s service does not answer, so nothing can be asked for now.'
    )
  };
  const said = words[admin.state];
  return (
    <>
      <p className="jp-HubPanel-notice">{said ?? <bdi>{admin.why}</bdi>}</p>
      {said && ['minting', 'unavailable'].includes(admin.state) && (
        <p className="jp-HubPanel-note">
          <bdi>{admin.why}</bdi>
        </p>
      )}
      {/* what a page of somebody else's server says is theirs to say, links included */}
      {admin.state !== 'visitor' && <Places {...props} />}
      {admin.state === 'unavailable' && (
        <p className="jp-HubPanel-actions">
          <Button
            disabled={intents.admin.loading}
            onClick={() => void intents.refresh()}
          >
            {trans.__('Try again')}
          </Button>
        </p>
      )}
    </>
  );
}

function Offered(props: ISectionProps & { admin: IAdmin }): JSX.Element {
  const { admin, trans } = props;
  const [draft, setDraft] = React.useState<IQuestion | null>(null);
  const [focus, setFocus] = React.useState('');
  const openers = React.useRef(new Map<string, HTMLButtonElement | null>());
  const back = React.useRef('');
  React.useEffect(() => {
    if (!draft && back.current) {
      openers.current.get(back.current)?.focus();
      back.current = '';
    }
  }, [draft]);
  const actions = actionsOf(admin.actions, trans);
  const open = (question: IQuestion) => {
    setFocus('');
    setDraft(question);
  };
  const { wanted } = props.intents;
  React.useEffect(() => {
    if (wanted) {
      props.intents.wanted = '';
      if (actions.some(action => action.kind === wanted)) {
        open({ kind: wanted, target: {}, note: '' });
      }
    }
  }, [wanted]);
  const opener = (action: IAction) => (
    <li
      key={action.kind}
      className={action.everybody ? 'jp-mod-apart' : undefined}
    >
      <Button
        ref={button => void openers.current.set(action.kind, button)}
        expanded={draft?.kind === action.kind}
        onClick={() => open({ kind: action.kind, target: {}, note: '' })}
      >
        {action.label}
      </Button>
      {draft?.kind === action.kind && (
        <IntentForm
          // asking again for another one begins anew
          key={JSON.stringify(draft.target)}
          {...props}
          action={action}
          draft={draft}
          onClose={asked => {
            back.current = asked ? '' : action.kind;
            setFocus(asked?.id ?? '');
            setDraft(null);
          }}
        />
      )}
    </li>
  );
  return (
    <>
      <Places {...props} />
      {actions.length > 0 && (
        <ul
          className="jp-HubPanel-openers"
          aria-label={trans.__('Actions to ask for')}
        >
          {actions.map(opener)}
        </ul>
      )}
      <Intents {...props} focus={focus} onAskAgain={open} />
    </>
  );
}

/**
 * Pages of the console, and the hub's own where rights are not changed by asking.
 */
function Places(props: ISectionProps): JSX.Element {
  const { hub, intents, trans } = props;
  const admin = intents.admin.value;
  const page = (path: string) =>
    consolePage(hub.consoleUrl, admin?.console ?? '', path);
  return (
    <ul
      className="jp-HubPanel-links"
      aria-label={trans.__('Pages for administrators')}
    >
      <li>
        <Link url={page('')}>{trans.__('Console')}</Link>
      </li>
      <li>
        <Link url={page('users')}>{trans.__('Users and servers')}</Link>
      </li>
      <li>
        <Link url={page('audit')}>{trans.__('Audit log')}</Link>
      </li>
      {!changesPeople(admin?.actions ?? []) && (
        <li>
          <Link url={new URL('admin', Private.absolute(hub.homeUrl)).href}>
            {trans.__('People and rights')}
          </Link>
        </li>
      )}
    </ul>
  );
}

namespace Private {
  /**
   * The address of a page whose path may be all that is known.
   */
  export function absolute(url: string): URL {
    return new URL(url, window.location.origin);
  }
}
