// Hears of news and lets everybody know how much there is. It asks once; after that the server tells it.

import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { DOMAIN, IHub, PluginIDs } from '../tokens';

const plugin: JupyterFrontEndPlugin<void> = {
  id: PluginIDs.news,
  description:
    'Shows how much news of the hub is unread, and tells at once of incidents.',
  autoStart: true,
  requires: [
    IHub // what is known of the hub
  ],
  optional: [
    ITranslator // the words in the reader's language
  ],
  activate: (
    app: JupyterFrontEnd,
    hub: IHub,
    translator: ITranslator | null
  ): void => {
    if (!hub.homeUrl) {
      return;
    }
    const { commands, serviceManager } = app;
    const { serverSettings } = serviceManager;
    let interrupted = false;
    hub.newsChanged.connect(async (_, { loud }) => {
      if (loud || interrupted) {
        interrupted = true;
        const { interrupt } = await import('../interrupt');
        const trans = (translator ?? nullTranslator).load(DOMAIN);
        await interrupt(serverSettings, commands, trans);
      }
    });
    void app.restored.then(async () => {
      const { hearNews } = await import(
        /* webpackChunkName: "model" */ '../hearNews'
      );
      await hearNews(serviceManager, hub.newsChanged);
    });
  }
};

export default plugin;
