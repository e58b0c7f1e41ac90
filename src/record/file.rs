//! Files: takes a path, gives its bytes, unpacked if they are gzip, without a byte order mark, and no more of them than the limit.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

/// Opens a file. Gzip is known by its first two bytes, whatever the name; several members one after the other are one text.
pub(super) fn open(path: &Path, most: u64) -> io::Result<Box<dyn BufRead>> {
    unpacked(BufReader::new(File::open(path)?), most)
}

fn unpacked(mut packed: impl BufRead + 'static, most: u64) -> io::Result<Box<dyn BufRead>> {
    let gzip = packed.fill_buf()?.starts_with(&[0x1F, 0x8B]);
    let bytes: Box<dyn Read> = if gzip { Box::new(MultiGzDecoder::new(packed)) } else { Box::new(packed) };
    let mut start = [0; 3];
    let mut bytes = Limited { bytes, left: most, most };
    let mut got = 0;
    while let Some(rest) = start.get_mut(got..).filter(|rest| !rest.is_empty()) {
        match bytes.read(rest)? {
            0 => break,
            n => got += n,
        }
    }
    let start = start.get(..got).unwrap_or_default();
    let start = start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(start);
    Ok(Box::new(BufReader::with_capacity(64 << 10, io::Cursor::new(start.to_vec()).chain(bytes))))
}

/// Fails once there is more than the limit, instead of ending there unnoticed.
struct Limited<R> {
    bytes: R,
    left: u64,
    most: u64,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let got = self.bytes.read(buffer)?;
        self.left = self
            .left
            .checked_sub(got as u64)
            .ok_or_else(|| io::Error::other(format!("it holds more than {} bytes once unpacked", self.most)))?;
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

    fn read(bytes: Vec<u8>, most: u64) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        unpacked(io::Cursor::new(bytes), most)?.read_to_end(&mut out)?;
        Ok(out)
    }

    #[test]
    fn plain_and_packed_files_give_the_same() {
        let packed = [gzip(b"{}\n"), gzip(b"{}")].concat();
        for bytes in [b"{}\n{}".to_vec(), packed, b"\xEF\xBB\xBF{}\n{}".to_vec(), gzip(b"\xEF\xBB\xBF{}\n{}")] {
            assert_eq!(read(bytes, 100).ok().as_deref(), Some(b"{}\n{}".as_slice()));
        }
        for short in [b"".as_slice(), b"x", b"\xEF\xBB"] {
            assert_eq!(read(short.to_vec(), 100).ok().as_deref(), Some(short));
        }
    }

    #[test]
    fn a_file_past_the_limit_is_an_error() {
        assert!(read(b"12345".to_vec(), 5).is_ok());
        assert!(read(b"123456".to_vec(), 5).is_err());
        assert!(read(gzip(&[b' '; 100_000]), 99_999).is_err());
    }

    #[test]
    fn a_packed_file_that_breaks_off_is_an_error() {
        let mut packed = gzip(b"{\"a\":1}\n{\"a\":2}\n");
        packed.truncate(packed.len() - 9);
        assert!(read(packed, 1_000).is_err());
    }
}
