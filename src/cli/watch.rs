//! Files that are watched: takes paths, waits until something of them changes. Times and sizes are looked at again and again, which works on every
//! file system that a pack may lie on.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// How long between two looks.
const PAUSE: Duration = Duration::from_millis(300);
/// Most files that are looked at.
const MAX_FILES: usize = 20_000;

/// When files were written, and how long they are.
type Seen = BTreeMap<PathBuf, (Option<SystemTime>, u64)>;

/// Files below some paths, as they were when last looked at.
pub(super) struct Watch<'a> {
    paths: &'a [PathBuf],
    seen: Seen,
}

impl<'a> Watch<'a> {
    pub(super) fn new(paths: &'a [PathBuf]) -> Watch<'a> {
        Watch { paths, seen: look(paths) }
    }

    /// Waits until a file came, went or changed, and until nothing changes any more: editors write in several steps.
    pub(super) fn wait(&mut self) {
        let before = std::mem::take(&mut self.seen);
        loop {
            std::thread::sleep(PAUSE);
            let now = look(self.paths);
            let changed = now != before;
            let settled = now == self.seen;
            self.seen = now;
            if changed && settled {
                return;
            }
        }
    }
}

fn look(paths: &[PathBuf]) -> Seen {
    let mut seen = Seen::new();
    let mut open: Vec<PathBuf> = paths.to_vec();
    while let Some(path) = open.pop() {
        let Ok(about) = std::fs::symlink_metadata(&path) else { continue };
        if about.is_dir() {
            let entries = std::fs::read_dir(&path).into_iter().flatten().flatten().map(|entry| entry.path());
            open.extend(entries.filter(|path| !is_hidden(path)));
        } else {
            seen.insert(path, (about.modified().ok(), about.len()));
        }
        if seen.len() >= MAX_FILES {
            break;
        }
    }
    seen
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'))
}
