// React is told of what Lumino does to it, and a test that does not await what happens fails. Run by Jest before each file of tests.

import { ReactWidget } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import { act } from '@testing-library/react';
import { format } from 'util';

// Lumino shows, updates and removes widgets when it likes to, which no test can wrap
ReactWidget.prototype.processMessage = function (message: Message): void {
  act(() => Widget.prototype.processMessage.call(this, message));
};
const { dispose } = ReactWidget.prototype;
ReactWidget.prototype.dispose = function (): void {
  act(() => dispose.call(this));
};

const unawaited: string[] = [];
const { error } = console;
Object.assign(console, {
  error: (...words: unknown[]) => {
    if (/wrapped in act|support act/.test(String(words[0]))) {
      unawaited.push(format(...words));
    } else {
      error(...words);
    }
  }
});

afterEach(() => {
  const [first] = unawaited.splice(0);
  if (first) {
    throw new Error(`The test does not await this: ${first}`);
  }
});
