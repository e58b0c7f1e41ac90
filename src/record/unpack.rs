//! Stored bytes unpacked: takes what a file or a pipe holds, gives its text, and says whether it is the access or the content that failed.
//!
//! Gzip and Zstandard are known by their first bytes, whatever the name; several members or frames one after the other are one text. What is
//! packed twice is unpacked twice: Firehose packs a log group's records again, which reach it packed
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html#FirehoseExample>). A byte order mark is left out.

use std::fmt;
use std::io::{self, BufRead, BufReader, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use flate2::bufread::MultiGzDecoder;
use sha2::{Digest as _, Sha256};

use super::{Limits, Reason};

/// How often one thing may be packed. More is no log, but a trap.
const MAX_LAYERS: usize = 2;

/// From how many unpacked bytes on the ratio is looked at: short texts that repeat themselves pack well.
const RATIO_FROM: u64 = 1 << 20;

/// Bytes that are unpacked at a time. What was unpacked together with the first damaged byte is lost, so they are few.
const STEP: usize = 8 << 10;

/// Zstandard's own limit of memory without a special option, as a power of two: 128 MiB.
const WINDOW_LOG: u32 = 27;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// SHA-256 of bytes.
pub type Sha = [u8; 32];

/// How bytes are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Packing {
    /// RFC 1952.
    Gzip,
    /// RFC 8878.
    Zstd,
}

impl Packing {
    fn of(start: &[u8]) -> Option<Packing> {
        match start {
            [0x1F, 0x8B, ..] => Some(Packing::Gzip),
            // A frame, or one that is skipped, as programs that pack in parallel write first.
            [0x28, 0xB5, 0x2F, 0xFD] | [0x50..=0x5F, 0x2A, 0x4D, 0x18] => Some(Packing::Zstd),
            _ => None,
        }
    }
}

impl fmt::Display for Packing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Packing::Gzip => "gzip",
            Packing::Zstd => "Zstandard",
        })
    }
}

/// Why there is no more text.
#[derive(Debug)]
pub(super) enum Failure {
    /// The file can't be read.
    Access(io::Error),
    /// It can, but what it holds is damaged, or too much.
    Content(Reason),
}

/// The text of what is stored.
pub(super) struct Unpacked {
    pub(super) text: Box<dyn BufRead + Send>,
    /// The outermost packing.
    pub(super) packing: Option<Packing>,
    /// Bytes that were left out before the text's start.
    pub(super) mark: &'static [u8],
    stored: Arc<Mutex<Stored>>,
}

/// What is read from, and what is known of it so far.
struct Stored {
    input: Box<dyn Read + Send>,
    bytes: u64,
    /// None where whoever reads the text sees the same bytes.
    hash: Option<Sha256>,
}

fn locked(stored: &Mutex<Stored>) -> MutexGuard<'_, Stored> {
    stored.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Unpacked {
    /// Begins to read. What is wrong with the content shows when the text is read.
    ///
    /// # Errors
    /// Memory that can't be had.
    pub(super) fn open(input: Box<dyn Read + Send>, limits: Limits) -> io::Result<Unpacked> {
        let stored = Arc::new(Mutex::new(Stored { input, bytes: 0, hash: Some(Sha256::new()) }));
        let mut bytes: Box<dyn Read + Send> = Box::new(Tap(Arc::clone(&stored)));
        let mut packing = None;
        for layer in 0.. {
            let peeked = Peeked::new(bytes);
            let Some(kind) = Packing::of(&peeked.start).filter(|_| layer < MAX_LAYERS) else {
                let mark = if peeked.start.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK } else { b"" };
                let capacity = if packing.is_some() { STEP } else { 64 << 10 };
                if packing.is_none() {
                    locked(&stored).hash = None;
                }
                let limited =
                    Limited { bytes: Peeked { at: mark.len(), ..peeked }, out: 0, stored: Arc::clone(&stored), limits };
                let text = Box::new(BufReader::with_capacity(capacity, limited));
                return Ok(Unpacked { text, packing, mark, stored });
            };
            packing = packing.or(Some(kind));
            let buffered = BufReader::with_capacity(STEP, peeked);
            let decoder: Box<dyn Read + Send> = match kind {
                Packing::Gzip => Box::new(MultiGzDecoder::new(buffered)),
                Packing::Zstd => {
                    let mut decoder = zstd::stream::read::Decoder::with_buffer(buffered)?;
                    decoder.window_log_max(WINDOW_LOG)?;
                    Box::new(decoder)
                }
            };
            bytes = Box::new(Limited { bytes: decoder, out: 0, stored: Arc::clone(&stored), limits });
        }
        Err(io::Error::other("it is packed too often"))
    }

    /// What an error of reading the text means.
    pub(super) fn failure(&self, error: io::Error) -> Failure {
        let inner = error.get_ref();
        if let Some(Past(reason)) = inner.and_then(|inner| inner.downcast_ref()) {
            return Failure::Content(*reason);
        }
        match self.packing {
            Some(packing) if inner.is_none_or(|inner| !inner.is::<Access>()) => {
                Failure::Content(Reason::Damaged(packing, locked(&self.stored).bytes))
            }
            _ => Failure::Access(error),
        }
    }

    /// Of what is packed, how many bytes are stored, and their digest: reads what is left, but no more of it than a file may hold.
    pub(super) fn digest(self, limits: Limits) -> io::Result<(u64, Option<Sha>)> {
        drop(self.text);
        let mut tap = Tap(Arc::clone(&self.stored)).take(limits.file);
        io::copy(&mut tap, &mut io::sink())?;
        let whole = tap.limit() > 0;
        let stored = locked(&self.stored);
        let hash = stored.hash.clone().filter(|_| whole);
        Ok((stored.bytes, hash.map(|hash| hash.finalize().into())))
    }
}

/// Reads what is stored, and counts.
struct Tap(Arc<Mutex<Stored>>);

impl Read for Tap {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let stored = &mut *locked(&self.0);
        let got = stored.input.read(buffer).map_err(|error| io::Error::new(error.kind(), Access(error)))?;
        stored.bytes += got as u64;
        if let Some(hash) = &mut stored.hash {
            hash.update(buffer.get(..got).unwrap_or_default());
        }
        Ok(got)
    }
}

/// An error of the file, in the one of a decoder that reads it.
#[derive(Debug)]
struct Access(io::Error);

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Access {}

/// A limit that was passed.
#[derive(Debug)]
struct Past(Reason);

impl fmt::Display for Past {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Past {}

/// Bytes whose first four were looked at. An error at that is given when they are read.
struct Peeked<R> {
    start: Vec<u8>,
    at: usize,
    error: Option<io::Error>,
    rest: R,
}

impl<R: Read> Peeked<R> {
    fn new(mut rest: R) -> Peeked<R> {
        let mut start = Vec::new();
        let error = rest.by_ref().take(4).read_to_end(&mut start).err();
        Peeked { start, at: 0, error, rest }
    }
}

impl<R: Read> Read for Peeked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut start = self.start.get(self.at..).unwrap_or_default();
        if !start.is_empty() {
            let got = start.read(buffer)?;
            self.at += got;
            return Ok(got);
        }
        self.error.take().map_or_else(|| self.rest.read(buffer), Err)
    }
}

/// Fails once there is more than a limit allows, instead of ending there unnoticed.
struct Limited<R> {
    bytes: R,
    out: u64,
    stored: Arc<Mutex<Stored>>,
    limits: Limits,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let got = self.bytes.read(buffer)?;
        self.out += got as u64;
        if self.out > self.limits.file {
            return Err(io::Error::other(Past(Reason::TooLarge(self.limits.file))));
        }
        let stored = locked(&self.stored).bytes;
        if self.out > RATIO_FROM && self.out / self.limits.ratio.max(1) > stored {
            return Err(io::Error::other(Past(Reason::TooPacked(self.limits.ratio))));
        }
        Ok(got)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write as _;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        assert!(encoder.write_all(bytes).is_ok());
        encoder.finish().unwrap_or_default()
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        zstd::encode_all(bytes, 3).unwrap_or_default()
    }

    /// The text, and why it ends before its end.
    fn read(bytes: &[u8], limits: Limits) -> (Vec<u8>, Option<Reason>) {
        let mut unpacked = Unpacked::open(Box::new(io::Cursor::new(bytes.to_vec())), limits).unwrap();
        let mut out = Vec::new();
        let reason = loop {
            match unpacked.text.fill_buf().map(<[u8]>::to_vec) {
                Ok(bytes) if bytes.is_empty() => break None,
                Ok(bytes) => {
                    unpacked.text.consume(bytes.len());
                    out.extend(bytes);
                }
                Err(error) => match unpacked.failure(error) {
                    Failure::Content(reason) => break Some(reason),
                    Failure::Access(error) => panic!("{error}"),
                },
            }
        };
        let (stored, digest) = unpacked.digest(limits).unwrap();
        if digest.is_some() {
            assert_eq!((stored, digest), (bytes.len() as u64, Some(Sha256::digest(bytes).into())));
        }
        (out, reason)
    }

    #[test]
    fn plain_and_packed_bytes_give_the_same() {
        let mark = b"\xEF\xBB\xBF{}\n{}";
        for bytes in [
            b"{}\n{}".to_vec(),
            [gzip(b"{}\n"), gzip(b"{}")].concat(),
            [zstd(b"{}\n"), zstd(b"{}")].concat(),
            [b"\x50\x2A\x4D\x18\x02\0\0\0xx".to_vec(), zstd(b"{}\n{}")].concat(),
            gzip(&[gzip(b"{}\n"), gzip(b"{}")].concat()),
            zstd(&gzip(b"{}\n{}")),
            mark.to_vec(),
            gzip(mark),
        ] {
            assert_eq!(read(&bytes, Limits::default()), (b"{}\n{}".to_vec(), None));
        }
        for short in [b"".as_slice(), b"x", b"\xEF\xBB", b"\x28\xB5\x2F"] {
            assert_eq!(read(short, Limits::default()), (short.to_vec(), None));
        }
        // What is packed three times stays packed once.
        assert_eq!(read(&gzip(&gzip(&gzip(b"{}"))), Limits::default()), (gzip(b"{}"), None));
    }

    #[test]
    fn limits_of_size_and_of_ratio() {
        let limits = |file| Limits { file, ..Limits::default() };
        assert_eq!(read(b"12345", limits(5)).1, None);
        assert_eq!(read(b"123456", limits(5)).1, Some(Reason::TooLarge(5)));
        assert_eq!(read(&gzip(&[b' '; 100_000]), limits(99_999)).1, Some(Reason::TooLarge(99_999)));
        // Up to 1 MiB any ratio will do.
        assert_eq!(read(&zstd(&[b' '; 1 << 20]), Limits::default()).1, None);
        for packed in [gzip(&[b' '; 4 << 20]), zstd(&[b' '; 4 << 20]), gzip(&gzip(&[b' '; 4 << 20]))] {
            assert_eq!(read(&packed, Limits::default()).1, Some(Reason::TooPacked(200)));
        }
    }

    #[test]
    fn what_breaks_off_gives_what_was_before() {
        let text: Vec<u8> = (0..4_000_u32)
            .flat_map(|n| format!("{{\"n\":{}}}\n", n.wrapping_mul(2_654_435_761)).into_bytes())
            .collect();
        for (packed, packing) in [(gzip(&text), Packing::Gzip), (zstd(&text), Packing::Zstd)] {
            for cut in [5, 11, packed.len() / 2, packed.len() - 1] {
                let (out, reason) = read(packed.get(..cut).unwrap_or_default(), Limits::default());
                assert!(text.starts_with(&out));
                assert_eq!(reason, Some(Reason::Damaged(packing, cut as u64)), "{cut}");
            }
            let half = read(packed.get(..packed.len() / 2).unwrap_or_default(), Limits::default()).0;
            assert!(half.len() + (1 << 17) > text.len() / 2, "{packing}: {}", half.len());
            let mut flipped = packed.clone();
            flipped[packed.len() / 2] ^= 0xFF;
            assert!(matches!(read(&flipped, Limits::default()).1, Some(Reason::Damaged(..)) | None));
            let rest = [packed, b"no more of it".to_vec()].concat();
            let (out, reason) = read(&rest, Limits::default());
            assert_eq!((out == text, reason.map(|reason| reason.word())), (true, Some("damaged")));
        }
    }

    #[test]
    fn an_error_of_the_file_is_none_of_its_content() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("the disk is gone"))
            }
        }
        let packed = gzip(b"{}");
        let start = io::Cursor::new(packed.get(..12).unwrap_or_default().to_vec());
        let mut unpacked = Unpacked::open(Box::new(start.chain(Broken)), Limits::default()).unwrap();
        let error = io::copy(&mut unpacked.text, &mut io::sink()).unwrap_err();
        assert!(matches!(unpacked.failure(error), Failure::Access(error) if error.to_string() == "the disk is gone"));
    }
}
