//! LSP main loop: handles requests and notifications, and publishes diagnostics when no message is waiting.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use lsp_server::{Connection, ErrorCode, Message, Notification, Request, RequestId, Response};
use lsp_types::notification::{
    DidChangeConfiguration, DidChangeTextDocument, DidChangeWatchedFiles, DidChangeWorkspaceFolders,
    DidCloseTextDocument, DidOpenTextDocument, DidSaveTextDocument, Notification as _, ShowMessage,
};
use lsp_types::request::{
    CodeActionRequest, DocumentDiagnosticRequest, ExecuteCommand, HoverRequest, Request as _, ShowDocument,
};
use lsp_types::{
    CodeActionOptions, CodeActionProviderCapability, DiagnosticOptions, DiagnosticServerCapabilities,
    ExecuteCommandOptions, FullDocumentDiagnosticReport, HoverProviderCapability, InitializeParams,
    InitializeResult, MessageType, OneOf, RelatedFullDocumentDiagnosticReport, ServerCapabilities,
    ServerInfo, ShowDocumentParams, ShowMessageParams, TextDocumentSyncCapability, TextDocumentSyncKind, Uri,
    WorkspaceFolder, WorkspaceFoldersServerCapabilities, WorkspaceServerCapabilities,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::convert::{Encoding, path_of};
use super::session::{Analysis, Session};
use super::settings::Settings;
use super::{actions, hover, transport};
use crate::report::escape::printable;
use crate::report::rule_page;
use crate::source::{FileSystem, normalize};

/// Error that ends a session early, such as a lost connection.
pub(super) type ServerError = Box<dyn std::error::Error + Send + Sync>;

/// Serves one client on standard input and output until it shuts the server down. Files are read from `disk`.
///
/// The process moves to the first workspace folder, so that messages name files as the command does there.
///
/// # Errors
/// When the client violates the lifecycle of the protocol, or disconnects in the middle of a message.
pub fn serve_stdio(disk: &FileSystem) -> Result<(), ServerError> {
    let (connection, writer) = transport::stdio()?;
    let result = serve_on(&connection, disk, true);
    drop(connection);
    // A client that is gone reads nothing more.
    let written = writer.join().unwrap_or(Ok(()));
    result?;
    Ok(written?)
}

/// Serves one client on `connection`, with access to all files.
///
/// # Errors
/// As [`serve_stdio`].
pub fn serve(connection: &Connection) -> Result<(), ServerError> {
    serve_on(connection, &FileSystem::default(), false)
}

fn serve_on(connection: &Connection, disk: &FileSystem, moves: bool) -> Result<(), ServerError> {
    let (id, params) = connection.initialize_start()?;
    // Invalid parameters are no reason to fail: the defaults are enough.
    let params: InitializeParams = serde_json::from_value(params).unwrap_or_default();
    let mut server = Server::new(connection, &params);
    server.session.disk = disk.clone();
    if let Some(folder) = server.session.folders.first().filter(|_| moves) {
        // A folder that is gone leaves the paths absolute.
        let _ = std::env::set_current_dir(folder);
    }
    let result = InitializeResult {
        capabilities: server.capabilities(),
        server_info: Some(ServerInfo {
            name: env!("CARGO_PKG_NAME").to_owned(),
            version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        }),
    };
    connection.initialize_finish(id, serde_json::to_value(result)?)?;
    server.watch()?;
    server.apply(params.initialization_options.as_ref().unwrap_or(&Value::Null))?;
    server.run()
}

pub(super) struct Server<'c> {
    connection: &'c Connection,
    pub(super) session: Session,
    /// True if the client pulls diagnostics.
    pub(super) pulls: bool,
    /// True if the server can ask the client to pull diagnostics again.
    pub(super) refreshes: bool,
    /// True if the server can ask the client to watch files.
    pub(super) watches: bool,
    /// True if something changed since diagnostics were last published.
    stale: bool,
    /// True if something other than the text of a document changed since then: a setting, a file, a folder.
    pub(super) beyond_edit: bool,
    /// The analyses whose diagnostics were published last.
    pub(super) last: Vec<Arc<Analysis>>,
    /// The files that the client watches because they were read.
    pub(super) watched: BTreeSet<PathBuf>,
    /// ID of the last request to the client.
    next: i32,
}

impl<'c> Server<'c> {
    fn new(connection: &'c Connection, params: &InitializeParams) -> Self {
        let capabilities = &params.capabilities;
        let documents = capabilities.text_document.as_ref();
        let workspace = capabilities.workspace.as_ref();
        let offered = capabilities.general.as_ref().and_then(|general| general.position_encodings.as_deref());
        let published = documents.and_then(|documents| documents.publish_diagnostics.as_ref());
        let folders = params.workspace_folders.iter().flatten().map(|folder| &folder.uri);
        #[expect(deprecated, reason = "what older clients send")]
        let root = params.root_uri.as_ref();
        let session = Session {
            encoding: Encoding::negotiate(offered),
            related: published.is_some_and(|published| published.related_information == Some(true)),
            shows_documents: capabilities
                .window
                .as_ref()
                .and_then(|window| window.show_document.as_ref())
                .is_some_and(|showing| showing.support),
            folders: folders.chain(root).filter_map(path_of).map(|path| normalize(&path)).collect(),
            ..Session::default()
        };
        Self {
            connection,
            session,
            pulls: documents.is_some_and(|documents| documents.diagnostic.is_some()),
            refreshes: workspace
                .and_then(|workspace| workspace.diagnostic.as_ref())
                .is_some_and(|diagnostic| diagnostic.refresh_support == Some(true)),
            watches: workspace
                .and_then(|workspace| workspace.did_change_watched_files.as_ref())
                .is_some_and(|watching| watching.dynamic_registration == Some(true)),
            stale: false,
            beyond_edit: false,
            last: Vec::new(),
            watched: BTreeSet::new(),
            next: 0,
        }
    }

    fn capabilities(&self) -> ServerCapabilities {
        ServerCapabilities {
            position_encoding: Some(self.session.encoding.kind()),
            text_document_sync: Some(TextDocumentSyncCapability::Kind(TextDocumentSyncKind::FULL)),
            code_action_provider: Some(CodeActionProviderCapability::Options(CodeActionOptions {
                code_action_kinds: Some(actions::kinds()),
                ..CodeActionOptions::default()
            })),
            execute_command_provider: self.session.shows_documents.then(|| ExecuteCommandOptions {
                commands: vec![actions::EXPLAIN.to_owned()],
                ..ExecuteCommandOptions::default()
            }),
            workspace: Some(WorkspaceServerCapabilities {
                workspace_folders: Some(WorkspaceFoldersServerCapabilities {
                    supported: Some(true),
                    change_notifications: Some(OneOf::Left(true)),
                }),
                ..WorkspaceServerCapabilities::default()
            }),
            hover_provider: Some(HoverProviderCapability::Simple(true)),
            diagnostic_provider: self.pulls.then(|| {
                DiagnosticServerCapabilities::Options(DiagnosticOptions {
                    identifier: Some("oomlint".to_owned()),
                    inter_file_dependencies: true,
                    ..DiagnosticOptions::default()
                })
            }),
            ..ServerCapabilities::default()
        }
    }

    /// Takes the settings of the client, and shows what is wrong with them.
    fn apply(&mut self, settings: &Value) -> Result<(), ServerError> {
        let (settings, mut problems) = Settings::read(settings);
        problems.extend(settings.problem(&self.session.disk));
        if settings != self.session.settings {
            self.session.settings = settings;
            self.session.invalidate();
            self.stale = true;
            self.beyond_edit = true;
        }
        for message in problems {
            let message = printable(&message).into_owned();
            let params = serde_json::to_value(ShowMessageParams { typ: MessageType::WARNING, message })?;
            let method = ShowMessage::METHOD.to_owned();
            self.send(Message::Notification(Notification { method, params }))?;
        }
        Ok(())
    }

    fn run(&mut self) -> Result<(), ServerError> {
        loop {
            // Lint only when no message is waiting: edits arrive faster than files can be linted.
            let message = match self.connection.receiver.try_recv() {
                Ok(message) => message,
                Err(_) => {
                    if std::mem::take(&mut self.stale) {
                        self.publish()?;
                    }
                    match self.connection.receiver.recv() {
                        Ok(message) => message,
                        // The client is gone.
                        Err(_) => return Ok(()),
                    }
                }
            };
            match message {
                Message::Request(request) => {
                    if self.connection.handle_shutdown(&request)? {
                        return Ok(());
                    }
                    let response = self.on_request(request);
                    self.send(Message::Response(response))?;
                }
                Message::Notification(notification) => self.on_notification(notification)?,
                // Responses to the requests of the server need no action.
                Message::Response(_) => {}
            }
        }
    }

    fn on_request(&mut self, request: Request) -> Response {
        let id = request.id.clone();
        let result = match request.method.as_str() {
            CodeActionRequest::METHOD => {
                self.read(request.params, |server, params: lsp_types::CodeActionParams| {
                    let found = server
                        .at(&params.text_document.uri)
                        .map(|(path, analysis)| actions::actions(&server.session, &analysis, &path, &params));
                    json!(found.unwrap_or_default())
                })
            }
            HoverRequest::METHOD => self.read(request.params, |server, params: lsp_types::HoverParams| {
                let position = params.text_document_position_params;
                let found = server.at(&position.text_document.uri).and_then(|(path, analysis)| {
                    let text = &server.session.documents.get(&path)?.text;
                    let at = server.session.encoding.offset(text, position.position);
                    hover::hover(&server.session, &analysis, &path, at)
                });
                json!(found)
            }),
            DocumentDiagnosticRequest::METHOD => {
                self.read(request.params, |server, params: lsp_types::DocumentDiagnosticParams| {
                    let items = server.at(&params.text_document.uri).map(|(path, analysis)| {
                        server.session.diagnostics(&analysis).get(&path).cloned().unwrap_or_default()
                    });
                    json!(RelatedFullDocumentDiagnosticReport {
                        related_documents: None,
                        full_document_diagnostic_report: FullDocumentDiagnosticReport {
                            result_id: None,
                            items: items.unwrap_or_default(),
                        },
                    })
                    .with_kind()
                })
            }
            ExecuteCommand::METHOD => {
                self.read(request.params, |server, params: lsp_types::ExecuteCommandParams| {
                    let rule = params.arguments.first().and_then(Value::as_str);
                    let page = rule.and_then(rule_page).and_then(|page| page.parse().ok());
                    if let Some(uri) = page.filter(|_| params.command == actions::EXPLAIN) {
                        let params = ShowDocumentParams {
                            uri,
                            external: Some(true),
                            take_focus: None,
                            selection: None,
                        };
                        // A lost connection is noticed at the next message.
                        let _ = server.ask(ShowDocument::METHOD, &params);
                    }
                    Value::Null
                })
            }
            method => Err((ErrorCode::MethodNotFound, format!("`{method}` is not known here"))),
        };
        match result {
            Ok(value) => Response::new_ok(id, value),
            Err((code, message)) => Response::new_err(id, code as i32, message),
        }
    }

    fn read<P: DeserializeOwned>(
        &mut self,
        params: Value,
        answer: impl FnOnce(&mut Self, P) -> Value,
    ) -> Result<Value, (ErrorCode, String)> {
        match serde_json::from_value(params) {
            Ok(params) => Ok(answer(self, params)),
            Err(error) => Err((ErrorCode::InvalidParams, error.to_string())),
        }
    }

    /// Returns the path of a URI, and the analysis of the files around it.
    fn at(&mut self, uri: &Uri) -> Option<(PathBuf, std::sync::Arc<super::session::Analysis>)> {
        let path = normalize(&path_of(uri)?);
        let analysis = self.session.analyze(&path)?;
        Some((path, analysis))
    }

    fn on_notification(&mut self, notification: Notification) -> Result<(), ServerError> {
        // Notifications with invalid parameters are ignored, since they have no response.
        match notification.method.as_str() {
            DidOpenTextDocument::METHOD => {
                if let Ok(params) = read::<lsp_types::DidOpenTextDocumentParams>(notification.params) {
                    let document = params.text_document;
                    self.session.open(&document.uri, document.text, document.version, document.language_id);
                    self.stale = true;
                }
            }
            DidChangeTextDocument::METHOD => {
                if let Ok(mut params) = read::<lsp_types::DidChangeTextDocumentParams>(notification.params)
                    && let Some(change) = params.content_changes.pop()
                {
                    // The last change is the whole text: the server announced full synchronization.
                    let document = params.text_document;
                    self.session.change(&document.uri, change.text, document.version);
                    self.stale = true;
                }
            }
            DidCloseTextDocument::METHOD => {
                if let Ok(params) = read::<lsp_types::DidCloseTextDocumentParams>(notification.params) {
                    self.session.close(&params.text_document.uri);
                    self.stale = true;
                }
            }
            DidSaveTextDocument::METHOD | DidChangeWatchedFiles::METHOD => {
                self.session.invalidate();
                self.stale = true;
                self.beyond_edit = true;
            }
            DidChangeConfiguration::METHOD => {
                // Clients that keep their settings to themselves send null.
                if let Some(settings) = notification.params.get("settings").filter(|told| !told.is_null()) {
                    self.apply(&settings.clone())?;
                }
            }
            DidChangeWorkspaceFolders::METHOD => {
                if let Ok(params) = read::<lsp_types::DidChangeWorkspaceFoldersParams>(notification.params) {
                    let path = |folder: &WorkspaceFolder| path_of(&folder.uri).map(|path| normalize(&path));
                    let gone: Vec<PathBuf> = params.event.removed.iter().filter_map(path).collect();
                    self.session.folders.retain(|folder| !gone.contains(folder));
                    self.session.folders.extend(params.event.added.iter().filter_map(path));
                    self.session.invalidate();
                    self.stale = true;
                    self.beyond_edit = true;
                }
            }
            _ => {}
        }
        Ok(())
    }

    pub(super) fn ask(&mut self, method: &str, params: &impl serde::Serialize) -> Result<(), ServerError> {
        self.next += 1;
        let request = Request {
            id: RequestId::from(self.next),
            method: method.to_owned(),
            params: serde_json::to_value(params)?,
        };
        self.send(Message::Request(request))
    }

    pub(super) fn send(&self, message: Message) -> Result<(), ServerError> {
        Ok(self.connection.sender.send(message)?)
    }
}

fn read<P: DeserializeOwned>(params: Value) -> serde_json::Result<P> {
    serde_json::from_value(params)
}

/// Adds the `kind` that tells full reports from unchanged ones, which the type of lsp-types does not serialize.
trait WithKind {
    fn with_kind(self) -> Value;
}

impl WithKind for Value {
    fn with_kind(mut self) -> Value {
        if let Some(object) = self.as_object_mut() {
            object.insert("kind".to_owned(), "full".into());
        }
        self
    }
}
