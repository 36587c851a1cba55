// A few lines that make elements; text always goes in as text, never as markup.

type Child = Node | string | null;

export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, string> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  for (const child of children) if (child !== null) element.append(child);
  return element;
}

/** The element of index.html with that id. */
export function byId(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (!element) throw new Error(`index.html has no #${id}`);
  return element;
}

/** Sets text only when it differs, so that nothing is laid out again for nothing. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** A dash for a value that is not known, with the reason for those who point at it or listen. */
export function unknown(reason: string): HTMLElement {
  return el(
    "span",
    { class: "unknown", title: reason },
    "—",
    el("span", { class: "hidden" }, ` (unknown: ${reason})`),
  );
}

export function known(text: string | null, reason: string): Node {
  return text === null ? unknown(reason) : document.createTextNode(text);
}
