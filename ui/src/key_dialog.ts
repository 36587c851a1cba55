// Asks for the key when the console wants one.
import { storeKey } from "./api";
import { el } from "./dom";

export function askForKey(dialog: HTMLDialogElement): void {
  const input = el("input", { type: "password", id: "key", autocomplete: "off", required: "" });
  const form = el(
    "form",
    { method: "dialog" },
    el("h2", { id: "key-title" }, "This console asks for a key"),
    el("label", { for: "key" }, "One of the keys in the file given to --api-key-file"),
    input,
    el("button", { type: "submit" }, "Open"),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    storeKey(input.value.trim());
    location.reload();
  });
  dialog.replaceChildren(form);
  dialog.showModal();
}
