// Light, dark, or as the system says. The choice is kept in this browser.
import { signal } from "@preact/signals";

const STORED = "llamatelemetry.theme";
const CHOICES = ["system", "light", "dark"] as const;
type Choice = (typeof CHOICES)[number];

const dark = matchMedia("(prefers-color-scheme: dark)");

function stored(): Choice {
  const text = localStorage.getItem(STORED);
  return CHOICES.find((choice) => choice === text) ?? "system";
}

export const themeChoice = signal<Choice>(stored());
/** What is shown now. Read it where colours are taken for what is not drawn by CSS. */
export const isDark = signal(false);

function apply(): void {
  const choice = themeChoice.value;
  const nowDark = choice === "dark" || (choice === "system" && dark.matches);
  document.documentElement.dataset["theme"] = nowDark ? "dark" : "light";
  isDark.value = nowDark;
}

export function startTheme(): void {
  dark.addEventListener("change", apply);
  apply();
}

/** System, light, dark, and round again. */
export function nextTheme(): void {
  const next = CHOICES[(CHOICES.indexOf(themeChoice.value) + 1) % CHOICES.length] ?? "system";
  localStorage.setItem(STORED, next);
  themeChoice.value = next;
  apply();
}

/** The value of a CSS custom property, for what is not drawn by CSS. */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}
