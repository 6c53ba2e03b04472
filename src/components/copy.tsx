// A button that copies. Called by the sections.

import { copyIcon } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import { Button } from './button';

/** What a copy button is made from. */
export interface ICopyProps {
  text: string;
  /** What is copied, for those who do not see where the button stands. */
  label: string;
  trans: TranslationBundle;
}

/** Milliseconds for which it says that it has copied. */
const DONE = 2000;

/**
 * Copies a text to the clipboard, and says so.
 */
export function Copy(props: ICopyProps): JSX.Element {
  const { trans } = props;
  const [said, say] = React.useState('');
  React.useEffect(() => {
    const timer = said ? window.setTimeout(() => say(''), DONE) : 0;
    return () => window.clearTimeout(timer);
  }, [said]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(props.text);
      say(trans.__('Copied'));
    } catch {
      // browsers refuse it on pages without https
      say(trans.__('Select and copy it by hand'));
    }
  };
  return (
    <span className="jp-HubPanel-copy">
      <Button bare label={props.label} onClick={() => void copy()}>
        <copyIcon.react tag="span" />
      </Button>
      <span className="jp-HubPanel-said" role="status">
        {said}
      </span>
    </span>
  );
}
