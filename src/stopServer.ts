// Stopping one's own server, after asking. Called by the command and by the session's section.

import { Dialog, showDialog, showErrorMessage } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

import { stopServer } from './api';
import type { HubModel } from './model';
import type { IHub } from './tokens';

/**
 * Stop this server if its token may do that, else go to the hub's page where it can be stopped.
 *
 * @param model - What is known of the session.
 * @param hub - Where the hub's page is.
 * @param trans - The words in the reader's language.
 *
 * #### Notes
 * The page leaves for the hub afterwards: a Lab that stays open would start the server again.
 */
export async function stopMyServer(
  model: HubModel,
  hub: IHub,
  trans: TranslationBundle
): Promise<void> {
  await model.loadSession();
  const session = model.session.value;
  if (!session?.server.can_stop || !session.you.owner) {
    window.open(hub.homeUrl, '_blank', 'noopener');
    return;
  }
  const answer = await showDialog({
    title: trans.__('Stop your server?'),
    body: trans.__(
      'Running notebooks and terminals end, and what they hold in memory is lost. Your files stay.'
    ),
    buttons: [
      Dialog.cancelButton(),
      Dialog.warnButton({ label: trans.__('Stop my server') })
    ],
    defaultButton: 0
  });
  if (!answer.button.accept) {
    return;
  }
  try {
    await stopServer(model.serverSettings);
  } catch (error) {
    await showErrorMessage(
      trans.__('Your server was not stopped'),
      error instanceof Error ? error.message : String(error)
    );
    return;
  }
  window.location.assign(hub.homeUrl);
}
