// Files that go with a request. Rendered by composer.tsx.

import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { IAttachment, ISupport } from '../api';
import { formatSize } from '../format';
import { isolate } from '../isolate';

import { Button } from './button';

/** What it is made from. */
export interface IAttachmentsFieldProps {
  limits: ISupport['limits'];
  attachments: IAttachment[];
  onChange: (attachments: IAttachment[]) => void;
  trans: TranslationBundle;
}

/** Endings that browsers know no type of, and what is in such files. */
const TYPES: Record<string, string> = {
  ipynb: 'application/json',
  log: 'text/plain',
  md: 'text/plain',
  py: 'text/plain',
  r: 'text/plain',
  toml: 'text/plain',
  yaml: 'text/plain',
  yml: 'text/plain'
};

/**
 * The files, with why one is not taken.
 */
export function AttachmentsField(props: IAttachmentsFieldProps): JSX.Element {
  const { attachments, limits, trans } = props;
  const [refused, setRefused] = React.useState<string[]>([]);
  const input = React.useRef<HTMLInputElement>(null);
  const add = async (files: File[]): Promise<void> => {
    const taken = [...attachments];
    const why: string[] = [];
    for (const file of files) {
      const type = Private.typeOf(file);
      const total = taken.reduce((sum, each) => sum + Private.size(each), 0);
      const name = isolate(file.name);
      if (taken.length >= limits.attachments) {
        why.push(
          trans.__(
            '%1 is left out: at most %2 files are taken.',
            name,
            limits.attachments
          )
        );
      } else if (!limits.types.includes(type)) {
        why.push(
          trans.__(
            '%1 is left out: files of this type are not taken. Pictures, texts, tables and PDF are.',
            name
          )
        );
      } else if (file.size > limits.attachment_bytes) {
        why.push(
          trans.__(
            '%1 is left out: it has %2, and at most %3 are taken.',
            name,
            formatSize(file.size),
            formatSize(limits.attachment_bytes)
          )
        );
      } else if (total + file.size > limits.total_bytes) {
        why.push(
          trans.__(
            '%1 is left out: all files together may have %2.',
            name,
            formatSize(limits.total_bytes)
          )
        );
      } else {
        try {
          taken.push({ name: file.name, type, data: await Private.read(file) });
        } catch {
          why.push(trans.__('%1 is left out: it cannot be read.', name));
        }
      }
    }
    setRefused(why);
    props.onChange(taken);
  };
  return (
    <>
      <h2>{trans.__('Files')}</h2>
      <p>
        {trans.__(
          'A picture of what you see helps most: up to %1 files, %2 together.',
          limits.attachments,
          formatSize(limits.total_bytes)
        )}
      </p>
      {attachments.length > 0 && (
        <ul className="jp-HubComposer-files" aria-label={trans.__('Files')}>
          {attachments.map((each, index) => (
            <li key={index}>
              <bdi>{each.name}</bdi>{' '}
              <span className="jp-HubPanel-note">
                {formatSize(Private.size(each))}
              </span>
              <Button
                label={trans.__('Take out: %1', each.name)}
                onClick={() =>
                  props.onChange(attachments.filter(other => other !== each))
                }
              >
                {trans.__('Take out')}
              </Button>
            </li>
          ))}
        </ul>
      )}
      <p className="jp-HubPanel-actions">
        <input
          ref={input}
          type="file"
          multiple
          hidden
          accept={limits.types.join(',')}
          aria-label={trans.__('Attach a file')}
          onChange={event => {
            void add(Array.from(event.target.files ?? []));
            // so that the same file can be chosen again
            event.target.value = '';
          }}
        />
        <Button onClick={() => input.current?.click()}>
          {trans.__('Attach a file…')}
        </Button>
      </p>
      {refused.length > 0 && (
        <div role="alert">
          <ul className="jp-HubPanel-mistake">
            {refused.map(each => (
              <li key={each}>{each}</li>
            ))}
          </ul>
        </div>
      )}
    </>
  );
}

namespace Private {
  /**
   * What is in a file, by the browser or by the end of its name.
   */
  export function typeOf(file: File): string {
    const end = file.name.split('.').pop()?.toLowerCase() ?? '';
    return TYPES[end] ?? file.type.split(';')[0];
  }

  /**
   * Bytes of an attachment.
   */
  export function size(attachment: IAttachment): number {
    const { data } = attachment;
    return (data.length / 4) * 3 - (data.match(/=*$/)?.[0].length ?? 0);
  }

  /**
   * A file's content in base64.
   */
  export async function read(file: File): Promise<string> {
    const bytes = new Uint8Array(await file.arrayBuffer());
    let binary = '';
    // a function takes no more arguments than that everywhere
    for (let at = 0; at < bytes.length; at += 0x8000) {
      binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
    }
    return btoa(binary);
  }
}
