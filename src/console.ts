// Addresses of the console's pages. Called by the admin section.

/**
 * A page of the console.
 *
 * @param consoleUrl - The console as this page's own configuration has it.
 * @param told - The address, or only the path, as the service tells it; empty if it does not.
 * @param page - Below that address.
 *
 * @returns An address of http; that of the console itself if what is told is none.
 *
 * #### Notes
 * The service may know its path only, and not the host under which browsers reach it.
 */
export function consolePage(
  consoleUrl: string,
  told: string,
  page = ''
): string {
  for (const start of [told, '']) {
    try {
      const url = new URL(page, new URL(start, consoleUrl));
      if (/^https?:$/.test(url.protocol)) {
        return url.href;
      }
    } catch {
      // not an address
    }
  }
  return consoleUrl;
}

/**
 * Open a page of the console in a tab of its own, which knows nothing of this one.
 *
 * @param url - The page.
 *
 * #### Notes
 * Nothing comes back that says whether the browser did it, so a link to the page has to be shown
 * beside it.
 */
export function openConsole(url: string): void {
  window.open(url, '_blank', 'noopener,noreferrer');
}
