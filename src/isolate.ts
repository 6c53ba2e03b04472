// Names and words of others inside our own sentences. Called by the sections.

/**
 * Characters that turn the direction of what follows them.
 */
const TURNS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/**
 * A text that cannot change how the sentence around it is read, whatever its direction.
 *
 * @param text - Somebody's name or words.
 */
export function isolate(text: string): string {
  return `\u2068${text.replace(TURNS, '')}\u2069`;
}
