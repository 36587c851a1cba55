// A small "?" beside a name: what the number is, where it comes from, why it can be unknown.
import { useEffect, useId, useRef, useState } from "preact/hooks";

const WIDTH = 320;

export function Explain({ what, text }: { what: string; text: string }) {
  const [at, setAt] = useState<{ left: number; top: number } | null>(null);
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();
  const show = () => {
    const box = button.current!.getBoundingClientRect();
    const left = Math.max(8, Math.min(box.left - 12, innerWidth - WIDTH - 8));
    setAt({ left, top: box.bottom + 6 });
  };
  const hide = () => setAt(null);
  useEffect(() => {
    if (!at) return;
    const onKey = (event: KeyboardEvent) => event.key === "Escape" && hide();
    addEventListener("keydown", onKey);
    addEventListener("scroll", hide, true);
    return () => {
      removeEventListener("keydown", onKey);
      removeEventListener("scroll", hide, true);
    };
  }, [at]);
  return (
    <>
      <button
        type="button"
        class="what"
        ref={button}
        aria-label={`What is ${what}?`}
        aria-describedby={at ? id : undefined}
        onClick={(event) => {
          event.stopPropagation();
          show();
        }}
        onMouseEnter={show}
        onMouseLeave={hide}
        onFocus={show}
        onBlur={hide}
      >
        ?
      </button>
      {at && (
        <span
          class="bubble"
          role="tooltip"
          id={id}
          style={{ left: `${at.left}px`, top: `${at.top}px`, maxWidth: `${WIDTH}px` }}
        >
          {text}
        </span>
      )}
    </>
  );
}
