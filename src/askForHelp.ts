// Opens the composer of a request for help. Called by plugins/commands.ts; fetched when somebody asks.

import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { IStateDB } from '@jupyterlab/statedb';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import '../style/panel.css';
import '../style/composer.css';

import { Boundary } from './components/boundary';
import { Composer } from './components/composer';
import { hubIcon } from './icons';
import type { HubModel } from './model';
import { Drafts } from './support';
import { type IHub, PACKAGE } from './tokens';

/** The composer's id among the shell's widgets. */
export const COMPOSER_ID = `${PACKAGE}-composer`;

/** What it is made from. */
export interface IAskForHelpOptions {
  hub: IHub;
  model: HubModel;
  shell: JupyterFrontEnd.IShell;
  state: IStateDB | null;
  trans: TranslationBundle;
}

/** The one that is open. */
let open: ReactWidget | null = null;

/**
 * Open the composer, or show the one that is open.
 *
 * @param options - What it is made from.
 */
export function askForHelp(options: IAskForHelpOptions): void {
  const { shell, trans } = options;
  if (!open || open.isDisposed) {
    open = ReactWidget.create(
      React.createElement(Boundary, {
        trans,
        children: React.createElement(Composer, {
          hub: options.hub,
          settings: options.model.serverSettings,
          drafts: new Drafts(options.state),
          trans,
          onSent: () => options.hub.requestSent.emit(undefined),
          onClose: () => open?.dispose()
        })
      })
    );
    open.id = COMPOSER_ID;
    open.addClass('jp-HubComposer');
    open.title.label = trans.__('Ask for Help');
    open.title.icon = hubIcon;
    open.title.closable = true;
    // a region, because Lab's main area is many
    open.node.setAttribute('role', 'region');
    open.node.setAttribute('aria-label', trans.__('Ask for help'));
  }
  if (!open.isAttached) {
    shell.add(open, 'main', { type: 'Hub' });
  }
  if (!open.isAttached) {
    // Notebook has room for one document in the middle
    shell.add(open, 'right', { type: 'Hub' });
  }
  shell.activateById(open.id);
}
