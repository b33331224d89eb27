"""What only a real process shows: the server over its pipes, before clients that say what real editors say about themselves."""

import asyncio
import os

import pytest
import pytest_lsp
from lsprotocol import types
from pipe import Pipe
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities

SERVER = [os.environ["OOMLINT"], "lsp"]
COMPOSE = """\
services:
  api:
    build: .
    mem_limit: 512m
    environment:
      GREETING: "é😀"
"""
DOCKERFILE = """\
FROM eclipse-temurin:21-jre
# é😀
ENTRYPOINT ["java", "-Xmx{heap}", "-jar", "/a.jar"]
"""
EDITORS = ["emacs@29.1", "neovim@0.6.1", "neovim@0.11.0", "visual_studio_code@1.65.2"]


@pytest_lsp.fixture(params=EDITORS, config=ClientServerConfig(server_command=SERVER))
async def client(request, lsp_client: LanguageClient, tmp_path):
    @lsp_client.feature(types.CLIENT_REGISTER_CAPABILITY)
    def register(_params):
        return None

    (tmp_path / "compose.yaml").write_text(COMPOSE)
    (tmp_path / "Dockerfile").write_text(DOCKERFILE.format(heap="256m"))
    lsp_client.root = tmp_path
    folder = types.WorkspaceFolder(uri=tmp_path.as_uri(), name="stack")
    params = types.InitializeParams(
        capabilities=client_capabilities(request.param), root_uri=tmp_path.as_uri(), workspace_folders=[folder]
    )
    lsp_client.said = await lsp_client.initialize_session(params)
    yield
    await lsp_client.shutdown_session()


def open_file(client, name, text):
    uri = (client.root / name).as_uri()
    language = "dockerfile" if "Dockerfile" in name else "yaml"
    document = types.TextDocumentItem(uri=uri, language_id=language, version=1, text=text)
    client.text_document_did_open(types.DidOpenTextDocumentParams(text_document=document))
    return uri


def change(client, uri, version, text):
    document = types.VersionedTextDocumentIdentifier(uri=uri, version=version)
    whole = types.TextDocumentContentChangeWholeDocument(text=text)
    client.text_document_did_change(types.DidChangeTextDocumentParams(text_document=document, content_changes=[whole]))


async def diagnostics(client, uri, wanted):
    """What is reported about a file, pulled or pushed, once it is as wanted."""
    for _ in range(100):
        if client.said.capabilities.diagnostic_provider:
            identifier = types.TextDocumentIdentifier(uri=uri)
            params = types.DocumentDiagnosticParams(text_document=identifier)
            found = (await client.text_document_diagnostic_async(params)).items
        else:
            found = client.diagnostics.get(uri, [])
        if wanted({str(item.code) for item in found}):
            return list(found)
        await asyncio.sleep(0.1)
    raise AssertionError([item.code for item in found])


def text_of(client, text, span):
    """The text under a range, counted as was agreed."""
    line = text.split("\n")[span.start.line]
    coding = client.said.capabilities.position_encoding or types.PositionEncodingKind.Utf16
    if coding == types.PositionEncodingKind.Utf8:
        return line.encode()[span.start.character : span.end.character].decode()
    return line.encode("utf-16-le")[span.start.character * 2 : span.end.character * 2].decode("utf-16-le")


@pytest.mark.asyncio(loop_scope="function")
async def test_an_unsaved_dockerfile_changes_what_compose_is_told(client: LanguageClient):
    compose = open_file(client, "compose.yaml", COMPOSE)
    await diagnostics(client, compose, lambda rules: "heap-exceeds-limit" not in rules)
    dockerfile = open_file(client, "Dockerfile", DOCKERFILE.format(heap="256m"))
    change(client, dockerfile, 2, DOCKERFILE.format(heap="900m"))
    found = await diagnostics(client, compose, lambda rules: "heap-exceeds-limit" in rules)
    heap = next(item for item in found if item.code == "heap-exceeds-limit")
    assert text_of(client, COMPOSE, heap.range) == "512m"
    change(client, dockerfile, 3, DOCKERFILE.format(heap="256m"))
    await diagnostics(client, compose, lambda rules: "heap-exceeds-limit" not in rules)


@pytest.mark.asyncio(loop_scope="function")
async def test_ranges_are_right_behind_other_letters(client: LanguageClient):
    text = COMPOSE.replace("    mem_limit: 512m\n", "    labels: {é😀: é😀}\n    x-é😀: &limit {mem_limit: 512Mi}\n    <<: *limit\n")
    uri = open_file(client, "compose.yaml", text)
    found = await diagnostics(client, uri, lambda rules: "invalid-memory-value" in rules)
    size = next(item for item in found if item.code == "invalid-memory-value")
    assert text_of(client, text, size.range) == "512Mi"


@pytest.mark.asyncio(loop_scope="function")
async def test_a_fix_is_offered_and_does_what_it_says(client: LanguageClient):
    text = COMPOSE.replace("512m", "512Mi")
    uri = open_file(client, "compose.yaml", text)
    found = await diagnostics(client, uri, lambda rules: "invalid-memory-value" in rules)
    size = next(item for item in found if item.code == "invalid-memory-value")
    context = types.CodeActionContext(diagnostics=[size])
    identifier = types.TextDocumentIdentifier(uri=uri)
    params = types.CodeActionParams(text_document=identifier, range=size.range, context=context)
    actions = await client.text_document_code_action_async(params)
    fix = next(action for action in actions if action.kind == types.CodeActionKind.QuickFix)
    changes = fix.edit.changes or {edit.text_document.uri: edit.edits for edit in fix.edit.document_changes}
    [edit] = changes[uri]
    assert (text_of(client, text, edit.range), edit.new_text) == ("512Mi", "512MiB")
    change(client, uri, 2, text.replace("512Mi", edit.new_text))
    await diagnostics(client, uri, lambda rules: "invalid-memory-value" not in rules)


@pytest.mark.asyncio(loop_scope="function")
async def test_what_is_said_is_taken_back_on_close(client: LanguageClient):
    if client.said.capabilities.diagnostic_provider:
        pytest.skip("this client asks, and forgets by itself")
    uri = open_file(client, "compose.yaml", COMPOSE.replace("512m", "512Mi"))
    await diagnostics(client, uri, lambda rules: "invalid-memory-value" in rules)
    identifier = types.TextDocumentIdentifier(uri=uri)
    client.text_document_did_close(types.DidCloseTextDocumentParams(text_document=identifier))
    await diagnostics(client, uri, lambda rules: not rules)


@pytest.mark.asyncio(loop_scope="function")
async def test_messages_name_files_as_the_command_does_in_the_workspace_folder(client: LanguageClient):
    (client.root / "apps").mkdir()
    text = DOCKERFILE.replace("{heap}", "900x")
    (client.root / "apps" / "Dockerfile").write_text(text)
    uri = open_file(client, "apps/Dockerfile", text)
    found = await diagnostics(client, uri, lambda rules: "malformed-heap-setting" in rules)
    [heap] = [item for item in found if item.code == "malformed-heap-setting"]
    assert heap.message.splitlines()[0].endswith("of `apps/Dockerfile`"), heap.message


@pytest.mark.asyncio(loop_scope="function")
async def test_files_that_are_created_later_are_read(client: LanguageClient):
    compose = open_file(client, "compose.yaml", COMPOSE)
    await diagnostics(client, compose, lambda rules: "heap-exceeds-limit" not in rules)
    override = client.root / "compose.override.yaml"
    for kind, in_effect in [(types.FileChangeType.Created, True), (types.FileChangeType.Deleted, False)]:
        if in_effect:
            override.write_text("services: {api: {environment: {JAVA_TOOL_OPTIONS: -Xmx900m}, mem_limit: 400m}}\n")
            (client.root / "Dockerfile").write_text(DOCKERFILE.format(heap="900m"))
        else:
            override.unlink()
            (client.root / "Dockerfile").write_text(DOCKERFILE.format(heap="256m"))
        changed = [(override, kind), (client.root / "Dockerfile", types.FileChangeType.Changed)]
        events = [types.FileEvent(uri=path.as_uri(), type=kind) for path, kind in changed]
        client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams(changes=events))
        # The limit of 512m is overridden, so the finding is in the override file.
        where = override.as_uri() if in_effect else compose
        await diagnostics(client, where, lambda rules: ("heap-exceeds-limit" in rules) == in_effect)


@pytest.mark.asyncio(loop_scope="function")
async def test_other_yaml_and_large_files_are_taken_calmly(client: LanguageClient):
    other = open_file(client, "values.yaml", "image: x\nmem_limit: 512Mi\n")
    await diagnostics(client, other, lambda rules: not rules)
    services = "".join(f"  s{number}: {{image: x, mem_limit: 512Mi}}\n" for number in range(3000))
    uri = open_file(client, "compose.yaml", "services:\n" + services)
    found = await diagnostics(client, uri, lambda rules: "invalid-memory-value" in rules)
    of_rule = [item for item in found if item.code == "invalid-memory-value"]
    # docs/limits.md: one more says how many there are.
    assert len(of_rule) == 1001
    assert any("2000 more findings" in item.message for item in of_rule)


@pytest.fixture
def pipe(tmp_path):
    pipe = Pipe(SERVER, {"processId": None, "rootUri": tmp_path.as_uri(), "capabilities": {}})
    yield pipe
    pipe.process.kill()
    pipe.process.wait()


@pytest.mark.parametrize("odd", [[], None, {"general": []}, {"textDocument": 3}, {"workspace": "x"}])
def test_odd_capabilities_are_no_reason_to_refuse(odd):
    pipe = Pipe(SERVER, {"processId": None, "rootUri": None, "capabilities": odd})
    assert pipe.said["result"]["serverInfo"]["name"] == "oomlint"
    assert pipe.ask("shutdown", None)["result"] is None
    pipe.notify("exit", None)
    assert pipe.process.wait(timeout=20) == 0


def test_unknown_methods_and_cancelled_requests_do_not_end_it(pipe):
    assert pipe.ask("textDocument/nothing", {})["error"]["code"] == -32601
    pipe.send({"method": "$/nothing", "params": [1]})
    pipe.send({"method": "$/cancelRequest", "params": {"id": pipe.next + 1}})
    assert pipe.ask("textDocument/hover", {"position": 1})["error"]["code"] == -32602
    assert pipe.ask("shutdown", None)["result"] is None


def test_it_ends_when_nobody_writes_any_more(pipe):
    pipe.process.stdin.close()
    assert pipe.process.wait(timeout=20) == 0


def test_it_ends_when_nobody_reads_any_more(pipe, tmp_path):
    pipe.reads = False
    document = {"uri": (tmp_path / "compose.yaml").as_uri(), "languageId": "yaml", "version": 1, "text": COMPOSE}
    try:
        for number in range(200):
            pipe.send({"method": "textDocument/didOpen", "params": {"textDocument": document}})
            pipe.send({"id": number + 10, "method": "textDocument/hover", "params": {}})
        pipe.process.stdin.close()
    except BrokenPipeError:
        pass
    assert pipe.process.wait(timeout=20) is not None
