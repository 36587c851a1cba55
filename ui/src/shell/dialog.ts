// A dialog that is open when a signal says so.
import type { RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

/** The ref of a <dialog> that is shown, modal, while `open`. It opens before the browser takes the next key, so that
 * what is typed right after the key that opened it reaches it: an effect after painting would come too late. */
export function useDialog(open: boolean): RefObject<HTMLDialogElement | null> {
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    if (open) dialog.current?.showModal();
    else dialog.current?.close();
  }, [open]);
  return dialog;
}
