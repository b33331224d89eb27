//! What several test binaries need: the reference material beside the project.
#![allow(dead_code, unreachable_pub)]

use std::io::Read;
use std::path::PathBuf;

/// The reference material, or nothing (said aloud) where the project stands alone.
pub fn shared() -> Option<PathBuf> {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared"));
    if path.join("corpus").is_dir() {
        return Some(path);
    }
    println!("skipped: ../shared is not here");
    None
}

/// The real files.
pub fn corpus() -> Option<PathBuf> {
    shared().map(|path| path.join("corpus"))
}

/// The JSON lines of one file of reference answers.
pub fn answers(name: &str) -> Vec<serde_json::Value> {
    let Some(corpus) = corpus() else { return Vec::new() };
    let file = std::fs::File::open(corpus.join("answers").join(name)).unwrap();
    let mut text = String::new();
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
