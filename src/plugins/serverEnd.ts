// Says once, a quarter of an hour before, that the hub will stop this server because of its age.

import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { DOMAIN, IHub, PluginIDs } from '../tokens';

const plugin: JupyterFrontEndPlugin<void> = {
  id: PluginIDs.serverEnd,
  description:
    'Says in time that the hub will stop this server because of its age.',
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
    void app.restored
      .then(() => hub.model())
      .then(async model => {
        await model.loadInfo();
        if (model.info.value?.facts.culling?.max_age) {
          // in one file with the model, which every hub's page fetches
          const { announceEnd } = await import(
            /* webpackChunkName: "model" */ '../serverEnd'
          );
          await announceEnd(model, (translator ?? nullTranslator).load(DOMAIN));
        }
      });
  }
};

export default plugin;
