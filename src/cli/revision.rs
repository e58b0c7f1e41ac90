//! States of a pack: takes a path, a git revision, or `REVISION:PATH`, gives a folder that holds the pack as it is or was.

use std::io::{BufRead as _, BufReader, Error, Read as _, Write as _};
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::diag::{Code, Diagnostic};

/// Most files that are taken of a revision, and most bytes of all of them.
const MAX_FILES: usize = 20_000;
const MAX_BYTES: u64 = 256 << 20;

/// A pack as it is on disk, or as it was in a revision.
pub(super) struct State {
    /// Where it can be read.
    pub(super) path: PathBuf,
    /// What is taken away with it.
    _folder: Option<TempDir>,
}

impl State {
    /// Finds a state; a revision without a path is of `beside`, the path of the other state. Paths are from the current folder, as git's are not.
    pub(super) fn find(state: &str, beside: &str) -> Result<State, Box<Diagnostic>> {
        if Path::new(state).exists() {
            return Ok(State { path: PathBuf::from(state), _folder: None });
        }
        let other = || match beside.split_once(':') {
            Some((_, path)) if !Path::new(beside).exists() => path,
            _ => beside,
        };
        let (revision, path) = state.split_once(':').unwrap_or_else(|| (state, other()));
        taken(revision, path).map_err(|why| {
            let message = format!("`{state}` is neither a path nor a git revision that holds `{path}`: {why}");
            let help = "name a folder or a .sky file, `main`, or `main:rulepacks/my-pack`, from the current folder";
            Box::new(Diagnostic::error(Code::BadArgument, message).help(help))
        })
    }
}

/// A file of a revision.
struct File {
    name: PathBuf,
    object: String,
}

/// Writes what a revision has at a path into a folder of its own.
fn taken(revision: &str, path: &str) -> Result<State, String> {
    // An option is no revision, and what leads out of the folder of copies is no path.
    let inside = |path: &Path| path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if revision.is_empty() || revision.starts_with('-') || !inside(Path::new(path)) {
        return Err("a path below the current folder is wanted, and a revision without `-` before it".to_owned());
    }
    let path = path.trim_end_matches('/').trim_start_matches("./");
    let path = if path.is_empty() { "." } else { path };
    let listed = Command::new("git")
        .args(["ls-tree", "-r", "-z", revision, "--", path])
        .output()
        .map_err(|error| format!("git can't be started: {error}"))?;
    if !listed.status.success() {
        let said = String::from_utf8_lossy(&listed.stderr).lines().next().unwrap_or_default().to_owned();
        return Err(said.strip_prefix("fatal: ").map(str::to_owned).unwrap_or(said));
    }
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    // `100644 blob OBJECT\tNAME`; links are not followed, as on disk.
    let file = |line: &str| {
        let (about, name) = line.split_once('\t')?;
        let mut words = about.split(' ');
        let (mode, _, object) = (words.next()?, words.next()?, words.next()?);
        let name = PathBuf::from(name);
        (mode.starts_with("100") && inside(&name)).then(|| File { name, object: object.to_owned() })
    };
    let files: Vec<File> = listed.split('\0').filter_map(file).collect();
    if files.is_empty() {
        return Err("it has nothing there".to_owned());
    }
    if files.len() > MAX_FILES {
        return Err(format!("{} files, at most {MAX_FILES} are read", files.len()));
    }
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    copy(&files, folder.path()).map_err(|error| error.to_string())?;
    Ok(State { path: folder.path().join(path), _folder: Some(folder) })
}

/// Writes the files of a revision below a folder: one git for all of them.
fn copy(files: &[File], folder: &Path) -> Result<(), Error> {
    let mut git = Command::new("git")
        .args(["cat-file", "--batch"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let (Some(mut ask), Some(answer)) = (git.stdin.take(), git.stdout.take()) else {
        return Err(Error::other("git has no input or output"));
    };
    let mut answer = BufReader::new(answer);
    let mut left = MAX_BYTES;
    for File { name, object } in files {
        // Asked and answered in turn, so that neither side waits for a full pipe.
        writeln!(ask, "{object}")?;
        ask.flush()?;
        // `OBJECT blob SIZE`, the bytes, and the end of a line.
        let mut head = String::new();
        answer.read_line(&mut head)?;
        let size = head.trim().rsplit(' ').next().and_then(|size| size.parse::<u64>().ok());
        let size = size.ok_or_else(|| Error::other(format!("git does not give `{}`", name.display())))?;
        left = left.checked_sub(size).ok_or_else(|| Error::other(format!("more than {MAX_BYTES} bytes")))?;
        let target = folder.join(name);
        target.parent().map(std::fs::create_dir_all).transpose()?;
        let written = std::io::copy(&mut (&mut answer).take(size), &mut std::fs::File::create(&target)?)?;
        if written < size {
            return Err(Error::other(format!("git ends within `{}`", name.display())));
        }
        answer.read_line(&mut String::new())?;
    }
    drop(ask);
    let status = git.wait()?;
    if status.success() { Ok(()) } else { Err(Error::other(format!("git ends with {status}"))) }
}
