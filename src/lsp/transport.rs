//! Messages on standard input and output.
//!
//! A frame that cannot be read is answered and skipped: an editor that sends one by mistake keeps its server.

use std::io::{self, BufRead, ErrorKind, Read, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use crossbeam_channel::bounded;
use lsp_server::{Connection, ErrorCode, Message};
use serde_json::json;

/// Upper bound on one message, in bytes. Documents of more than 32 MiB are not linted.
const MAX_MESSAGE: u64 = 64 * 1024 * 1024;
/// Upper bound on one line of a header, in bytes.
const MAX_HEADER: u64 = 8 * 1024;
/// The header that tells the length of a message.
const LENGTH: &str = "content-length:";

/// A message read from the client.
#[derive(Debug)]
enum Frame {
    Message(Message),
    /// Something that is no message, and why.
    Broken(ErrorCode, String),
}

/// Returns a connection to the client of this process, and the thread that writes to it.
pub(super) fn stdio() -> io::Result<(Connection, JoinHandle<io::Result<()>>)> {
    connect(io::BufReader::new(io::stdin()), io::stdout())
}

fn connect(
    input: impl BufRead + Send + 'static,
    output: impl Write + Send + 'static,
) -> io::Result<(Connection, JoinHandle<io::Result<()>>)> {
    // Without room in the channels, a client that sends faster than files are linted has to wait.
    let (out, messages) = bounded::<Message>(0);
    let (read, receiver) = bounded::<Message>(0);
    let output = Arc::new(Mutex::new(output));
    let shared = Arc::clone(&output);
    let writer = thread::Builder::new().name("lsp-write".to_owned()).spawn(move || {
        messages.into_iter().try_for_each(|message| {
            let mut output = shared.lock().unwrap_or_else(PoisonError::into_inner);
            message.write(&mut *output)
        })
    })?;
    // It is not waited for: it may be reading from a client that is silent.
    thread::Builder::new().name("lsp-read".to_owned()).spawn(move || {
        let mut input = input;
        while let Ok(Some(frame)) = next(&mut input) {
            let sent = match frame {
                Frame::Message(message) => {
                    let exit = matches!(&message, Message::Notification(told) if told.method == "exit");
                    read.send(message).is_ok() && !exit
                }
                Frame::Broken(code, why) => {
                    let mut output = output.lock().unwrap_or_else(PoisonError::into_inner);
                    refuse(&mut *output, code, &why).is_ok()
                }
            };
            if !sent {
                break;
            }
        }
    })?;
    Ok((Connection { sender: out, receiver }, writer))
}

/// Answers a frame whose request is not known (JSON-RPC 2.0, 5.1).
fn refuse(output: &mut impl Write, code: ErrorCode, why: &str) -> io::Result<()> {
    let error = json!({"code": code as i32, "message": why});
    let text = json!({"jsonrpc": "2.0", "id": null, "error": error}).to_string();
    write!(output, "Content-Length: {}\r\n\r\n{text}", text.len())?;
    output.flush()
}

/// Reads the next frame; `None` at the end of the input.
fn next(input: &mut impl BufRead) -> io::Result<Option<Frame>> {
    let mut length: Option<Result<u64, String>> = None;
    loop {
        let Some(line) = line(input)? else { return Ok(None) };
        let lower = line.to_ascii_lowercase();
        // Behind a broken frame it may follow on the same line.
        if let Some(at) = lower.rfind(LENGTH) {
            let number = line.get(at + LENGTH.len()..).unwrap_or_default().trim();
            length = Some(number.parse().map_err(|_| format!("`{number}` is no length")));
        } else if line.trim().is_empty()
            && let Some(length) = length.take()
        {
            return Ok(Some(match length {
                Ok(length) => body(input, length)?,
                Err(why) => Frame::Broken(ErrorCode::ParseError, why),
            }));
        }
    }
}

/// Reads one line without its end, in which bytes that are not UTF-8 are replaced. Of one that is too long, the next call returns
/// the rest. `None` at the end of the input.
fn line(input: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut bytes = Vec::new();
    let read = input.by_ref().take(MAX_HEADER).read_until(b'\n', &mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    Ok((read > 0).then(|| text.trim_end_matches(['\r', '\n']).to_owned()))
}

fn body(input: &mut impl BufRead, length: u64) -> io::Result<Frame> {
    if length > MAX_MESSAGE {
        io::copy(&mut input.by_ref().take(length), &mut io::sink())?;
        let why = format!("a message of {length} bytes: at most {MAX_MESSAGE} are read");
        return Ok(Frame::Broken(ErrorCode::InvalidRequest, why));
    }
    let mut bytes = Vec::new();
    if input.by_ref().take(length).read_to_end(&mut bytes)? as u64 != length {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    Ok(match serde_json::from_slice(&bytes) {
        Ok(message) => Frame::Message(message),
        Err(error) => Frame::Broken(ErrorCode::ParseError, error.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(text: &str) -> String {
        format!("Content-Length: {}\r\n\r\n{text}", text.len())
    }

    /// Returns the methods of the messages that are read, `!` for each broken frame.
    fn read(text: &str) -> Vec<String> {
        let mut input = text.as_bytes();
        let mut found = Vec::new();
        while let Ok(Some(frame)) = next(&mut input) {
            found.push(match frame {
                Frame::Message(Message::Notification(told)) => told.method,
                Frame::Message(_) => "?".to_owned(),
                Frame::Broken(..) => "!".to_owned(),
            });
        }
        found
    }

    #[test]
    fn a_broken_frame_is_skipped() {
        let good = frame(r#"{"jsonrpc":"2.0","method":"a"}"#);
        for broken in [
            frame("{"),
            frame("[1, 2]"),
            frame(r#"{"jsonrpc":"2.0"}"#),
            frame("\u{fffd}"),
            "Content-Length: many\r\n\r\n".to_owned(),
            "Content-Length: -1\r\n\r\n".to_owned(),
            "Content-Length: 99999999999999999999999\r\n\r\n".to_owned(),
            "Content-Length: 0\r\n\r\n".to_owned(),
        ] {
            let text = format!("{good}{broken}{good}");
            assert_eq!(read(&text), ["a", "!", "a"], "{broken}");
        }
        // What is no frame at all is no message, either.
        for noise in ["\r\n\r\n", "hello\n\n", "{\"method\": 1}", "Content-Type: x\r\n\r\n"] {
            assert_eq!(read(&format!("{good}{noise}{good}")), ["a", "a"], "{noise}");
        }
    }

    #[test]
    fn a_length_beyond_the_bound_takes_no_memory() {
        let text = format!("Content-Length: {}\r\n\r\n{{}}", u64::MAX);
        assert_eq!(read(&text), ["!"]);
        let text = format!("Content-Length: {MAX_MESSAGE}\r\n\r\n{{}}");
        assert!(read(&text).is_empty());
    }

    #[test]
    fn headers_may_have_any_case_and_order() {
        let text = r#"{"jsonrpc":"2.0","method":"a"}"#;
        let length = text.len();
        for headers in [
            format!("Content-Type: x\r\ncontent-LENGTH:{length}\n\n"),
            format!(
                "Content-Length: {length}\r\nContent-Type: application/vscode-jsonrpc; charset=utf-8\r\n\r\n"
            ),
        ] {
            assert_eq!(read(&format!("{headers}{text}{headers}{text}")), ["a", "a"], "{headers}");
        }
    }

    #[test]
    fn broken_frames_are_answered() {
        let mut out = Vec::new();
        refuse(&mut out, ErrorCode::ParseError, "no \"json\"").unwrap();
        let text = String::from_utf8(out).unwrap();
        let (header, body) = text.split_once("\r\n\r\n").unwrap();
        assert_eq!(header, format!("Content-Length: {}", body.len()));
        let answer: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!((&answer["id"], &answer["error"]["code"]), (&json!(null), &json!(-32700)));
    }
}
