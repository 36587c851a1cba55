// Asks for the key when the console wants one.
import { storeKey } from "../data/api";
import { connection } from "../data/live";
import { useDialog } from "./dialog";

export function KeyDialog() {
  const wanted = connection.value === "key";
  const dialog = useDialog(wanted);
  const take = (event: SubmitEvent) => {
    event.preventDefault();
    const input = (event.currentTarget as HTMLFormElement).elements.namedItem("key") as HTMLInputElement;
    storeKey(input.value.trim());
    location.reload();
  };
  return (
    <dialog id="key-dialog" ref={dialog} aria-labelledby="key-title">
      {wanted && (
        <form method="dialog" onSubmit={take}>
          <h2 id="key-title">This console asks for a key</h2>
          <label for="key">One of the keys in the file given to --api-key-file</label>
          <input type="password" id="key" name="key" autocomplete="off" required />
          <button type="submit">Open</button>
        </form>
      )}
    </dialog>
  );
}
