//! States of a pack: takes a path, a git revision, or `REVISION:PATH`, gives a folder that holds the pack as it is or was.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::diag::{Code, Diagnostic};

/// Most files that are taken of a revision.
const MAX_FILES: usize = 20_000;
/// Most bytes of one of them; larger ones are no part of a pack.
const MAX_BYTES: u64 = 16 << 20;

/// A pack as it is on disk, or as it was in a revision.
pub(super) struct State {
    /// Where it can be read.
    pub(super) path: PathBuf,
    /// What is taken away with it.
    _folder: Option<TempDir>,
}

impl State {
    /// Finds a state; a revision without a path is of `beside`, the path of the other state.
    pub(super) fn find(state: &str, beside: &str) -> Result<State, Box<Diagnostic>> {
        if Path::new(state).exists() {
            return Ok(State { path: PathBuf::from(state), _folder: None });
        }
        let (revision, path) = state.split_once(':').unwrap_or((state, beside));
        taken(revision, path).map_err(|why| {
            let message = format!("`{state}` is neither a path nor a git revision that holds `{path}`: {why}");
            let help = "name a folder or a .sky file, `main`, or `main:rulepacks/my-pack`";
            Box::new(Diagnostic::error(Code::BadArgument, message).help(help))
        })
    }
}

/// Writes what a revision has at a path into a folder of its own.
fn taken(revision: &str, path: &str) -> Result<State, String> {
    // An option is no revision.
    if revision.starts_with('-') || path.split('/').any(|part| part == "..") {
        return Err("not a revision".to_owned());
    }
    let path = path.trim_end_matches('/').trim_start_matches("./");
    let listed = Command::new("git")
        .args(["ls-tree", "-r", "-z", "--name-only", revision, "--", path])
        .output()
        .map_err(|error| format!("git can't be started: {error}"))?;
    if !listed.status.success() {
        let said = String::from_utf8_lossy(&listed.stderr).lines().next().unwrap_or_default().to_owned();
        return Err(said.strip_prefix("fatal: ").map(str::to_owned).unwrap_or(said));
    }
    let names = String::from_utf8_lossy(&listed.stdout).into_owned();
    let names: Vec<&str> = names.split('\0').filter(|name| !name.is_empty()).collect();
    if names.is_empty() {
        return Err("it has nothing there".to_owned());
    }
    if names.len() > MAX_FILES {
        return Err(format!("{} files, at most {MAX_FILES} are read", names.len()));
    }
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    copy(revision, &names, folder.path()).map_err(|error| error.to_string())?;
    Ok(State { path: folder.path().join(path), _folder: Some(folder) })
}

/// Writes the files of a revision below a folder: one git for all of them.
fn copy(revision: &str, names: &[&str], folder: &Path) -> std::io::Result<()> {
    let mut git = Command::new("git")
        .args(["cat-file", "--batch"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let (Some(mut ask), Some(answer)) = (git.stdin.take(), git.stdout.take()) else { return Ok(()) };
    let mut answer = BufReader::new(answer);
    for name in names {
        let inside = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
        if name.contains('\n') || !inside {
            continue;
        }
        // Asked and answered in turn, so that neither side waits for a full pipe. `:./` is from the current folder, as the names are.
        writeln!(ask, "{revision}:./{name}")?;
        ask.flush()?;
        let mut head = String::new();
        answer.read_line(&mut head)?;
        let Some(size) = head.trim().rsplit(' ').next().and_then(|size| size.parse::<u64>().ok()) else { continue };
        let mut file = (&mut answer).take(size);
        let target = folder.join(name);
        if let Some(parent) = target.parent().filter(|_| size <= MAX_BYTES) {
            std::fs::create_dir_all(parent)?;
            std::io::copy(&mut file, &mut std::fs::File::create(&target)?)?;
        }
        std::io::copy(&mut file, &mut std::io::sink())?;
        answer.read_line(&mut String::new())?;
    }
    drop(ask);
    git.wait().map(|_| ())
}
