//! What runs remember: takes a folder, gives how far each rule was judged, what correlations and mutes wait with, and a log of alerts; and
//! keeps what a run adds to that.
//!
//! `alerts.jsonl` holds each alert once, `state.json` says how much of it counts: a run writes its alerts behind that, then the new state under
//! a temporary name, which takes the old one's place. Whatever is cut off in between, the next run begins where the last whole one ended.
//!
//! INVARIANT (once): what `state.json` does not count is cut off before a run begins, and is found again by that run.

mod advance;
mod saved;

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::diag::{Code, Diagnostic};
use crate::engine::Engine;
use crate::eval::correlate::Held;
use crate::eval::mute::Delivered;

pub use advance::{Advanced, Span, advance};

/// The file whose lock makes a run the only one. It stays, empty.
const LOCK: &str = "lock";
const STATE: &str = "state.json";
const LOG: &str = "alerts.jsonl";
/// Most bytes of a state.
const MAX_STATE: u64 = 1 << 30;

/// What is remembered of a pack.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Memory {
    /// The id of the archive that was read; of one without an entry, none.
    pub archive: Option<String>,
    /// By rule and source, up to when windows and events were judged, in microseconds since 1970.
    pub judged: BTreeMap<String, BTreeMap<String, i64>>,
    /// By source, the events that were there when it was judged last.
    pub counted: BTreeMap<String, Counted>,
    /// By correlation, the alerts that others may still complete.
    pub open: BTreeMap<String, Vec<Held>>,
    /// When alerts were last delivered.
    pub delivered: Delivered,
}

/// How many events of a source there were.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counted {
    /// Before this time, in microseconds since 1970.
    pub until: i64,
    /// By day since 1970.
    pub days: BTreeMap<i64, u64>,
}

/// A folder that remembers, claimed by one run.
#[derive(Debug)]
pub struct State {
    folder: PathBuf,
    /// By pack's id.
    packs: BTreeMap<String, Memory>,
    log: File,
    /// How many bytes of the log count.
    counted: u64,
    lock: File,
}

impl Drop for State {
    fn drop(&mut self) {
        // A process that was forked meanwhile has the file open too, until it runs its own program. What can't be let go ends with this one.
        let _ = self.lock.unlock();
    }
}

impl State {
    /// Claims the state in a folder, which is made where it is not there.
    ///
    /// # Errors
    /// Another run holds it; a state or log that is damaged; a folder that can't be written.
    pub fn open(folder: &Path) -> Result<State, Diagnostic> {
        let failed = |error: io::Error| unusable(folder, &error);
        fs::create_dir_all(folder).map_err(failed)?;
        let lock = OpenOptions::new().create(true).append(true).open(folder.join(LOCK)).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let message = format!("`{}` is used by another run", folder.display());
                return Err(Diagnostic::error(Code::BadState, message).help("wait for it to end"));
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let known = read(folder)?;
        let log = private().append(true).open(folder.join(LOG)).map_err(failed)?;
        let length = log.metadata().map_err(failed)?.len();
        let Some((packs, counted)) = known else {
            if length > 0 {
                let message = format!("`{}` stands without its `{STATE}`", folder.join(LOG).display());
                return Err(Diagnostic::error(Code::BadState, message)
                    .help("put the file back that belongs to it, or name a new folder"));
            }
            let state = State { folder: folder.to_owned(), packs: BTreeMap::new(), log, counted: 0, lock };
            return state.put("").map(|()| state).map_err(failed);
        };
        if length < counted {
            let message = format!("`{}` is shorter than `{STATE}` says", folder.join(LOG).display());
            return Err(Diagnostic::error(Code::BadState, message).help(
                "put the file back that belongs to it, or begin a new folder: alerts of before are then found again",
            ));
        }
        log.set_len(counted).map_err(failed)?;
        Ok(State { folder: folder.to_owned(), packs, log, counted, lock })
    }

    /// What is remembered of a pack over an archive.
    ///
    /// # Errors
    /// What is remembered is of another archive: how far that was judged says nothing of this one.
    pub fn of(&self, pack: &str, engine: &Engine<'_>) -> Result<Memory, Diagnostic> {
        let archive = engine.archive();
        let id = archive.manifest().archive.clone();
        let memory = self.packs.get(pack).cloned().unwrap_or_default();
        if memory.archive.is_some() && memory.archive != id {
            let message = format!("`{}` remembers runs of `{pack}` over another archive", self.folder.display());
            return Err(Diagnostic::error(Code::BadState, message).help(format!(
                "name the archive that it belongs to, or a new folder for `{}`",
                archive.root().display()
            )));
        }
        Ok(Memory { archive: id, ..memory })
    }

    /// Adds alerts to the log, one JSON line each, and remembers what the run of a pack ended with: both, or after a crash neither.
    ///
    /// # Errors
    /// A disk that is full or gone.
    pub fn commit(&mut self, pack: &str, memory: Memory, lines: &str) -> Result<(), Diagnostic> {
        self.packs.insert(pack.to_owned(), memory);
        self.put(lines).map_err(|error| unusable(&self.folder, &error))?;
        self.counted += lines.len() as u64;
        Ok(())
    }

    fn put(&self, lines: &str) -> io::Result<()> {
        let text = saved::to_text(&self.packs, self.counted + lines.len() as u64);
        if text.len() as u64 > MAX_STATE {
            return Err(io::Error::other(format!("what correlations wait with takes more than {MAX_STATE} bytes")));
        }
        let mut log = &self.log;
        log.write_all(lines.as_bytes())?;
        log.sync_all()?;
        let temporary = self.folder.join(format!(".{STATE}.tmp"));
        let mut file = private().write(true).truncate(true).open(&temporary)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&temporary, self.folder.join(STATE))?;
        // The new name is durable only once the folder is.
        File::open(&self.folder)?.sync_all()
    }
}

/// Files of their owner's alone: alerts show what events held.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// What is remembered, by pack, and how much of the log counts.
type Remembered = (BTreeMap<String, Memory>, u64);

/// None where nothing ever was.
fn read(folder: &Path) -> Result<Option<Remembered>, Diagnostic> {
    let path = folder.join(STATE);
    match fs::metadata(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unusable(folder, &error)),
        Ok(known) if known.len() > MAX_STATE => {
            return Err(unusable(folder, &io::Error::other(format!("`{STATE}` is larger than {MAX_STATE} bytes"))));
        }
        Ok(_) => {}
    }
    let text = fs::read_to_string(&path).map_err(|error| unusable(folder, &error))?;
    saved::from_text(&text).map(Some).map_err(|why| {
        Diagnostic::error(Code::BadState, format!("`{}` can't be read: {why}", path.display()))
            .help("begin a new folder: alerts of before are then found again")
    })
}

fn unusable(folder: &Path, error: &io::Error) -> Diagnostic {
    Diagnostic::error(Code::BadState, format!("`{}` can't be used: {error}", folder.display()))
        .help("check that you may write there and that the disk has room; what was committed before stays")
}
