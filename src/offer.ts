// Which admin actions are offered here, for the commands. Called by panel.ts, and by plugins/commands.ts when somebody opens the palette.

import type { ServerConnection } from '@jupyterlab/services';
import type { CommandRegistry } from '@lumino/commands';

import { fetchAdmin, type IAdmin } from './api';
import { CommandIDs, type IHub } from './tokens';

/**
 * Let the commands know what is offered.
 *
 * @param admin - What is known; null if nothing is.
 * @param hub - Which keeps it.
 * @param commands - Those that depend on it.
 */
export function offer(
  admin: IAdmin | null,
  hub: IHub,
  commands: CommandRegistry
): void {
  const offered = admin?.offered ? admin.actions : [];
  if (offered.join() !== hub.offered.join()) {
    hub.offered = offered;
    if (commands.hasCommand(CommandIDs.exportHub)) {
      commands.notifyCommandChanged(CommandIDs.exportHub);
    }
  }
}

/**
 * Ask what is offered, and let the commands know.
 *
 * @param settings - How to reach the server.
 * @param hub - Which keeps it.
 * @param commands - Those that depend on it.
 */
export async function askForOffer(
  settings: ServerConnection.ISettings,
  hub: IHub,
  commands: CommandRegistry
): Promise<void> {
  try {
    offer(await fetchAdmin(settings, false), hub, commands);
  } catch {
    // an image without the server's part, or a server that is away: nothing is offered
  }
}
