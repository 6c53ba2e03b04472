// The one place that asks the server extension, and the one kind of error that comes of it. Called by api.ts.

import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

/**
 * An answer that cannot be used; `message` is for people.
 */
export class RequestError extends Error {
  /**
   * @param message - What happened.
   * @param status - The status of the answer; 0 if there was none.
   */
  constructor(
    message: string,
    readonly status: number
  ) {
    super(message);
    this.name = 'RequestError';
  }
}

/**
 * Ask the server extension.
 *
 * @param settings - How to reach the server.
 * @param path - The route below `jupyter-2i2c/`.
 * @param init - More for the request.
 *
 * @returns The JSON of the answer.
 *
 * @throws RequestError if there is no answer, or it is an error or not JSON.
 */
export async function requestAPI<T>(
  settings: ServerConnection.ISettings,
  path: string,
  init: RequestInit = {}
): Promise<T> {
  const url = URLExt.join(settings.baseUrl, 'jupyter-2i2c', path);
  let response: Response;
  try {
    response = await ServerConnection.makeRequest(url, init, settings);
  } catch (error) {
    throw new RequestError(error instanceof Error ? error.message : '', 0);
  }
  const text = await response.text();
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    // a proxy's page is for a browser, not for a sentence in a panel
    throw new RequestError(response.statusText, response.status);
  }
  if (!response.ok) {
    const message = (body as { message?: unknown } | null)?.message;
    throw new RequestError(
      typeof message === 'string' ? message : response.statusText,
      response.status
    );
  }
  return body as T;
}
