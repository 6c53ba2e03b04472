// The admin actions that this panel has a form for, in words. Called by the admin section. What each does is in jupyter_2i2c/hub/actions/.

import type { TranslationBundle } from '@jupyterlab/translation';

import type { IQuestion } from './api';
import { isolate } from './isolate';
import { EXPORT } from './tokens';

/** What a form asks for. */
export type Field = 'user' | 'server' | 'users' | 'announcement' | 'export';

/** An action. */
export interface IAction {
  kind: string;
  /** What opens its form. */
  label: string;
  fields: readonly Field[];
  /** Whether it concerns the whole hub, and so stands apart. */
  everybody: boolean;
}

/** Actions on people, which many hubs leave to the hub's own page. */
const ON_PEOPLE = ['add-users', 'grant-admin', 'revoke-admin'];

/**
 * The actions that can be offered, in their order; those that are not known here are left out.
 *
 * @param kinds - The names of those that the service takes.
 * @param trans - The words in the reader's language.
 */
export function actionsOf(
  kinds: readonly string[],
  trans: TranslationBundle
): IAction[] {
  const server: readonly Field[] = ['user', 'server'];
  const all: [string, string, readonly Field[]][] = [
    ['stop-server', trans.__('Stop a server…'), server],
    ['start-server', trans.__('Start a server…'), server],
    ['publish-announcement', trans.__('Publish news…'), ['announcement']],
    ['add-users', trans.__('Add people…'), ['users']],
    ['grant-admin', trans.__('Make somebody an administrator…'), ['user']],
    ['revoke-admin', trans.__('Take somebody’s admin rights…'), ['user']],
    [EXPORT, trans.__('Export this hub…'), ['export']],
    ['stop-all', trans.__('Stop all servers…'), []]
  ];
  return all
    .filter(([kind]) => kinds.includes(kind))
    .map(([kind, label, fields]) => ({
      kind,
      label,
      fields,
      everybody: kind === 'stop-all'
    }));
}

/**
 * Whether people can be added and given rights by asking, rather than on the hub's own page.
 *
 * @param kinds - The names of the actions that the service takes.
 */
export function changesPeople(kinds: readonly string[]): boolean {
  return ON_PEOPLE.some(kind => kinds.includes(kind));
}

/**
 * An action with its target: `Stop the server of “grace”`.
 *
 * @param question - What was asked for.
 * @param trans - The words in the reader's language.
 */
export function titleOf(
  question: Pick<IQuestion, 'kind' | 'target'>,
  trans: TranslationBundle
): string {
  const { kind, target } = question;
  const user = isolate(String(target['user'] ?? ''));
  const server = target['server'] ? isolate(String(target['server'])) : '';
  const names = Array.isArray(target['users']) ? target['users'].length : 0;
  switch (kind) {
    case 'stop-server':
      return server
        ? trans.__('Stop the server “%1” of “%2”', server, user)
        : trans.__('Stop the server of “%1”', user);
    case 'start-server':
      return server
        ? trans.__('Start the server “%1” of “%2”', server, user)
        : trans.__('Start the server of “%1”', user);
    case 'stop-all':
      return trans.__('Stop all servers');
    case EXPORT:
      return target['people']
        ? trans.__('Export this hub, with the names of its people')
        : trans.__('Export this hub');
    case 'publish-announcement':
      return trans.__('Publish “%1”', isolate(String(target['title'] ?? '')));
    case 'add-users':
      return trans._n('Add %1 person', 'Add %1 people', names, names);
    case 'grant-admin':
      return trans.__('Make “%1” an administrator', user);
    case 'revoke-admin':
      return trans.__('Take the admin rights of “%1”', user);
    default:
      return isolate(kind);
  }
}

/**
 * What comes of an action once it is approved.
 *
 * @param question - What is about to be asked for.
 * @param here - The owner and the name of the server that this panel is in.
 * @param trans - The words in the reader's language.
 */
export function effectOf(
  question: Pick<IQuestion, 'kind' | 'target'>,
  here: { owner: string; name: string },
  trans: TranslationBundle
): string[] {
  const { kind, target } = question;
  const mine = target['user'] === here.owner && here.owner !== '';
  switch (kind) {
    case 'stop-server':
      return [
        trans.__(
          'What runs on that server ends: unsaved changes and variables are lost. Files are kept.'
        ),
        ...(mine && (target['server'] ?? '') === here.name
          ? [trans.__('It is the server that you are in: this page ends, too.')]
          : [])
      ];
    case 'start-server':
      return [
        trans.__(
          'The server starts as that person last started it, and costs what theirs cost.'
        )
      ];
    case 'stop-all':
      return [
        trans.__(
          'What runs on every server of this hub ends: everybody loses unsaved changes and variables. Files are kept.'
        ),
        trans.__('Your own server is among them, and comes last.')
      ];
    case 'publish-announcement':
      return [
        trans.__(
          'Everybody on this hub gets it within about a minute. For groups, times and more, write it in the console.'
        ),
        ...(target['severity'] === 'incident' || target['acknowledge']
          ? [trans.__('It interrupts everybody who is working, once.')]
          : [])
      ];
    case EXPORT:
      return [
        trans.__(
          'The service copies how this hub is set up and proves the copy, which takes about a minute. Nothing on the hub changes.'
        ),
        trans.__(
          'Passwords and keys are left out; the report says which ones are needed elsewhere. Home directories are not in it.'
        )
      ];
    case 'add-users':
      return [
        trans.__(
          'These people can log in to this hub. Who is on it already stays as they are.'
        )
      ];
    case 'grant-admin':
      return [
        trans.__(
          'That person can then see and stop all servers, and add and remove people, you included.'
        )
      ];
    case 'revoke-admin':
      return [
        trans.__('That person can then do what every user can, and no more.'),
        ...(mine ? [trans.__('These are your own rights.')] : [])
      ];
    default:
      return [];
  }
}

/**
 * The names in a list that somebody typed or pasted, each once, in their order.
 *
 * @param text - One on a line, or between commas or semicolons.
 */
export function namesIn(text: string): string[] {
  const names = text.split(/[\n,;\t]+/).map(name => name.trim());
  return [...new Set(names.filter(Boolean))];
}
