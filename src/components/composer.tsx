// Where a request for help is written, read once more, and sent. Opened by askForHelp.ts.

import type { ServerConnection } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { IAttachment, IHelpRequest, IPart, ISupport } from '../api';
import { isolate } from '../isolate';
import type { RequestError } from '../request';
import {
  asLetter,
  type Drafts,
  fetchSupport,
  type IDraft,
  NO_DRAFT,
  RequestKey,
  sendRequest
} from '../support';
import type { IHub } from '../tokens';

import { Asked } from './asked';
import { Button } from './button';
import { AttachmentsField } from './composerAttachments';
import { CategoryField, OutageField } from './composerKind';
import { ByMail } from './composerMail';
import { DiagnosticsField } from './composerDiagnostics';
import { Field } from './field';

/** Characters of a line; the service takes no more. */
const MAX_LINE = 200;

/** What it is made from. */
export interface IComposerProps {
  hub: IHub;
  settings: ServerConnection.ISettings;
  drafts: Drafts;
  trans: TranslationBundle;
  onSent: () => void;
  onClose: () => void;
}

/**
 * The composer.
 */
export function Composer(props: IComposerProps): JSX.Element {
  const { drafts, settings, trans } = props;
  const [support, setSupport] = React.useState<ISupport | null>(null);
  const [draft, setDraft] = React.useState<IDraft>(NO_DRAFT);
  const [error, setError] = React.useState<RequestError | null>(null);
  const [loading, setLoading] = React.useState(true);
  const load = React.useCallback(async () => {
    setLoading(true);
    setError(null);
    try {
      const [offered, kept] = await Promise.all([
        fetchSupport(settings),
        drafts.read()
      ]);
      setDraft(kept);
      setSupport(offered);
    } catch (reason) {
      setError(reason as RequestError);
    }
    setLoading(false);
  }, [settings, drafts]);
  React.useEffect(() => void load(), [load]);
  return (
    <div className="jp-HubComposer-page">
      <h1>{trans.__('Ask for help')}</h1>
      <Asked
        asked={{ value: support, error, loading }}
        retry={() => void load()}
        trans={trans}
      >
        {offered => <Form {...props} support={offered} draft={draft} />}
      </Asked>
    </div>
  );
}

function Form(
  props: IComposerProps & { support: ISupport; draft: IDraft }
): JSX.Element {
  const { drafts, settings, support, trans } = props;
  const [draft, setDraft] = React.useState(props.draft);
  const [replyTo, setReplyTo] = React.useState(support.reply_to);
  const [parts, setParts] = React.useState<IPart[]>([]);
  const [left, setLeft] = React.useState<ReadonlySet<string>>(new Set());
  const [attachments, setAttachments] = React.useState<IAttachment[]>([]);
  const [encrypt, setEncrypt] = React.useState(false);
  const [attempts, setAttempts] = React.useState(0);
  const [sending, setSending] = React.useState(false);
  const [refused, setRefused] = React.useState('');
  const [sent, setSent] = React.useState('');
  const [key] = React.useState(() => new RequestKey());
  const form = React.useRef<HTMLFormElement>(null);
  React.useEffect(() => {
    form.current
      ?.querySelector<HTMLElement>(
        'fieldset[aria-invalid] input, :not(fieldset)[aria-invalid]'
      )
      ?.focus();
  }, [attempts]);

  const category = support.categories.find(({ key }) => key === draft.category);
  const incident = draft.category === 'incident';
  const outage = incident
    ? support.outages.find(({ key }) => key === draft.outage)
    : undefined;
  const write = (change: Partial<IDraft>): void => {
    const next = { ...draft, ...change };
    setDraft(next);
    setRefused('');
    drafts.keep(next);
  };
  const kept = parts.filter(each => each.text && !left.has(each.key));
  const request: Omit<IHelpRequest, 'key'> = {
    ...draft,
    outage: outage?.key ?? '',
    reply_to: replyTo.trim(),
    diagnostics: kept.length
      ? Object.fromEntries(kept.map(({ key, text }) => [key, text]))
      : null,
    attachments,
    encrypt
  };
  const letter = asLetter(request, {
    category: category?.name ?? '',
    outage: outage?.name ?? '',
    user: support.user,
    parts: Object.fromEntries(parts.map(({ key, title }) => [key, title]))
  });
  const mistakes = {
    category: category ? '' : trans.__('Choose what it is.'),
    subject: draft.subject.trim()
      ? ''
      : trans.__('Say in a few words what it is about.'),
    text: draft.text.trim() ? '' : trans.__('Say what happened.'),
    replyTo:
      !replyTo.trim() || /^[^\s@]+@[^\s@]+$/.test(replyTo.trim())
        ? ''
        : trans.__('This is no mail address. Leave it empty if you have none.')
  };
  const send = async (): Promise<void> => {
    setAttempts(attempts + 1);
    if (Object.values(mistakes).some(Boolean)) {
      return;
    }
    setSending(true);
    setRefused('');
    try {
      const answer = await sendRequest(settings, {
        ...request,
        key: key.of(request)
      });
      await drafts.forget();
      setSent(answer.reference || answer.id);
      props.onSent();
    } catch (reason) {
      setRefused(reason instanceof Error ? reason.message : String(reason));
    }
    setSending(false);
  };
  if (sent) {
    return <Sent {...props} reference={sent} replyTo={replyTo} />;
  }
  const mistake = (name: keyof typeof mistakes): string | undefined =>
    (attempts > 0 && mistakes[name]) || undefined;
  return (
    <form
      ref={form}
      noValidate
      onSubmit={event => {
        event.preventDefault();
        void send();
      }}
    >
      <p className="jp-HubComposer-who">
        {Private.readers(support, trans)}
        {support.kept_days > 0 &&
          ` ${trans._n(
            'It is kept for %1 day.',
            'It is kept for %1 days.',
            support.kept_days
          )}`}
      </p>
      {!support.offered && (
        <p className="jp-HubPanel-notice" role="status">
          {support.why}
        </p>
      )}
      <CategoryField
        categories={support.categories}
        value={draft.category}
        mistake={mistake('category')}
        onChange={value => write({ category: value })}
        trans={trans}
      />
      {incident && (
        <OutageField
          outages={support.outages}
          value={draft.outage}
          onChange={value => write({ outage: value })}
          trans={trans}
        />
      )}
      <h2>{trans.__('What happened')}</h2>
      <Field
        label={trans.__('Subject')}
        value={draft.subject}
        maxLength={MAX_LINE}
        mistake={mistake('subject')}
        onChange={value => write({ subject: value })}
      />
      <Field
        label={trans.__('Description')}
        hint={Private.advice(draft.category, trans)}
        rows={8}
        value={draft.text}
        maxLength={support.limits.text}
        mistake={mistake('text')}
        onChange={value => write({ text: value })}
      />
      <Field
        label={trans.__('Who is affected')}
        hint={trans.__(
          'You alone, some people, or everybody, as far as you know.'
        )}
        value={draft.affected}
        maxLength={MAX_LINE}
        onChange={value => write({ affected: value })}
      />
      <DiagnosticsField
        settings={settings}
        parts={parts}
        left={left}
        setParts={setParts}
        setLeft={setLeft}
        trans={trans}
      />
      <AttachmentsField
        limits={support.limits}
        attachments={attachments}
        onChange={setAttachments}
        trans={trans}
      />
      <h2>{trans.__('Answer')}</h2>
      <Field
        label={trans.__('Reply address')}
        hint={trans.__(
          'Answers go there, and are shown in the panel. It is remembered for the next time.'
        )}
        value={replyTo}
        name
        mistake={mistake('replyTo')}
        onChange={setReplyTo}
      />
      {support.encrypts && (
        <label className="jp-HubComposer-check">
          <input
            type="checkbox"
            checked={encrypt}
            onChange={event => setEncrypt(event.target.checked)}
          />
          <span>
            {trans.__(
              'Encrypt it, so that only %1 can read it.',
              support.reader
            )}{' '}
            <span className="jp-HubPanel-note">
              {trans.__(
                'Your name, the subject, the kind and the reply address stay readable.'
              )}
            </span>
          </span>
        </label>
      )}
      <details className="jp-HubComposer-letter">
        <summary>{trans.__('Read exactly what is sent')}</summary>
        <pre tabIndex={0} dir="auto">
          {letter}
        </pre>
      </details>
      {refused && (
        <p className="jp-HubComposer-refused" role="alert">
          <bdi>{refused}</bdi> {trans.__('What you wrote is still here.')}
        </p>
      )}
      {support.offered ? (
        <p className="jp-HubPanel-actions">
          <Button submit disabled={sending}>
            {sending ? trans.__('Sending…') : trans.__('Send')}
          </Button>
          <Button onClick={props.onClose}>{trans.__('Later')}</Button>
          <span className="jp-HubPanel-note">
            {category?.objective &&
              trans.__('To be expected: %1', isolate(category.objective))}
          </span>
        </p>
      ) : (
        <ByMail
          mailto={support.mailto}
          subject={draft.subject}
          letter={letter}
          trans={trans}
        />
      )}
    </form>
  );
}

function Sent(
  props: IComposerProps & { reference: string; replyTo: string }
): JSX.Element {
  const { reference, replyTo, trans } = props;
  const heading = React.useRef<HTMLHeadingElement>(null);
  React.useEffect(() => heading.current?.focus(), []);
  return (
    <div role="status">
      <h2 ref={heading} tabIndex={-1}>
        {trans.__('Your request is on its way')}
      </h2>
      <p>
        {trans.__('Its reference is %1.', isolate(reference))}{' '}
        {trans.__('It is stored, and is sent again until it has arrived.')}{' '}
        {replyTo
          ? trans.__(
              'Answers go to %1, and are shown in the panel.',
              isolate(replyTo)
            )
          : trans.__('Answers are shown in the panel, below “Get help”.')}
      </p>
      <p className="jp-HubPanel-actions">
        <Button onClick={props.onClose}>{trans.__('Close')}</Button>
      </p>
    </div>
  );
}

namespace Private {
  /**
   * Who will read it, and in whose name it is asked.
   */
  export function readers(support: ISupport, trans: TranslationBundle): string {
    if (!support.reader) {
      return trans.__('Nobody who would read it has been named for this hub.');
    }
    return support.representative
      ? trans.__(
          '%1 will read it. You ask as a representative of your community.',
          isolate(support.reader)
        )
      : trans.__('%1 will read it.', isolate(support.reader));
  }

  /**
   * What to write, so that nobody has to ask back.
   */
  export function advice(category: string, trans: TranslationBundle): string {
    switch (category) {
      case 'incident':
        return trans.__(
          'What you did, what you expected, what came instead with its exact words, since when, and what you have tried.'
        );
      case 'change':
        return trans.__(
          'What should be different, for whom, until when, and why. For another image: its full name and tag.'
        );
      case 'event':
        return trans.__(
          'When it begins and ends, at which hours of which time zone, how many people come, and what they need. Please ask three weeks before.'
        );
      default:
        return trans.__('What you want to do, and what you have tried.');
    }
  }
}
