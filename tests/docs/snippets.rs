//! The examples in documents: takes Markdown, gives its fenced blocks; reads each `sky` block as a user would and runs its tests.
//!
//! | fence | what must hold |
//! |---|---|
//! | `sky` | a file: no findings, and its unit tests pass |
//! | `sky,judge` | a line is `{ EVENT } where CONDITION // alert` (or `no alert`); an event without a time is at midnight of 2026-01-01 |
//! | `sky,judge activity` | the same of another stream than `invocation` |
//! | `sky,beside PACK` | a file, given together with this pack of the repository: it has no findings |
//! | `sky,error E0203` | a file with exactly these findings |
//! | `text NAME` | a file that stands beside the blocks of the document |

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use skywatch::diag::render;
use skywatch::pack::load_together;
use skywatch::ruletest;

/// A fenced block of a document.
pub(crate) struct Block {
    /// What stands behind the backticks.
    pub(crate) info: String,
    /// Its lines.
    pub(crate) text: String,
    /// The line of its first line, from 1.
    pub(crate) line: usize,
}

/// All documents whose examples are checked.
pub(crate) fn documents() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut open = vec![root.join("docs")];
    let mut out: Vec<PathBuf> = fs::read_dir(root)
        .unwrap()
        .flatten()
        .map(|e| e.path())
        .filter(|p| p.extension().is_some_and(|e| e == "md"))
        .collect();
    while let Some(folder) = open.pop() {
        for path in fs::read_dir(folder).unwrap().flatten().map(|e| e.path()) {
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|e| e == "md") {
                out.push(path);
            }
        }
    }
    out.sort();
    out
}

/// The fenced blocks of a document.
pub(crate) fn blocks(text: &str) -> Vec<Block> {
    let mut out: Vec<Block> = Vec::new();
    let mut inside = false;
    for (number, line) in (1..).zip(text.lines()) {
        if let Some(info) = line.strip_prefix("```") {
            if !inside {
                out.push(Block { info: info.trim().to_owned(), text: String::new(), line: number + 1 });
            }
            inside = !inside;
        } else if let Some(block) = out.last_mut().filter(|_| inside) {
            block.text.push_str(line);
            block.text.push('\n');
        }
    }
    out
}

/// What is wrong with the examples of a document, one text each.
pub(crate) fn problems(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut out = Vec::new();
    let blocks = blocks(&text);
    for block in &blocks {
        if let Some(name) = block.info.strip_prefix("text ") {
            fs::write(folder.path().join(name), &block.text).unwrap();
        }
    }
    for block in &blocks {
        let mut packs = vec![folder.path().join("example.sky")];
        let (file, wanted) = match block.info.split_once(' ').unwrap_or((&block.info, "")) {
            ("sky", "") => (block.text.clone(), Vec::new()),
            ("sky,error", codes) => (block.text.clone(), codes.split(' ').map(str::to_owned).collect()),
            ("sky,judge", stream) => {
                (judged(&block.text, if stream.is_empty() { "invocation" } else { stream }), Vec::new())
            }
            ("sky,beside", pack) => {
                packs.push(Path::new(env!("CARGO_MANIFEST_DIR")).join(pack));
                (block.text.clone(), Vec::new())
            }
            (info, _) if info.starts_with("sky") => {
                out.push(format!("line {}: unknown fence `{}`", block.line, block.info));
                continue;
            }
            _ => continue,
        };
        fs::write(&packs[0], file).unwrap();
        let pack = load_together(&packs).swap_remove(0);
        let found: Vec<String> = pack.diagnostics.iter().map(|d| d.code.as_str().to_owned()).collect();
        if found != wanted {
            let said = render(&pack.diagnostics, &pack.sources, false);
            out.push(format!("the block at line {}: expected {wanted:?}, found {found:?}\n{said}", block.line));
        }
        for failed in ruletest::run(&pack).iter().filter(|outcome| !outcome.passed()) {
            let alerts: Vec<String> = failed.alerts.iter().map(ruletest::brief).collect();
            out.push(format!(
                "the block at line {}: {}: {}: {:?}; came {alerts:?}",
                block.line, failed.rule, failed.title, failed.problems
            ));
        }
    }
    out
}

/// The lines of a `judge` block as rules and tests.
fn judged(text: &str, stream: &str) -> String {
    let mut out = String::new();
    for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        let (rest, verdict) = line.rsplit_once("//").unwrap_or((line, ""));
        let (event, condition) = rest.split_once(" where ").unwrap_or((rest, ""));
        let fields = event.trim().trim_start_matches('{').trim_end_matches(' ');
        let fields = fields.strip_suffix('}').unwrap_or(fields).trim();
        let time = if fields.starts_with("time ") { "" } else { "time = 2026-01-01, " };
        let title = line.replace('\\', r"\\").replace('"', r#"\""#);
        let expected = match verdict.trim() {
            "alert" => "expect alert",
            "no alert" => "expect no alert",
            other => panic!("`// alert` or `// no alert` is missing: `{other}` in {line}"),
        };
        _ = writeln!(
            out,
            "rule r{number} {{ severity low  from {stream}  where {condition} }}\n\
             test r{number} \"{title}\" {{ given {stream} [{{ {time}{fields} }}] {expected} }}"
        );
    }
    out
}
