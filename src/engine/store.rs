//! An archive's files for DataFusion: takes a folder, gives its bytes, to be read and never written.
//!
//! A column of a row group is read at once, some 20 MB of prompts. To an allocator each is a mapping of its own, whose pages the kernel clears
//! when they are first written to and takes back when the column has been read: a tenth of a pass over prompts. So large buffers are kept and
//! filled again.

use std::fmt;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use datafusion::object_store::local::LocalFileSystem;
use datafusion::object_store::path::Path;
use datafusion::object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use futures::stream::{self, BoxStream, StreamExt as _};

/// Bytes from which on a buffer is kept: less than jemalloc gives out of memory that it has cleared already (8 MiB).
const LARGE: usize = 4 << 20;
/// Most bytes of a buffer that is kept, and most of all of them together.
const MOST: usize = 64 << 20;

/// The files below a folder.
#[derive(Debug)]
pub(super) struct Files {
    local: LocalFileSystem,
    kept: Arc<Kept>,
}

impl Files {
    /// # Errors
    /// No such folder.
    pub(super) fn below(root: &std::path::Path) -> Result<Files> {
        Ok(Files { local: LocalFileSystem::new_with_prefix(root)?, kept: Arc::default() })
    }
}

/// Buffers that nobody reads at the moment.
#[derive(Default)]
struct Kept(Mutex<Vec<Vec<u8>>>);

impl fmt::Debug for Kept {
    /// Without what was read.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Kept")
    }
}

impl Kept {
    /// A buffer of so many bytes or more, with anything in it.
    fn take(&self, length: usize) -> Vec<u8> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match kept.iter().position(|buffer| buffer.len() >= length) {
            Some(place) => kept.swap_remove(place),
            None => {
                // One that is too short for this file is so for the next.
                _ = kept.pop();
                drop(kept);
                vec![0; length]
            }
        }
    }

    fn put(&self, buffer: Vec<u8>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.iter().map(Vec::len).sum::<usize>() + buffer.len() <= MOST {
            kept.push(buffer);
        }
    }
}

/// Bytes of a file in a buffer that goes back once nobody reads them.
struct Lent {
    buffer: Vec<u8>,
    length: usize,
    back: Arc<Kept>,
}

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        self.buffer.get(..self.length).unwrap_or_default()
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        self.back.put(std::mem::take(&mut self.buffer));
    }
}

fn read(file: &mut File, range: Range<u64>, kept: &Arc<Kept>) -> io::Result<Bytes> {
    // What a damaged footer asks for may be more than there is, or than memory.
    if range.end > file.metadata()?.len() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let length = usize::try_from(range.end.saturating_sub(range.start)).map_err(io::Error::other)?;
    file.seek(SeekFrom::Start(range.start))?;
    if length < LARGE {
        let mut buffer = vec![0; length];
        file.read_exact(&mut buffer)?;
        return Ok(buffer.into());
    }
    let mut lent = Lent { buffer: kept.take(length), length, back: Arc::clone(kept) };
    file.read_exact(lent.buffer.get_mut(..length).unwrap_or_default())?;
    Ok(Bytes::from_owner(lent))
}

fn failed(path: &Path, cause: io::Error) -> Error {
    let (path, not_found) = (path.to_string(), cause.kind() == io::ErrorKind::NotFound);
    let source = Box::new(cause);
    if not_found { Error::NotFound { path, source } } else { Error::Generic { store: "archive", source } }
}

fn never<T>(operation: &str) -> Result<T> {
    Err(Error::NotImplemented { operation: operation.to_owned(), implementer: "archive".to_owned() })
}

impl fmt::Display for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.local.fmt(f)
    }
}

#[async_trait]
impl ObjectStore for Files {
    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.local.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let path = self.local.path_to_filesystem(location)?;
        let (ranges, kept) = (ranges.to_vec(), Arc::clone(&self.kept));
        let reading = tokio::task::spawn_blocking(move || {
            let mut file = File::open(path)?;
            ranges.into_iter().map(|range| read(&mut file, range, &kept)).collect::<io::Result<_>>()
        });
        let read = reading.await.map_err(|source| Error::JoinError { source })?;
        read.map_err(|cause| failed(location, cause))
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.local.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.local.list_with_delimiter(prefix).await
    }

    async fn put_opts(&self, _: &Path, _: PutPayload, _: PutOptions) -> Result<PutResult> {
        never("put")
    }

    async fn put_multipart_opts(&self, _: &Path, _: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        never("put in parts")
    }

    fn delete_stream(&self, _: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        stream::once(async { never("delete") }).boxed()
    }

    async fn copy_opts(&self, _: &Path, _: &Path, _: CopyOptions) -> Result<()> {
        never("copy")
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn now<T>(coming: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(coming)
    }

    #[test]
    fn lent_buffers_are_not_filled_before_they_are_back() {
        let place = tempfile::tempdir().expect("a folder");
        let large = LARGE as u64;
        let bytes: Vec<u8> = (0..large * 3).map(|at| (at % 251) as u8).collect();
        fs::write(place.path().join("a"), &bytes).expect("a file");
        let (files, path) = (Files::below(place.path()).expect("the folder"), Path::from("a"));
        let some = |range: &Range<u64>| &bytes[range.start as usize..range.end as usize];
        let (first, second, small) = (0..large + 7, large..large * 2 + 9, 3..large / 2);
        let both = now(files.get_ranges(&path, &[first.clone(), second.clone()])).expect("bytes");
        let more = now(files.get_ranges(&path, &[small.clone(), first.clone()])).expect("bytes");
        assert!(both[0] == some(&first) && both[1] == some(&second) && more[0] == some(&small));
        let addresses = [both[0].as_ptr(), both[1].as_ptr()];
        drop(both);
        // Shorter than what is kept, so one of the two is filled again.
        let third = large * 2 - 5..large * 3;
        let again = now(files.get_ranges(&path, std::slice::from_ref(&third))).expect("bytes");
        assert!(again[0] == some(&third) && addresses.contains(&again[0].as_ptr()));
        assert_eq!(more[1], some(&first));
    }

    #[test]
    fn no_more_is_kept_than_the_most() {
        let kept = Kept::default();
        for _ in 0..40 {
            kept.put(vec![0; LARGE]);
        }
        let bytes = || kept.0.lock().expect("nobody has it").iter().map(Vec::len).sum::<usize>();
        assert_eq!(bytes(), MOST);
        // What is too short makes room.
        assert_eq!(kept.take(LARGE + 1).len(), LARGE + 1);
        assert_eq!(bytes(), MOST - LARGE);
    }

    #[test]
    fn files_that_are_gone_or_short_say_so_and_none_is_written() {
        let place = tempfile::tempdir().expect("a folder");
        fs::write(place.path().join("a"), "short").expect("a file");
        let files = Files::below(place.path()).expect("the folder");
        let gone = now(files.get_ranges(&Path::from("b"), std::slice::from_ref(&(0..1))));
        assert!(matches!(gone, Err(Error::NotFound { .. })), "{gone:?}");
        for end in [9, LARGE as u64, u64::MAX] {
            let short = now(files.get_ranges(&Path::from("a"), std::slice::from_ref(&(0..end))));
            assert!(matches!(short, Err(Error::Generic { .. })), "{short:?}");
        }
        let path = Path::from("c");
        assert!(now(files.put_opts(&path, PutPayload::from("x"), PutOptions::default())).is_err());
        assert!(now(files.copy_opts(&Path::from("a"), &path, CopyOptions::default())).is_err());
        let deleted: Vec<_> = now(files.delete_stream(stream::iter([Ok(Path::from("a"))]).boxed()).collect());
        assert!(deleted.iter().all(Result::is_err) && place.path().join("a").exists());
    }
}
