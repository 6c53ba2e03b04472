// The list of plugins; each can be disabled alone.

import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import commands from './plugins/commands';
import hub from './plugins/hub';
import news from './plugins/news';
import panel from './plugins/panel';
import serverEnd from './plugins/serverEnd';
import statusBar from './plugins/statusBar';

export { IHub } from './tokens';

const plugins: JupyterFrontEndPlugin<unknown>[] = [
  hub,
  panel,
  news,
  commands,
  statusBar,
  serverEnd
];

export default plugins;
