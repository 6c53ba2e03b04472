// The panel's own icon. Read by the plugins.

import { LabIcon } from '@jupyterlab/ui-components';

import hubSvg from '../style/icons/hub.svg';

export const hubIcon = new LabIcon({
  name: 'jupyter-2i2c:hub',
  svgstr: hubSvg
});
