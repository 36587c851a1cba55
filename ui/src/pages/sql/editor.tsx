// The editor: SQL with the store's own tables and columns to complete from.
import { autocompletion, closeBrackets, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { PostgreSQL, sql, type SQLNamespace } from "@codemirror/lang-sql";
import { bracketMatching, HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { Compartment, EditorState, Prec } from "@codemirror/state";
import { EditorView, keymap, placeholder } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { useEffect, useRef } from "preact/hooks";
import { schema } from "../../parts/columns";

const highlight = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--code-keyword)", fontWeight: "600" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--code-string)" },
  { tag: tags.number, color: "var(--code-number)" },
  { tag: [tags.comment, tags.lineComment], color: "var(--muted)", fontStyle: "italic" },
  { tag: [tags.bool, tags.null], color: "var(--code-number)" },
]);

const look = EditorView.theme({
  "&": { backgroundColor: "var(--panel)", color: "var(--ink)", fontSize: "13.5px" },
  "&.cm-focused": { outline: "none" },
  ".cm-content": {
    fontFamily: 'ui-monospace, "SF Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace',
    caretColor: "var(--ink)",
    padding: "12px 4px",
  },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  "&.cm-focused .cm-selectionBackground, .cm-selectionBackground, ::selection": {
    backgroundColor: "color-mix(in srgb, var(--focus) 25%, transparent) !important",
  },
  ".cm-tooltip": { backgroundColor: "var(--panel)", border: "1px solid var(--edge)", color: "var(--ink)" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": {
    backgroundColor: "var(--focus)",
    color: "var(--on-focus)",
  },
  ".cm-completionDetail": { color: "var(--muted)", fontStyle: "normal", marginLeft: "12px" },
  "li[aria-selected] .cm-completionDetail": { color: "inherit" },
  ".cm-placeholder": { color: "var(--muted)" },
  ".cm-matchingBracket": { backgroundColor: "color-mix(in srgb, var(--focus) 20%, transparent)" },
});

function language() {
  const tables: Record<string, SQLNamespace> = {};
  for (const table of schema.value?.tables ?? []) {
    tables[table.name] = {
      self: { label: table.name, type: "type", info: table.description },
      children: table.columns.map((column) => ({
        label: column.name,
        type: "property",
        detail: column.type,
        info: column.description + (column.unit ? ` [${column.unit}]` : ""),
      })),
    };
  }
  return sql({ dialect: PostgreSQL, schema: tables, upperCaseKeywords: true });
}

interface Props {
  text: string;
  onChange(text: string): void;
  onRun(): void;
  /** Gives the caller a way to put text where the cursor is. */
  bind(insert: (text: string) => void): void;
}

export function Editor({ text, onChange, onRun, bind }: Props) {
  const parent = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const languageSlot = useRef(new Compartment());
  const handlers = useRef({ onChange, onRun });
  handlers.current = { onChange, onRun };
  useEffect(() => {
    const run = () => {
      handlers.current.onRun();
      return true;
    };
    const mine = new EditorView({
      parent: parent.current!,
      state: EditorState.create({
        doc: text,
        extensions: [
          Prec.highest(keymap.of([{ key: "Mod-Enter", run }])),
          history(),
          closeBrackets(),
          bracketMatching(),
          autocompletion(),
          languageSlot.current.of(language()),
          syntaxHighlighting(highlight),
          look,
          EditorView.lineWrapping,
          EditorView.contentAttributes.of({ "aria-label": "SQL", spellcheck: "false" }),
          placeholder("SELECT … FROM requests"),
          keymap.of([...completionKeymap, ...historyKeymap, ...defaultKeymap]),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) handlers.current.onChange(update.state.doc.toString());
          }),
        ],
      }),
    });
    view.current = mine;
    bind((more) => {
      mine.dispatch(mine.state.replaceSelection(more));
      mine.focus();
    });
    return () => mine.destroy();
  }, []);
  useEffect(() => {
    const mine = view.current;
    if (!mine || mine.state.doc.toString() === text) return;
    mine.dispatch({ changes: { from: 0, to: mine.state.doc.length, insert: text } });
  }, [text]);
  const known = schema.value;
  useEffect(() => {
    view.current?.dispatch({ effects: languageSlot.current.reconfigure(language()) });
  }, [known]);
  return <div class="editor" ref={parent} />;
}
