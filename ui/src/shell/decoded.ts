/** Text of a path without its escapes. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // not an escape: somebody typed a plain '%'
  }
}
