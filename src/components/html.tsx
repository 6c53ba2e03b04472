// Text with formatting that comes from others. It is sanitised by Lab's own sanitiser and then built anew from the few elements listed here. Called by sections/news.tsx.

import { Sanitizer } from '@jupyterlab/apputils';
import React from 'react';

import { Link } from './link';

/** Elements that are rendered, without any of their attributes. Of others the text remains. */
const ELEMENTS = [
  'blockquote',
  'br',
  'code',
  'del',
  'em',
  'hr',
  'li',
  'ol',
  'p',
  'pre',
  's',
  'strong',
  'ul'
] as const;

/** Elements that have no content. */
const EMPTY: readonly string[] = ['br', 'hr'];

/** What it is made from. */
export interface IHtmlProps {
  html: string;
  /** What is shown if there is no HTML. */
  text: string;
}

/**
 * Text with formatting; nothing in it can do anything but be read, and links be followed.
 */
export function Html(props: IHtmlProps): JSX.Element {
  const { html, text } = props;
  const content = React.useMemo(() => {
    const clean = new Sanitizer().sanitize(html);
    // a document of its own, in which nothing is loaded or run
    const parsed = new DOMParser().parseFromString(clean, 'text/html');
    return Private.children(parsed.body);
  }, [html]);
  return (
    <div className="jp-HubPanel-html" dir="auto">
      {html ? content : <p className="jp-HubPanel-words">{text}</p>}
    </div>
  );
}

namespace Private {
  /**
   * The content of a node, as elements of React.
   */
  export function children(node: Node): React.ReactNode[] {
    return Array.from(node.childNodes, (child, index) => {
      if (!(child instanceof Element)) {
        return child.nodeType === Node.TEXT_NODE ? child.textContent : null;
      }
      const name = child.localName;
      const content = EMPTY.includes(name) ? undefined : children(child);
      if (name === 'a') {
        return (
          <Link key={index} url={child.getAttribute('href') ?? ''}>
            {content}
          </Link>
        );
      }
      if (/^h[1-6]$/.test(name)) {
        // the panel's own headings are above these
        return <h4 key={index}>{content}</h4>;
      }
      return ELEMENTS.includes(name as (typeof ELEMENTS)[number])
        ? React.createElement(name, { key: index }, content)
        : React.createElement(React.Fragment, { key: index }, content);
    });
  }
}
