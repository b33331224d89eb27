// Starts `oomlint lsp` for Dockerfiles and Compose files, and hands everything else to the language client.

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, dirname, isAbsolute, join, relative } from "node:path";
import { promisify } from "node:util";
import * as vscode from "vscode";
import {
  LanguageClient,
  LanguageClientOptions,
  ServerOptions,
  State,
  StaticFeature,
} from "vscode-languageclient/node";

const run = promisify(execFile);
const INSTALL = "https://github.com/oomlint/oomlint#set-up";
const NAME = process.platform === "win32" ? "oomlint.exe" : "oomlint";
const RULE_PAGES = "oomlint-rule";
const SUPPRESS = "quickfix.suppress.oomlint";
/** The server's command that opens a rule's page in a browser. Here the page is shown in the editor. */
const SERVER_EXPLAIN = "oomlint.explainRule";

/**
 * Has the server push what it finds in all files of the stack. Asked for each open file, it would not tell when a setting or a
 * file on the disk changes what it finds, and files that are opened would have their findings twice.
 */
const PUSHED: StaticFeature = {
  fillClientCapabilities: (capabilities) => delete capabilities.textDocument?.diagnostic,
  initialize: () => undefined,
  getState: () => ({ kind: "static" }),
  clear: () => undefined,
};

let client: LanguageClient | undefined;
let output: vscode.OutputChannel;
let status: vscode.LanguageStatusItem;
let bundled: string | undefined;
let budgets: Budgets;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  output = vscode.window.createOutputChannel("oomlint");
  const inside = context.asAbsolutePath(join("bin", NAME));
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
    vscode.commands.registerCommand("oomlint.explain", () => explain()),
    vscode.commands.registerCommand("oomlint.ignore", ignore),
    vscode.commands.registerCommand("oomlint.budget", (file) => budgets.show(file)),
    vscode.commands.registerCommand("oomlint.output", () => output.show()),
    vscode.workspace.onDidChangeConfiguration(async (event) => {
      const starts = ["oomlint.path", "oomlint.enable", "oomlint.trace.server"];
      if (starts.some((key) => event.affectsConfiguration(key))) {
        await restart();
      }
      if (event.affectsConfiguration("oomlint")) {
        budgets.refresh();
      }
    }),
    vscode.workspace.onDidSaveTextDocument(() => budgets.refresh()),
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
function program(): string | undefined {
  return settings().get<string>("path") || bundled || onPath();
}

/**
 * Returns the program on the PATH. Windows looks for a bare name in the current folder first, which is the one that is opened:
 * a program that lies there must not run.
 */
function onPath(): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter).filter(isAbsolute);
  return folders.map((folder) => join(folder, NAME)).find(existsSync);
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
  const command = program();
  const version = command && (await versionOf(command));
  if (!version) {
    await missing();
    return;
  }
  const server: ServerOptions = { command, args: ["lsp", ...restriction()] };
  const options: LanguageClientOptions = {
    documentSelector: documents(),
    outputChannel: output,
    initializationOptions: Object.fromEntries(
      ["preset", "target", "hostMemory", "configuration"].map((name) => [name, settings().get<string>(name)]),
    ),
    synchronize: { configurationSection: "oomlint" },
    middleware: {
      provideCodeActions: async (document, range, context, token, next) =>
        (await next(document, range, context, token))?.map((action) => inOrder(askForReason(action), context)),
      executeCommand: (command, args, next) => (command === SERVER_EXPLAIN ? explain(args[0]) : next(command, args)),
    },
  };
  client = new LanguageClient("oomlint", "oomlint", server, options);
  client.registerFeature(PUSHED);
  client.onDidChangeState(({ newState }) => {
    if (newState === State.Running) {
      tell(version, vscode.LanguageStatusSeverity.Information);
      status.detail = vscode.workspace.isTrusted ? undefined : "reads only this folder, which is not trusted";
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
    const shown = await vscode.window.showErrorMessage(`oomlint: \`${command} lsp\` does not start`, "Show the output");
    if (shown) {
      output.show();
    }
  }
}

function tell(text: string, severity: vscode.LanguageStatusSeverity): void {
  status.text = `oomlint ${text}`;
  status.severity = severity;
  status.detail = undefined;
  status.command = { command: "oomlint.output", title: "Show the output" };
}

async function versionOf(path: string): Promise<string | undefined> {
  try {
    return (await run(path, ["--version"], { timeout: 30_000 })).stdout.trim().replace(/^oomlint /, "");
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
    : "oomlint is not installed, and this package of the extension does not contain it";
  const action = asked ? "Open the setting" : "How to install it";
  if ((await vscode.window.showErrorMessage(text, action)) !== action) {
    return;
  }
  if (asked) {
    // A path belongs to the machine that the program runs on.
    const page = vscode.env.remoteName ? "openRemoteSettings" : "openSettings";
    await vscode.commands.executeCommand(`workbench.action.${page}`, { query: "@id:oomlint.path" });
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

/**
 * Keeps the server's order: the fixes of a finding, its page, and `ignore` at the end. The menu moves actions that name no finding
 * behind those that do.
 */
function inOrder(
  action: vscode.Command | vscode.CodeAction,
  context: vscode.CodeActionContext,
): vscode.Command | vscode.CodeAction {
  if ("kind" in action && action.command?.command === SERVER_EXPLAIN) {
    const rule = action.command.arguments?.[0];
    action.diagnostics = context.diagnostics.filter((found) => ruleOf(found) === rule);
  }
  return action;
}

/** Inserts the comments of an edit, with the reason behind each. */
async function ignore(edit: vscode.WorkspaceEdit): Promise<void> {
  const reason = await vscode.window.showInputBox({
    prompt: "Why is this no problem here?",
    placeHolder: "the reason, for the comment; empty for none",
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

/** Shows a rule's page: of the one that is named, the one of the finding at the cursor, or one that is picked. */
async function explain(named?: unknown): Promise<void> {
  const command = program();
  if (!command || !(await versionOf(command))) {
    await missing();
    return;
  }
  const rule = typeof named === "string" ? named : (ruleAtCursor() ?? (await pick(command)));
  if (rule) {
    const uri = vscode.Uri.from({ scheme: RULE_PAGES, path: `${rule}.md` });
    await vscode.commands.executeCommand("markdown.showPreview", uri);
  }
}

async function rulePage(uri: vscode.Uri): Promise<string> {
  const page = (await run(program() ?? NAME, ["explain", uri.path.replace(/\.md$/, "")])).stdout;
  // What an example shows, and its file, are written behind the language, where a page does not show them.
  return page.replace(/^```(\w+) (bad|good|fixed)(?: file=(\S+))?.*$/gm, (_, language, what, file) =>
    [`*${what}*${file ? ` \`${file}\`` : ""}`, "", `\`\`\`${language}`].join("\n"),
  );
}

function ruleAtCursor(): string | undefined {
  const editor = vscode.window.activeTextEditor;
  if (!editor) {
    return undefined;
  }
  const here = vscode.languages
    .getDiagnostics(editor.document.uri)
    .find((found) => found.source === "oomlint" && found.range.contains(editor.selection.active));
  return here && ruleOf(here);
}

function ruleOf(found: vscode.Diagnostic): string | undefined {
  return typeof found.code === "object" ? String(found.code.value) : found.code?.toString();
}

async function pick(command: string): Promise<string | undefined> {
  const list = JSON.parse((await run(command, ["rules", "--format", "json"])).stdout) as {
    rules: { name: string; summary: string }[];
  };
  const items = list.rules.map((rule) => ({ label: rule.name, detail: rule.summary }));
  return (await vscode.window.showQuickPick(items, { placeHolder: "which rule", matchOnDetail: true }))?.label;
}

/** A panel with the budget of a stack. It is drawn again when files are saved and settings change. */
class Budgets implements vscode.Disposable {
  private panel: vscode.WebviewPanel | undefined;
  private file: vscode.Uri | undefined;
  private waiting: NodeJS.Timeout | undefined;

  /** Shows the budget of a file: the one whose button was pressed, or the active one. */
  async show(file?: unknown): Promise<void> {
    const uri = file instanceof vscode.Uri ? file : vscode.window.activeTextEditor?.document.uri;
    const document = vscode.workspace.textDocuments.find((open) => open.uri.toString() === uri?.toString());
    if (!uri || !document || !vscode.languages.match(documents(), document)) {
      await vscode.window.showInformationMessage("oomlint: open a Compose file first, then show its memory budget");
      return;
    }
    this.file = uri;
    if (!this.panel) {
      // It shows a page without scripts, and loads nothing.
      const place = { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true };
      this.panel = vscode.window.createWebviewPanel("oomlint.budget", "Memory budget", place);
      this.panel.onDidDispose(() => (this.panel = undefined));
    }
    this.panel.title = `Memory budget: ${vscode.workspace.asRelativePath(uri)}`;
    this.panel.reveal(undefined, true);
    await this.draw();
  }

  /** Draws it again soon. */
  refresh(): void {
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => void this.draw(), 300);
  }

  private async draw(): Promise<void> {
    const command = program();
    if (!this.panel || !this.file) {
      return;
    }
    if (!command) {
      await missing();
      return;
    }
    const html = inTheme(await budget(command, this.file));
    if (this.panel) {
      this.panel.webview.html = html;
    }
  }

  dispose(): void {
    clearTimeout(this.waiting);
    this.panel?.dispose();
  }
}

/** Returns the page of a file's budget. */
async function budget(command: string, file: vscode.Uri): Promise<string> {
  const host = settings().get<string>("hostMemory");
  const configuration = settings().get<string>("configuration");
  const options = [
    ...["budget", "--format", "html", ...restriction()],
    ...(host ? ["--host-memory", host] : []),
    ...(configuration ? ["--config", configuration] : []),
  ];
  // Files are named as the server names them, and paths of settings start where its do: in the first folder.
  const cwd = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? dirname(file.fsPath);
  const below = relative(cwd, file.fsPath);
  const path = below.startsWith("..") ? file.fsPath : below;
  try {
    return (await run(command, [...options, "--", path], { cwd })).stdout;
  } catch (error) {
    // It ends with 1 where the stack does not fit.
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    return stdout || `<html><head></head><body><pre>${escape(stderr || String(error))}</pre></body></html>`;
  }
}

/** Gives a page the colours of the editor's theme: by itself it has those of the system. */
function inTheme(page: string): string {
  const dark = "body.vscode-dark,body.vscode-high-contrast:not(.vscode-high-contrast-light)";
  const light = "body.vscode-light,body.vscode-high-contrast-light";
  const style = `<style>body{--ink:var(--vscode-editor-foreground);--dim:var(--vscode-descriptionForeground);
    --ground:var(--vscode-editor-background);font-family:var(--vscode-font-family);font-size:var(--vscode-font-size)}
    pre{white-space:pre-wrap}
    ${light}{color-scheme:light;--heap:#6639ba;--off-heap:#a475f9;--rest:#a9c4e4;--grid:#d1d9e0;--line:#cf222e;--open:#9a6700}
    ${dark}{color-scheme:dark;--heap:#ab7df8;--off-heap:#6639ba;--rest:#35557c;--grid:#3d444d;--line:#f85149;--open:#d29922}
    @media(max-width:46rem){.axis span:nth-child(even){display:none}}</style>`;
  return page.replace("</head>", `${style}</head>`);
}

function escape(text: string): string {
  return text.replace(/[&<>]/g, (c) => `&#${c.charCodeAt(0)};`);
}
