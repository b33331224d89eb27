// Starts `oomlint lsp` for Dockerfiles and Compose files, and hands everything else to the language client.

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { promisify } from "node:util";
import * as vscode from "vscode";
import {
  LanguageClient,
  LanguageClientOptions,
  ServerOptions,
  State,
} from "vscode-languageclient/node";

const run = promisify(execFile);
const INSTALL = "https://github.com/oomlint/oomlint#set-up";
const RULE_PAGES = "oomlint-rule";
const SUPPRESS = "quickfix.suppress.oomlint";

let client: LanguageClient | undefined;
let output: vscode.OutputChannel;
let status: vscode.LanguageStatusItem;
let bundled: string | undefined;
let budgets: Budgets;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  output = vscode.window.createOutputChannel("oomlint");
  const name = process.platform === "win32" ? "oomlint.exe" : "oomlint";
  const inside = context.asAbsolutePath(join("bin", name));
  bundled = existsSync(inside) ? inside : undefined;
  status = vscode.languages.createLanguageStatusItem("oomlint", documents());
  status.name = "oomlint";
  budgets = new Budgets();
  context.subscriptions.push(
    output,
    status,
    budgets,
    vscode.workspace.registerTextDocumentContentProvider(RULE_PAGES, { provideTextDocumentContent: rulePage }),
    vscode.commands.registerCommand("oomlint.restart", restart),
    vscode.commands.registerCommand("oomlint.explain", explain),
    vscode.commands.registerCommand("oomlint.ignore", ignore),
    vscode.commands.registerCommand("oomlint.budget", () => budgets.show()),
    vscode.commands.registerCommand("oomlint.output", () => output.show()),
    vscode.workspace.onDidChangeConfiguration(async (event) => {
      const starts = ["oomlint.path", "oomlint.enable", "oomlint.trace.server"];
      if (starts.some((key) => event.affectsConfiguration(key))) {
        await restart();
      }
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(restart),
    vscode.workspace.onWillSaveTextDocument((event) => {
      const fixes = vscode.workspace.getConfiguration("oomlint", event.document.uri).get<boolean>("fixOnSave");
      if (fixes && client && vscode.languages.match(documents(), event.document)) {
        event.waitUntil(fixAll(event.document));
      }
    }),
  );
  await start();
}

export async function deactivate(): Promise<void> {
  await stop();
}

function documents(): { scheme: string; language: string }[] {
  // The server leaves YAML files alone that are no Compose files.
  return ["dockerfile", "dockercompose", "yaml"].map((language) => ({ scheme: "file", language }));
}

function settings(): vscode.WorkspaceConfiguration {
  return vscode.workspace.getConfiguration("oomlint");
}

/** Returns the program: the one of the settings, the one that the extension brings, else the one on the PATH. */
function program(): string {
  return settings().get<string>("path") || bundled || "oomlint";
}

/** In a folder that is not trusted, files outside of it are not read: paths in a Compose file may lead anywhere. */
function restriction(): string[] {
  if (vscode.workspace.isTrusted) {
    return [];
  }
  const folders = (vscode.workspace.workspaceFolders ?? []).map((folder) => folder.uri.fsPath);
  let top = folders[0] ?? process.cwd();
  while (folders.some((folder) => relative(top, folder).startsWith(".."))) {
    top = dirname(top);
  }
  return ["--restrict-to", top];
}

async function start(): Promise<void> {
  if (!settings().get<boolean>("enable", true)) {
    tell("off", vscode.LanguageStatusSeverity.Information);
    return;
  }
  const version = await versionOf(program());
  if (version === undefined) {
    await missing();
    return;
  }
  const server: ServerOptions = { command: program(), args: ["lsp", ...restriction()] };
  const options: LanguageClientOptions = {
    documentSelector: documents(),
    outputChannel: output,
    initializationOptions: Object.fromEntries(
      ["preset", "target", "hostMemory", "configuration"].map((name) => [name, settings().get<string>(name)]),
    ),
    synchronize: { configurationSection: "oomlint" },
    middleware: {
      provideCodeActions: async (document, range, context, token, next) =>
        (await next(document, range, context, token))?.map(askForReason),
      handleDiagnostics: (uri, diagnostics, next) => {
        next(uri, diagnostics);
        budgets.refresh();
      },
    },
  };
  client = new LanguageClient("oomlint", "oomlint", server, options);
  client.onDidChangeState(({ newState }) => {
    if (newState === State.Running) {
      tell(version, vscode.LanguageStatusSeverity.Information);
    } else if (newState === State.Stopped) {
      tell("stopped", vscode.LanguageStatusSeverity.Error);
    }
  });
  try {
    await client.start();
  } catch (error) {
    client = undefined;
    output.appendLine(String(error));
    tell("does not start", vscode.LanguageStatusSeverity.Error);
    const shown = await vscode.window.showErrorMessage(`oomlint: \`${program()} lsp\` does not start`, "Show the output");
    if (shown) {
      output.show();
    }
  }
}

function tell(text: string, severity: vscode.LanguageStatusSeverity): void {
  status.text = `oomlint ${text}`;
  status.severity = severity;
  status.command = { command: "oomlint.output", title: "Show the output" };
}

async function versionOf(path: string): Promise<string | undefined> {
  try {
    return (await run(path, ["--version"])).stdout.trim().replace(/^oomlint /, "");
  } catch (error) {
    output.appendLine(String(error));
    return undefined;
  }
}

async function missing(): Promise<void> {
  tell("is not installed", vscode.LanguageStatusSeverity.Error);
  const asked = settings().get<string>("path");
  const text = asked
    ? `oomlint: there is no program at \`${asked}\`, the setting oomlint.path`
    : "oomlint: the program is not installed, and the extension for this system brings none";
  const action = asked ? "Open the setting" : "How to install it";
  if ((await vscode.window.showErrorMessage(text, action)) !== action) {
    return;
  }
  if (asked) {
    await vscode.commands.executeCommand("workbench.action.openSettings", "oomlint.path");
  } else {
    await vscode.env.openExternal(vscode.Uri.parse(INSTALL));
  }
}

async function stop(): Promise<void> {
  const running = client;
  client = undefined;
  await running?.stop();
}

async function restart(): Promise<void> {
  await stop();
  await start();
}

/** Replaces the edit of an `ignore` action by a command that asks for the reason first. */
function askForReason(action: vscode.Command | vscode.CodeAction): vscode.Command | vscode.CodeAction {
  if (!("kind" in action) || !action.kind || action.kind.value !== SUPPRESS || !action.edit) {
    return action;
  }
  const command = { command: "oomlint.ignore", title: action.title, arguments: [action.edit] };
  const asking = new vscode.CodeAction(`${action.title} …`, action.kind);
  asking.command = command;
  asking.diagnostics = action.diagnostics;
  return asking;
}

/** Inserts the comments of an edit, with the reason behind each. */
async function ignore(edit: vscode.WorkspaceEdit): Promise<void> {
  const reason = await vscode.window.showInputBox({
    prompt: "Why is this no problem here?",
    placeHolder: "the reason stands in the comment; empty for none",
  });
  if (reason === undefined) {
    return;
  }
  const told = new vscode.WorkspaceEdit();
  for (const [uri, edits] of edit.entries()) {
    const text = (old: string) => (reason.trim() ? old.replace(/\]/, `] ${reason.trim()}`) : old);
    told.set(
      uri,
      edits.map((one) => new vscode.TextEdit(one.range, text(one.newText))),
    );
  }
  await vscode.workspace.applyEdit(told);
}

/** Returns the edits of all safe fixes in one document. */
async function fixAll(document: vscode.TextDocument): Promise<vscode.TextEdit[]> {
  const all = new vscode.Range(0, 0, document.lineCount, 0);
  const kind = "source.fixAll.oomlint";
  const found = await vscode.commands.executeCommand<vscode.CodeAction[]>(
    "vscode.executeCodeActionProvider",
    document.uri,
    all,
    kind,
  );
  const edits = found.filter((action) => action.kind?.value === kind).map((action) => action.edit);
  return edits.flatMap((edit) => edit?.get(document.uri) ?? []);
}

/** Shows a rule's page: the one of the finding at the cursor, or one that is picked. */
async function explain(): Promise<void> {
  try {
    const list = JSON.parse((await run(program(), ["rules", "--format", "json"])).stdout) as {
      rules: { name: string; summary: string }[];
    };
    const rule = ruleAtCursor() ?? (await pick(list.rules));
    if (rule) {
      const uri = vscode.Uri.from({ scheme: RULE_PAGES, path: `${rule}.md` });
      await vscode.commands.executeCommand("markdown.showPreview", uri);
    }
  } catch (error) {
    output.appendLine(String(error));
    await missing();
  }
}

async function rulePage(uri: vscode.Uri): Promise<string> {
  return (await run(program(), ["explain", uri.path.replace(/\.md$/, "")])).stdout;
}

function ruleAtCursor(): string | undefined {
  const editor = vscode.window.activeTextEditor;
  if (!editor) {
    return undefined;
  }
  const here = vscode.languages
    .getDiagnostics(editor.document.uri)
    .find((found) => found.source === "oomlint" && found.range.contains(editor.selection.active));
  const code = here?.code;
  return typeof code === "object" ? String(code.value) : code?.toString();
}

async function pick(rules: { name: string; summary: string }[]): Promise<string | undefined> {
  const items = rules.map((rule) => ({ label: rule.name, detail: rule.summary }));
  return (await vscode.window.showQuickPick(items, { placeHolder: "which rule" }))?.label;
}

/** A panel with the budget of a Compose file. It is drawn again when diagnostics change. */
class Budgets implements vscode.Disposable {
  private panel: vscode.WebviewPanel | undefined;
  private file: vscode.Uri | undefined;
  private waiting: NodeJS.Timeout | undefined;

  async show(): Promise<void> {
    this.file = vscode.window.activeTextEditor?.document.uri;
    if (!this.file) {
      return;
    }
    if (!this.panel) {
      // It shows a page without scripts, and loads nothing.
      this.panel = vscode.window.createWebviewPanel("oomlint.budget", "Memory budget", vscode.ViewColumn.Beside);
      this.panel.onDidDispose(() => (this.panel = undefined));
    }
    this.panel.reveal(undefined, true);
    await this.draw();
  }

  /** Draws it again soon. */
  refresh(): void {
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => void this.draw(), 300);
  }

  private async draw(): Promise<void> {
    if (!this.panel || !this.file) {
      return;
    }
    const host = settings().get<string>("hostMemory");
    const options = ["budget", "--format", "html", ...(host ? ["--host-memory", host] : []), this.file.fsPath];
    try {
      this.panel.webview.html = (await run(program(), options)).stdout;
    } catch (error) {
      // It ends with 1 where the stack does not fit.
      const { stdout, stderr } = error as { stdout?: string; stderr?: string };
      this.panel.webview.html = stdout || `<pre>${escape(stderr || String(error))}</pre>`;
    }
  }

  dispose(): void {
    clearTimeout(this.waiting);
    this.panel?.dispose();
  }
}

function escape(text: string): string {
  return text.replace(/[&<>]/g, (c) => `&#${c.charCodeAt(0)};`);
}
