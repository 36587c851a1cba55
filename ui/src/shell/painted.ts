/** Resolves when the browser has painted what is drawn by now; at once in a tab that is hidden, where nothing is. */
export function painted(): Promise<void> {
  if (document.hidden) return Promise.resolve();
  return new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
}
