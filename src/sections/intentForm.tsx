// The form in which an admin action is asked for: it says what comes of it, and that nothing does yet. Rendered by admin.tsx.

import React from 'react';

import { effectOf, type IAction, namesIn, titleOf } from '../actions';
import type { IQuestion } from '../api';
import { Button } from '../components/button';
import { Field } from '../components/field';
import { consolePage, openConsole } from '../console';
import type { IFollowed } from '../intents';
import type { RequestError } from '../request';

import type { ISectionProps } from '.';
import { ExportFields, type IExported } from './intentExport';
import { AnnouncementFields, type IPublished } from './intentNews';

/** Characters of a note, as the service takes them. */
const MAX_NOTE = 500;

/** What a form is made from. */
export interface IIntentFormProps extends ISectionProps {
  action: IAction;
  /** What it begins with. */
  draft: IQuestion;
  /** Called when it is no longer needed, with what was asked for if anything was. */
  onClose: (asked: IFollowed | null) => void;
}

/**
 * The form.
 *
 * #### Notes
 * The console is opened after the answer, still within the click as browsers see it. Whatever the
 * browser makes of that, the intent's own line has a link to the page.
 */
export function IntentForm(props: IIntentFormProps): JSX.Element {
  const { action, draft, hub, intents, trans } = props;
  const given = (key: string) => String(draft.target[key] ?? '');
  const [user, setUser] = React.useState(given('user'));
  const [server, setServer] = React.useState(given('server'));
  const [names, setNames] = React.useState(
    ((draft.target['users'] as string[] | undefined) ?? []).join('\n')
  );
  const [news, setNews] = React.useState<IPublished>({
    title: given('title'),
    body: given('body'),
    severity: given('severity') || 'info',
    acknowledge: draft.target['acknowledge'] === true
  });
  const [exported, setExported] = React.useState<IExported>({
    people: draft.target['people'] === true,
    announcements: draft.target['announcements'] !== false
  });
  const [note, setNote] = React.useState(draft.note);
  const [mistake, setMistake] = React.useState('');
  const [asking, setAsking] = React.useState(false);
  const [failure, setFailure] = React.useState<RequestError | null>(null);
  const id = React.useId();
  const fields = action.fields;
  const people = namesIn(names);
  const question: IQuestion = {
    kind: action.kind,
    target: {
      ...(fields.includes('user') && { user: user.trim() }),
      ...(fields.includes('server') && { server: server.trim() }),
      ...(fields.includes('users') && { users: people }),
      ...(fields.includes('announcement') && {
        ...news,
        title: news.title.trim()
      }),
      ...(fields.includes('export') && exported)
    },
    note: note.trim()
  };
  const missing =
    (fields.includes('user') && !user.trim()) ||
    (fields.includes('users') && !people.length) ||
    (fields.includes('announcement') && !news.title.trim());

  const submit = async (event: React.FormEvent) => {
    event.preventDefault();
    setFailure(null);
    if (missing) {
      setMistake(
        fields.includes('announcement')
          ? trans.__('Give it a title.')
          : trans.__('Say who is meant.')
      );
      return;
    }
    setMistake('');
    setAsking(true);
    try {
      const asked = await intents.ask(question);
      openConsole(
        consolePage(
          consolePage(hub.consoleUrl, intents.admin.value?.console ?? ''),
          asked.url
        )
      );
      props.onClose(asked);
    } catch (error) {
      setFailure(error as RequestError);
      setAsking(false);
    }
  };

  return (
    <form
      className="jp-HubPanel-form"
      aria-labelledby={`${id}-title`}
      noValidate
      onSubmit={event => void submit(event)}
      onKeyDown={event => {
        if (event.key === 'Escape') {
          event.stopPropagation();
          props.onClose(null);
        }
      }}
    >
      <h3 id={`${id}-title`}>
        {missing ? action.label : titleOf(question, trans)}
      </h3>
      {fields.includes('user') && (
        <Field
          first
          name
          label={trans.__('User name')}
          hint={trans.__('As the hub has it.')}
          value={user}
          mistake={mistake}
          onChange={setUser}
        />
      )}
      {fields.includes('server') && (
        <Field
          name
          label={trans.__('Server')}
          hint={trans.__('Leave it empty for the default one.')}
          value={server}
          onChange={setServer}
        />
      )}
      {fields.includes('users') && (
        <Field
          first
          name
          rows={4}
          label={trans.__('User names')}
          hint={
            people.length
              ? trans._n('%1 person', '%1 people', people.length, people.length)
              : trans.__('One on a line.')
          }
          value={names}
          mistake={mistake}
          onChange={setNames}
        />
      )}
      {fields.includes('announcement') && (
        <AnnouncementFields
          news={news}
          mistake={mistake}
          onChange={setNews}
          trans={trans}
        />
      )}
      {fields.includes('export') && (
        <ExportFields
          exported={exported}
          onChange={setExported}
          trans={trans}
        />
      )}
      {!fields.includes('announcement') && (
        <Field
          first={fields.length === 0}
          rows={2}
          maxLength={MAX_NOTE}
          label={trans.__('Note')}
          hint={trans.__('Optional. The console quotes it to you.')}
          value={note}
          onChange={setNote}
        />
      )}
      <div id={`${id}-effect`} className="jp-HubPanel-effect">
        {effectOf(question, Private.here(props), trans).map(line => (
          <p key={line}>{line}</p>
        ))}
        <p>
          <b>
            {trans.__('Nothing happens before you approve it in the console.')}
          </b>
        </p>
      </div>
      {failure && (
        <div className="jp-HubPanel-state" role="alert">
          <p>{Private.explain(failure.status, props)}</p>
          {failure.message && (
            <p className="jp-HubPanel-note">
              <bdi>{failure.message}</bdi>
            </p>
          )}
        </div>
      )}
      <p className="jp-HubPanel-actions">
        <Button submit disabled={asking} describedBy={`${id}-effect`}>
          {asking ? trans.__('Asking…') : trans.__('Go to the console')}
        </Button>
        <Button onClick={() => props.onClose(null)}>
          {trans.__('Cancel')}
        </Button>
      </p>
    </form>
  );
}

namespace Private {
  /**
   * The server that this panel is in.
   */
  export function here(props: ISectionProps): { owner: string; name: string } {
    return props.model.session.value?.server ?? { owner: '', name: '' };
  }

  /**
   * What it means that nothing was asked, and what to do now.
   */
  export function explain(status: number, props: ISectionProps): string {
    const { trans } = props;
    switch (status) {
      case 0:
        return trans.__(
          'Your server did not answer. Nothing happens without your approval, so you can ask again.'
        );
      case 400:
      case 413:
        return trans.__('This cannot be asked for like that.');
      case 401:
        return trans.__(
          'Your server does not accept this page any more. Reload it to log in again.'
        );
      case 403:
        return trans.__(
          'Nothing was asked, because this is refused from this server. The console does it, too.'
        );
      case 404:
        return trans.__('Nothing was asked: the hub’s service is not there.');
      case 409:
        return trans.__('Nothing was asked, because something is in its way.');
      case 429:
        return trans.__(
          'Nothing was asked: too much waits already. Decide about it in the console, or try again in some minutes.'
        );
      default:
        return trans.__(
          'Nothing was asked: the hub’s service did not answer. Try again in a moment.'
        );
    }
  }
}
