//! The disk under an archive: takes paths, gives files to write into. The one seam through which a test can let a disk fill up or fail.

use std::fmt::Debug;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// What an archive asks of a disk. Reading, renaming and removing take no room, and go to the file system as they are.
pub trait Disk: Debug + Send + Sync {
    /// A new file, of its owner alone.
    ///
    /// # Errors
    /// A path that is taken, or can't be written.
    fn create(&self, path: &Path) -> io::Result<Box<dyn Output>>;
}

/// A file that is being written.
pub trait Output: Write + Send {
    /// Returns once every byte is on the disk.
    ///
    /// # Errors
    /// A disk that is full or gone.
    fn sync(&mut self) -> io::Result<()>;
}

/// The file system of the machine.
#[derive(Debug, Clone, Copy)]
pub struct LocalDisk;

impl Disk for LocalDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn Output>> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o640);
        Ok(Box::new(options.open(path)?))
    }
}

impl Output for File {
    fn sync(&mut self) -> io::Result<()> {
        self.sync_all()
    }
}

/// Makes the names in a folder as durable as the files.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
