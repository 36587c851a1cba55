// The editor: a text area that is coloured, and completed from the store's own tables and columns.
import "prism-code-editor/layout.css";
import "prism-code-editor/autocomplete.css";
import { createEditor, type PrismEditor } from "prism-code-editor";
import { autoComplete } from "prism-code-editor/autocomplete";
import { defaultCommands, editHistory, setIgnoreTab } from "prism-code-editor/commands";
import { cursorPosition } from "prism-code-editor/cursor";
import { highlightBracketPairs } from "prism-code-editor/highlight-brackets";
import { matchBrackets } from "prism-code-editor/match-brackets";
import { insertText } from "prism-code-editor/utils";
import { useEffect, useRef } from "preact/hooks";
import { fuzzyFilter, LANGUAGE } from "./language";

setIgnoreTab(true); // Tab leaves the editor, as it leaves every other field; Ctrl-M makes it indent

interface Props {
  /** What stands there at first, and whenever it is another object: what is typed is the editor's own until then. */
  given: { text: string };
  onChange(text: string): void;
  onRun(): void;
  /** Gives the caller a way to put text where the cursor is. */
  bind(insert: (text: string) => void): void;
}

function make(parent: HTMLElement, text: string, onUpdate: (text: string) => void): PrismEditor {
  const editor = createEditor(
    parent,
    { language: LANGUAGE, value: text, lineNumbers: false, wordWrap: true, onUpdate },
    defaultCommands(),
    editHistory(),
    matchBrackets(),
    highlightBracketPairs(),
    cursorPosition(),
    autoComplete({ filter: fuzzyFilter }),
  );
  editor.textarea.setAttribute("aria-label", "SQL");
  editor.textarea.placeholder = "SELECT … FROM requests";
  return editor;
}

export function Editor({ given, onChange, onRun, bind }: Props) {
  const parent = useRef<HTMLDivElement>(null);
  const editor = useRef<PrismEditor | null>(null);
  const handlers = useRef({ onChange, onRun });
  handlers.current = { onChange, onRun };
  useEffect(() => {
    const mine = make(parent.current!, given.text, (value) => handlers.current.onChange(value));
    editor.current = mine;
    bind((more) => insertText(mine, more));
    return () => mine.remove();
  }, []);
  useEffect(() => {
    const mine = editor.current;
    if (mine && mine.value !== given.text) mine.setOptions({ value: given.text });
  }, [given]);
  const runFirst = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault(); // to the editor it would be a new line
    event.stopPropagation();
    handlers.current.onRun();
  };
  return <div class="editor" ref={parent} onKeyDownCapture={runFirst} />;
}
