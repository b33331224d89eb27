// The text editor: CodeMirror with a state for each file, and the findings in it.

import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { StreamLanguage, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { dockerFile } from "@codemirror/legacy-modes/mode/dockerfile";
import { properties } from "@codemirror/legacy-modes/mode/properties";
import { shell } from "@codemirror/legacy-modes/mode/shell";
import { lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState, StateEffect, StateField } from "@codemirror/state";
import {
  Decoration,
  EditorView,
  drawSelection,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
  placeholder,
} from "@codemirror/view";
import { classHighlighter } from "@lezer/highlight";
import { el, prose } from "./dom.js";

/** More marks in one file help nobody, and cost time with each keystroke. */
const MOST_MARKS = 500;

const dockerfileLanguage = StreamLanguage.define(dockerFile);
const propertiesLanguage = StreamLanguage.define(properties);
const shellLanguage = StreamLanguage.define(shell);

/** The language of a file, by what the engine says that it is. */
function languageOf(path, kind) {
  if (kind === "dockerfile") return dockerfileLanguage;
  if (kind === "env") return propertiesLanguage;
  if (kind === "run") return shellLanguage;
  // JSON is YAML, too.
  if (["compose", "configuration", "inspect", "devcontainer"].includes(kind) || /\.(ya?ml|json)$/.test(path)) return yaml();
  if (/\.sh$/.test(path)) return shellLanguage;
  if (/\.(conf|cfg|ini|properties)$/.test(path)) return propertiesLanguage;
  return [];
}

const flash = StateEffect.define();
/** A place that was jumped to is marked until the next change. */
const flashed = StateField.define({
  create: () => Decoration.none,
  update(marks, transaction) {
    for (const effect of transaction.effects) {
      if (effect.is(flash)) return effect.value ? Decoration.set([Decoration.mark({ class: "cm-flash" }).range(...effect.value)]) : Decoration.none;
    }
    return transaction.docChanged ? Decoration.none : marks;
  },
  provide: (field) => EditorView.decorations.from(field),
});

const theme = EditorView.theme({
  "&": { height: "100%", fontSize: "var(--code-size)", color: "var(--ink)", backgroundColor: "var(--paper)" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.55" },
  ".cm-content": { caretColor: "var(--ink)", padding: "8px 0" },
  "&.cm-focused": { outline: "2px solid var(--focus)", outlineOffset: "-2px" },
  ".cm-gutters": { backgroundColor: "var(--paper)", color: "var(--dim)", border: "none" },
  ".cm-activeLine": { backgroundColor: "var(--line)" },
  ".cm-activeLineGutter": { backgroundColor: "var(--line)", color: "var(--ink)" },
  ".cm-placeholder": { color: "var(--dim)", whiteSpace: "normal", maxWidth: "calc(100vw - 4rem)" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "var(--selection)" },
  ".cm-selectionMatch": { backgroundColor: "var(--match)" },
  ".cm-lintRange": { backgroundImage: "none", paddingBottom: "0", textDecorationLine: "underline", textDecorationStyle: "wavy", textUnderlineOffset: "3px", textDecorationSkipInk: "none" },
  ".cm-lintRange-error": { backgroundImage: "none", textDecorationColor: "var(--error)" },
  ".cm-lintRange-warning": { backgroundImage: "none", textDecorationColor: "var(--warning)" },
  ".cm-lintRange-info": { backgroundImage: "none", textDecorationColor: "var(--note)" },
  ".cm-lintRange-hint": { backgroundImage: "none", textDecorationStyle: "dotted", textDecorationColor: "var(--dim)" },
  ".cm-lintRange-active": { backgroundColor: "var(--match)" },
  ".cm-gutter-lint": { width: "1.3em" },
  ".cm-lint-marker": { width: "0.8em", height: "0.8em", marginTop: "0.4em", borderRadius: "50%", cursor: "pointer" },
  ".cm-lint-marker-error": { content: "normal", backgroundColor: "var(--error)", borderRadius: "2px" },
  ".cm-lint-marker-warning": { content: "normal", backgroundColor: "var(--warning)", clipPath: "polygon(50% 0, 100% 100%, 0 100%)", borderRadius: "0" },
  ".cm-lint-marker-info": { content: "normal", backgroundColor: "var(--note)" },
  ".cm-lint-marker-hint": { content: "normal", border: "2px solid var(--dim)", backgroundColor: "transparent", boxSizing: "border-box" },
  ".cm-tooltip": { backgroundColor: "var(--raised)", color: "var(--ink)", border: "1px solid var(--edge)", borderRadius: "6px", maxWidth: "min(34rem, 90vw)", boxShadow: "0 4px 16px rgb(0 0 0 / 0.2)" },
  ".cm-diagnostic": { padding: "8px 12px", fontFamily: "var(--sans)", fontSize: "0.875rem", borderLeft: "4px solid var(--dim)" },
  ".cm-diagnostic-error": { borderLeftColor: "var(--error)" },
  ".cm-diagnostic-warning": { borderLeftColor: "var(--warning)" },
  ".cm-diagnostic-info": { borderLeftColor: "var(--note)" },
  ".cm-diagnostic code": { fontFamily: "var(--mono)", backgroundColor: "var(--line)", padding: "0 3px", borderRadius: "3px" },
  ".cm-diagnosticAction": { font: "inherit", color: "var(--on-accent)", backgroundColor: "var(--accent)", border: "none", borderRadius: "4px", padding: "4px 8px", margin: "6px 6px 0 0", cursor: "pointer" },
  ".cm-diagnosticAction.plain": { color: "var(--link)", backgroundColor: "transparent", padding: "4px 0", marginRight: "12px", textDecoration: "underline", textUnderlineOffset: "2px" },
  ".cm-diagnostic .message": { display: "block" },
  ".cm-flash": { backgroundColor: "var(--flash)", borderRadius: "2px" },
  ".cm-panels": { backgroundColor: "var(--raised)", color: "var(--ink)", borderColor: "var(--edge)" },
  ".cm-panel input, .cm-panel button, .cm-panel label": { fontSize: "0.8125rem" },
  ".cm-panel.cm-panel-lint ul [aria-selected]": { backgroundColor: "var(--line)", color: "var(--ink)" },
  ".cm-textfield": { backgroundColor: "var(--paper)", color: "var(--ink)", border: "1px solid var(--edge)" },
  ".cm-button": { backgroundImage: "none", backgroundColor: "var(--paper)", color: "var(--ink)", border: "1px solid var(--edge)" },
  ".tok-comment": { color: "var(--comment)", fontStyle: "italic" },
  ".tok-keyword": { color: "var(--keyword)" },
  ".tok-propertyName, .tok-definition": { color: "var(--property)" },
  ".tok-string, .tok-string2": { color: "var(--string)" },
  ".tok-number, .tok-atom, .tok-bool, .tok-literal": { color: "var(--number)" },
  ".tok-variableName, .tok-variableName2": { color: "var(--variable)" },
  ".tok-meta, .tok-labelName": { color: "var(--keyword)" },
});

/** The text that a paste replaced as a whole; null if a change is another one. */
function pastedOver({ transactions, changes, startState, state }) {
  const [old, now] = [startState.doc, state.doc];
  let whole = old.toString().trim() === "";
  changes.iterChanges((fromOld, toOld, from, to) => {
    whole ||= fromOld === 0 && toOld === old.length && from === 0 && to === now.length;
  });
  return whole && transactions.some((transaction) => transaction.isUserEvent("input.paste")) ? old.toString() : null;
}

/** Makes the editor in a shadow tree, where the editor's styles need no exception from the page's policy. */
export function editorIn(host, changed) {
  const root = host.attachShadow({ mode: "open" });
  const parent = el("div", {});
  parent.style.height = "100%";
  root.append(parent);
  const states = new Map();
  const languages = new Map();
  let active = null;
  let quiet = false;

  const view = new EditorView({ parent, root });

  function stateOf(path, text, kind) {
    const language = new Compartment();
    languages.set(path, { language, kind });
    return EditorState.create({
      doc: text,
      extensions: [
        lineNumbers(),
        lintGutter({ hoverTime: 150 }),
        history(),
        drawSelection(),
        highlightActiveLine(),
        highlightActiveLineGutter(),
        highlightSelectionMatches(),
        indentUnit.of("  "),
        EditorState.tabSize.of(4),
        syntaxHighlighting(classHighlighter),
        language.of(languageOf(path, kind)),
        flashed,
        placeholder("paste a Compose file, a Dockerfile, docker run lines, or what docker inspect prints"),
        // Tab leaves the editor, so that the keyboard is not caught in it.
        keymap.of([...lintKeymap, ...searchKeymap, ...historyKeymap, ...defaultKeymap]),
        EditorView.contentAttributes.of({ "aria-label": `text of ${path}` }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged && !quiet) changed(active, update.state.doc.toString(), pastedOver(update));
        }),
        theme,
      ],
    });
  }

  /** Changes only what differs, so that the cursor stays and one undo takes it back. */
  function change(state, text) {
    const old = state.doc.toString();
    let from = 0;
    while (from < old.length && from < text.length && old[from] === text[from]) from += 1;
    let end = 0;
    while (end < old.length - from && end < text.length - from && old[old.length - 1 - end] === text[text.length - 1 - end]) end += 1;
    return { changes: { from, to: old.length - end, insert: text.slice(from, text.length - end) } };
  }

  return {
    view,
    /** Shows a file. */
    open(path, text, kind) {
      if (active !== null && states.has(active)) states.set(active, view.state);
      active = path;
      const state = states.get(path) ?? stateOf(path, text, kind);
      states.set(path, state);
      view.setState(state);
      this.kind(path, kind);
    },
    /** Sets a file's text from outside, as one change that can be undone. */
    write(path, text) {
      quiet = true;
      if (path === active) view.dispatch(change(view.state, text));
      else if (states.has(path)) {
        const state = states.get(path);
        states.set(path, state.update(change(state, text)).state);
      }
      quiet = false;
    },
    /** Forgets a file, or all. */
    forget(path) {
      for (const known of path === undefined ? [...states.keys()] : [path]) {
        states.delete(known);
        languages.delete(known);
        if (known === active) active = null;
      }
    },
    /** Sets the language by what the engine says the file is. */
    kind(path, kind) {
      const known = languages.get(path);
      if (path !== active || !known || known.kind === kind) return;
      known.kind = kind;
      view.dispatch({ effects: known.language.reconfigure(languageOf(path, kind)) });
    },
    /** Marks the findings of the shown file. */
    mark(marks) {
      const { doc } = view.state;
      const diagnostics = marks.slice(0, MOST_MARKS).map(({ range, severity, message, actions }) => {
        const [from, to] = offsets(doc, range);
        return { from, to, severity, message, renderMessage: () => el("span.message", {}, ...prose(message)), actions };
      });
      view.dispatch(setDiagnostics(view.state, diagnostics));
    },
    /** Selects a range of the shown file and brings it to the middle. */
    reveal(range) {
      const [from, to] = offsets(view.state.doc, range);
      view.dispatch({ selection: { anchor: from }, effects: [EditorView.scrollIntoView(from, { y: "center" }), flash.of(from < to ? [from, to] : null)] });
      view.focus();
    },
    focus: () => view.focus(),
  };
}

/** The offsets of a range of the report: lines from 1, columns from 1 in UTF-16. */
function offsets(doc, { start, end }) {
  const at = ({ line, column_utf16: column }) => {
    const found = doc.line(Math.min(Math.max(line, 1), doc.lines));
    return Math.min(found.from + column - 1, found.to);
  };
  const from = at(start);
  return [from, Math.max(from, at(end))];
}
