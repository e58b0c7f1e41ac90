//! `skywatch new`: a small pack that passes everything, to be changed into one's own.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::{GOOD, UNUSABLE, complain_of, say};
use crate::diag::{Code, Diagnostic};
use crate::pack::check_id;
use crate::source::SourceMap;

/// Make a pack with one rule, its tests, a list and a fixture.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  skywatch new my-rules                   makes the folder my-rules
  skywatch new my-rules --dir rulepacks   makes the folder rulepacks/my-rules")]
pub(super) struct Arguments {
    /// The pack's id: lower-case letters, digits, `-` and `_`. Its folder is called the same.
    name: String,
    /// Below which folder; it is made where there is none.
    #[arg(long, value_name = "DIR", default_value = ".")]
    dir: PathBuf,
}

/// The pack's files; `{{name}}` stands for its id.
const FILES: [(&str, &str); 5] = [
    ("pack.toml", include_str!("template/pack.toml")),
    ("README.md", include_str!("template/README.md")),
    ("guardrails.sky", include_str!("template/guardrails.sky")),
    ("lists/trusted-callers.txt", include_str!("template/lists/trusted-callers.txt")),
    ("fixtures/cloudtrail.jsonl", include_str!("template/fixtures/cloudtrail.jsonl")),
];

pub(super) fn run(arguments: &Arguments) -> u8 {
    match make(&arguments.name, &arguments.dir) {
        Ok(written) => {
            say(&written);
            GOOD
        }
        Err(diagnostic) => {
            complain_of(&[diagnostic], &SourceMap::default());
            UNUSABLE
        }
    }
}

/// Makes the pack; the names of its files, a line each.
fn make(name: &str, below: &Path) -> Result<String, Diagnostic> {
    check_id(name).map_err(|(message, help)| Diagnostic::error(Code::BadArgument, message).help(help))?;
    let folder = if below == Path::new(".") { PathBuf::from(name) } else { below.join(name) };
    let failed = |path: &Path, error: &std::io::Error| {
        let path = path.display();
        if error.kind() == ErrorKind::AlreadyExists {
            Diagnostic::error(Code::BadArgument, format!("`{path}` is there already"))
                .help("choose another name, or another folder with `--dir`: nothing is overwritten")
        } else {
            Diagnostic::error(Code::BadArgument, format!("`{path}` can't be written: {error}"))
                .help("choose a folder that you may write to with `--dir`")
        }
    };
    std::fs::create_dir_all(below).map_err(|error| failed(below, &error))?;
    // Fails where there is anything of that name, so that all that follows is new.
    std::fs::create_dir(&folder).map_err(|error| failed(&folder, &error))?;
    let mut written = String::new();
    for (file, text) in FILES {
        let path = folder.join(file);
        let parent = path.parent().unwrap_or(&folder);
        std::fs::create_dir_all(parent)
            .and_then(|()| File::create_new(&path))
            .and_then(|mut file| file.write_all(text.replace("{{name}}", name).as_bytes()))
            .map_err(|error| failed(&path, &error))?;
        written.push_str(&format!("{}\n", path.display()));
    }
    Ok(written)
}
