// The keys that work here, and what a page is for.
import { signal } from "@preact/signals";
import { commands, keyCaps } from "./commands";
import { useDialog } from "./dialog";

export const helpOpen = signal(false);

export function Keys({ keys }: { keys: string }) {
  return (
    <span class="keys">
      {keyCaps(keys).map((key) => (
        <kbd key={key}>{key}</kbd>
      ))}
    </span>
  );
}

export function Help() {
  const open = helpOpen.value;
  const dialog = useDialog(open);
  const groups = Map.groupBy(
    commands().filter((command) => command.keys),
    (command) => command.group,
  );
  return (
    <dialog
      id="help"
      class="sheet"
      ref={dialog}
      aria-labelledby="help-title"
      onClose={() => (helpOpen.value = false)}
      onClick={(event) => event.target === dialog.current && dialog.current?.close()}
    >
      {open && (
        <div class="sheet-body">
          <h2 id="help-title">Keyboard</h2>
          <div class="help-groups">
            {[...groups].map(([group, list]) => (
              <section key={group}>
                <h3>{group}</h3>
                <dl>
                  {list.map((command) => (
                    <div key={command.text}>
                      <dt>{command.text}</dt>
                      <dd>
                        <Keys keys={command.keys ?? ""} />
                      </dd>
                    </div>
                  ))}
                </dl>
              </section>
            ))}
          </div>
          <p class="note">
            Every number is explained where it stands: point at a name with a dotted line, or focus it. A dash
            is a value that is not known, with the reason.
          </p>
          <button type="button" onClick={() => (helpOpen.value = false)}>
            Close
          </button>
        </div>
      )}
    </dialog>
  );
}
