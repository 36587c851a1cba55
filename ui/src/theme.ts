// Light, dark, or as the system says. The choice is kept in this browser.

const STORED = "llamatelemetry.theme";
const CHOICES = ["system", "light", "dark"] as const;
type Choice = (typeof CHOICES)[number];

const dark = matchMedia("(prefers-color-scheme: dark)");

function stored(): Choice {
  const text = localStorage.getItem(STORED);
  return CHOICES.find((choice) => choice === text) ?? "system";
}

function apply(choice: Choice): void {
  const isDark = choice === "dark" || (choice === "system" && dark.matches);
  document.documentElement.dataset["theme"] = isDark ? "dark" : "light";
}

/** Applies the stored choice, lets `button` change it, and calls `changed` when colours are new. */
export function initTheme(button: HTMLElement, changed: () => void): void {
  const show = (choice: Choice): void => {
    apply(choice);
    button.textContent = `Theme: ${choice}`;
  };
  button.addEventListener("click", () => {
    const next = CHOICES[(CHOICES.indexOf(stored()) + 1) % CHOICES.length] ?? "system";
    localStorage.setItem(STORED, next);
    show(next);
    changed();
  });
  dark.addEventListener("change", () => {
    show(stored());
    changed();
  });
  show(stored());
}

/** The value of a CSS custom property, for what is not drawn by CSS. */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}
