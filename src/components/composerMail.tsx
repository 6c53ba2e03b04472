// Sending a request without the hub's service: a letter to open, and a file to attach to it. Rendered by composer.tsx.

import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import { mailtoOf } from '../support';

import { Button } from './button';
import { Copy } from './copy';

/** What it is made from. */
export interface IByMailProps {
  /** To whom; empty if nobody is known. */
  mailto: string;
  subject: string;
  letter: string;
  trans: TranslationBundle;
}

/**
 * The ways to send it by mail.
 */
export function ByMail(props: IByMailProps): JSX.Element {
  const { letter, mailto, subject, trans } = props;
  const cut = trans.__('The rest is in the attached file.');
  return (
    <>
      <p>
        {mailto
          ? trans.__(
              'Save the file, open the mail, and attach the file to it, with your own files.'
            )
          : trans.__(
              'Save the file, and give it to whoever looks after this hub.'
            )}
      </p>
      <p className="jp-HubPanel-actions">
        <Button onClick={() => saveText(letter, 'help-request.txt')}>
          {trans.__('Save the file')}
        </Button>
        {mailto && (
          <a
            className="jp-HubPanel-button jp-mod-main"
            href={mailtoOf(mailto, subject, letter, cut)}
          >
            {trans.__('Open the mail to %1', mailto)}
          </a>
        )}
        <Copy text={letter} label={trans.__('Copy all of it')} trans={trans} />
      </p>
    </>
  );
}

/**
 * Have the browser save a text as a file.
 *
 * @param text - The text.
 * @param name - Of the file.
 */
export function saveText(text: string, name: string): void {
  const url = URL.createObjectURL(
    new Blob([text], { type: 'text/plain;charset=utf-8' })
  );
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // once the browser has begun
  window.setTimeout(() => URL.revokeObjectURL(url), 1000);
}
