// Starts `oomlint lsp` for Dockerfiles and Compose files, and hands everything else to the language client.

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import * as vscode from "vscode";
import { LanguageClient, LanguageClientOptions, ServerOptions } from "vscode-languageclient/node";

let client: LanguageClient | undefined;
let output: vscode.OutputChannel;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  output = vscode.window.createOutputChannel("oomlint");
  context.subscriptions.push(
    output,
    vscode.commands.registerCommand("oomlint.restart", restart),
    vscode.commands.registerCommand("oomlint.explain", explain),
    vscode.commands.registerCommand("oomlint.output", () => output.show()),
    vscode.workspace.onDidChangeConfiguration(async (event) => {
      if (event.affectsConfiguration("oomlint.path") || event.affectsConfiguration("oomlint.enable")) {
        await restart();
      }
    }),
  );
  await start();
}

export async function deactivate(): Promise<void> {
  await stop();
}

function settings(): vscode.WorkspaceConfiguration {
  return vscode.workspace.getConfiguration("oomlint");
}

function program(): string {
  return settings().get<string>("path") || "oomlint";
}

async function start(): Promise<void> {
  if (!settings().get<boolean>("enable", true)) {
    return;
  }
  const server: ServerOptions = { command: program(), args: ["lsp"] };
  const options: LanguageClientOptions = {
    // The server leaves YAML files alone that are no Compose files.
    documentSelector: [
      { scheme: "file", language: "dockerfile" },
      { scheme: "file", language: "dockercompose" },
      { scheme: "file", language: "yaml" },
    ],
    outputChannel: output,
  };
  client = new LanguageClient("oomlint", "oomlint", server, options);
  try {
    await client.start();
  } catch (error) {
    client = undefined;
    output.appendLine(String(error));
    const choose = "Choose the program";
    const answer = await vscode.window.showErrorMessage(
      `oomlint: cannot start \`${program()} lsp\``,
      choose,
      "Show the output",
    );
    if (answer === choose) {
      await vscode.commands.executeCommand("workbench.action.openSettings", "oomlint.path");
    } else if (answer) {
      output.show();
    }
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

/** Shows a rule's page: the one of the finding at the cursor, or one that is picked. */
async function explain(): Promise<void> {
  const run = promisify(execFile);
  try {
    const list = JSON.parse((await run(program(), ["rules", "--format", "json"])).stdout) as {
      rules: { name: string; summary: string }[];
    };
    const rule = ruleAtCursor() ?? (await pick(list.rules));
    if (!rule) {
      return;
    }
    const page = await run(program(), ["explain", rule]);
    const document = await vscode.workspace.openTextDocument({ language: "markdown", content: page.stdout });
    await vscode.window.showTextDocument(document, { preview: true });
  } catch (error) {
    output.appendLine(String(error));
    await vscode.window.showErrorMessage(`oomlint: cannot run \`${program()}\``);
  }
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
