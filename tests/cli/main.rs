//! The command line from outside: flags, exit statuses, and the JSON that programs read. What the verbs do is tested below them.

use std::process::{Command, Output};

use serde_json::Value;

#[cfg(feature = "engine")]
mod archive;
mod check;
#[cfg(unix)]
mod integrations;
mod packs;
mod review;
#[cfg(feature = "engine")]
#[path = "../support/samples.rs"]
#[expect(dead_code, reason = "each binary uses its own part")]
mod samples;
mod stdin;

const PACK: &str = "rulepacks/ai-security";
/// What `env:CONTENT_KEY` holds.
const CONTENT_KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

fn skywatch(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_skywatch"))
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_remove("NO_COLOR")
        .env("CONTENT_KEY", CONTENT_KEY)
        .output()
        .expect("the program runs")
}

fn status(arguments: &[&str]) -> i32 {
    skywatch(arguments).status.code().expect("no signal ended it")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn json(arguments: &[&str]) -> Value {
    let output = skywatch(arguments);
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{arguments:?}: {error}: {}", text(&output.stderr)))
}

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).expect("a file in it");
    }
    folder
}
