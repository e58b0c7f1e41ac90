//! Keys: takes where one is kept (a file, an environment variable, a program that speaks to a key service), gives what wraps and unwraps the
//! data keys of content files, and what makes keyed digests. No key is ever printed, logged or written into an archive.
//!
//! A content file has a random data key of its own. It stands wrapped in `keys/<name>.json`, bound to the archive and the file, and nowhere
//! else: changing the content key rewrites these small files, and removing one makes its content unreadable, wherever copies of it lie.

use std::fmt;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize as _, Zeroizing};

use super::commit::hex;
use super::errors;
use crate::diag::Diagnostic;

/// Bytes of a key.
pub(super) const KEY: usize = 32;
/// Most bytes that a key's file, or a program's answer, may have.
const MAX_ANSWER: u64 = 64 << 10;

/// A key's bytes; gone from memory when dropped.
pub(super) type Secret = Zeroizing<[u8; KEY]>;

/// Where a key is kept: `file:PATH`, `env:NAME` or `exec:PROGRAM ARGUMENTS`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyPlace {
    /// A file with 32 bytes, or their hex or base64.
    File(PathBuf),
    /// An environment variable with their hex or base64.
    Variable(String),
    /// A program and its arguments: it wraps and unwraps, so that the key itself stays in a key service.
    Program(Vec<String>),
}

impl FromStr for KeyPlace {
    type Err = String;

    fn from_str(text: &str) -> Result<KeyPlace, String> {
        let expected = || {
            "expected `file:PATH`, `env:NAME` or `exec:PROGRAM ARGUMENTS`; the key itself is never an argument"
                .to_owned()
        };
        let (kind, rest) = text.split_once(':').ok_or_else(expected)?;
        match kind {
            _ if rest.trim().is_empty() => Err(expected()),
            "file" => Ok(KeyPlace::File(PathBuf::from(rest))),
            "env" => Ok(KeyPlace::Variable(rest.to_owned())),
            "exec" => Ok(KeyPlace::Program(rest.split_whitespace().map(str::to_owned).collect())),
            _ => Err(expected()),
        }
    }
}

impl fmt::Display for KeyPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeyPlace::File(path) => write!(f, "file:{}", path.display()),
            KeyPlace::Variable(name) => write!(f, "env:{name}"),
            KeyPlace::Program(words) => write!(f, "exec:{}", words.join(" ")),
        }
    }
}

/// What wraps the data keys of content files.
#[derive(Clone)]
pub struct ContentKey {
    place: KeyPlace,
    /// Of a file or variable: the key, and what names it.
    local: Option<(Secret, String)>,
}

impl fmt::Debug for ContentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ContentKey({})", self.place)
    }
}

/// A data key as it lies beside the archive's files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Wrapped {
    /// Which content key wrapped it.
    pub(super) key_id: String,
    /// The wrapped key, base64: of a local key its nonce, then the sealed bytes.
    pub(super) wrapped: String,
}

/// What a program is asked, and answers.
#[derive(Serialize, Deserialize)]
struct Exchange<'a> {
    #[serde(default, skip_serializing_if = "str::is_empty")]
    key_id: std::borrow::Cow<'a, str>,
    /// What the wrapped key is bound to.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    context: std::borrow::Cow<'a, str>,
    /// Base64: of a plain key where it is to be wrapped or was unwrapped, of a wrapped one otherwise.
    key: std::borrow::Cow<'a, str>,
}

impl ContentKey {
    /// Reads the key of a file or variable; of a program nothing yet.
    ///
    /// # Errors
    /// A place without a key in it.
    pub fn read(place: &KeyPlace) -> Result<ContentKey, Diagnostic> {
        let local = match place {
            KeyPlace::Program(_) => None,
            place => {
                let key = secret(place)?;
                let id = hex(&keyed(&*key, "skywatch key id")[..8]);
                Some((key, id))
            }
        };
        Ok(ContentKey { place: place.clone(), local })
    }

    /// Whether it was this key that wrapped a data key; of a program nobody knows before it is asked.
    pub(super) fn wrapped(&self, wrapped: &Wrapped) -> bool {
        self.local.as_ref().is_some_and(|(_, id)| *id == wrapped.key_id)
    }

    /// Wraps a data key for one file: only there, in this archive, it can be unwrapped.
    pub(super) fn wrap(&self, key: &Secret, context: &str) -> Result<Wrapped, Diagnostic> {
        let Some((own, id)) = &self.local else {
            let answer = self.ask("wrap", "", context, &**key)?;
            let wrapped = STANDARD.encode(&*answer.1);
            return Ok(Wrapped { key_id: answer.0, wrapped });
        };
        let nonce: [u8; NONCE_LEN] = random()?;
        let mut sealed = key.to_vec();
        cipher(own)
            .and_then(|cipher| {
                let nonce = Nonce::assume_unique_for_key(nonce);
                cipher.seal_in_place_append_tag(nonce, Aad::from(context), &mut sealed)
            })
            .map_err(|_| errors::no_cipher())?;
        Ok(Wrapped { key_id: id.clone(), wrapped: STANDARD.encode([&nonce[..], &sealed].concat()) })
    }

    /// The data key of a file.
    pub(super) fn unwrap(&self, wrapped: &Wrapped, context: &str) -> Result<Secret, Diagnostic> {
        let bytes = STANDARD.decode(&wrapped.wrapped).map_err(|e| errors::bad_wrapped(context, e))?;
        let plain = match &self.local {
            None => self.ask("unwrap", &wrapped.key_id, context, &bytes)?.1,
            Some((_, id)) if *id != wrapped.key_id => {
                return Err(errors::other_key(&self.place, &wrapped.key_id));
            }
            Some((own, _)) => {
                let (nonce, sealed) =
                    bytes.split_first_chunk().ok_or_else(|| errors::bad_wrapped(context, "too short"))?;
                let mut sealed = Zeroizing::new(sealed.to_vec());
                let nonce = Nonce::assume_unique_for_key(*nonce);
                let opened = cipher(own)
                    .and_then(|c| c.open_in_place(nonce, Aad::from(context), &mut sealed).map(|plain| plain.len()));
                let length =
                    opened.map_err(|_| errors::bad_wrapped(context, "it was changed, or belongs to another file"))?;
                sealed.truncate(length);
                sealed
            }
        };
        <[u8; KEY]>::try_from(plain.as_slice())
            .map(Zeroizing::new)
            .map_err(|_| errors::bad_wrapped(context, "it is no key of 32 bytes"))
    }

    /// Asks the program: `PROGRAM ARGUMENTS wrap|unwrap`, one JSON object in, one out.
    fn ask(
        &self,
        what: &str,
        key_id: &str,
        context: &str,
        key: &[u8],
    ) -> Result<(String, Zeroizing<Vec<u8>>), Diagnostic> {
        let question = Exchange { key_id: key_id.into(), context: context.into(), key: STANDARD.encode(key).into() };
        let mut question = serde_json::to_vec(&question).map_err(|e| errors::no_answer(&self.place, e))?;
        let KeyPlace::Program(words) = &self.place else {
            return Err(errors::no_answer(&self.place, "it is no program"));
        };
        let answer = run(words, what, &question);
        question.zeroize();
        let answer = answer.map_err(|e| errors::no_answer(&self.place, e))?;
        let answer: Exchange<'_> = serde_json::from_slice(&answer)
            .map_err(|_| errors::no_answer(&self.place, "it did not answer with `{\"key_id\": …, \"key\": …}`"))?;
        let key = STANDARD
            .decode(answer.key.as_bytes())
            .map_err(|_| errors::no_answer(&self.place, "its `key` is no base64"))?;
        Ok((answer.key_id.into_owned(), Zeroizing::new(key)))
    }
}

/// What makes digests that can be compared but not guessed.
#[derive(Clone)]
pub struct DigestKey {
    prompt: hmac::Key,
    token: Secret,
    epoch: String,
}

impl fmt::Debug for DigestKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DigestKey({})", self.epoch)
    }
}

impl DigestKey {
    /// Reads the key; each purpose has one of its own, derived from it.
    ///
    /// # Errors
    /// A place without a key in it.
    pub fn read(place: &KeyPlace) -> Result<DigestKey, Diagnostic> {
        let key = secret(place)?;
        let prompt = hmac::Key::new(hmac::HMAC_SHA256, &keyed(&*key, "skywatch prompt digest 1"));
        let token = Zeroizing::new(keyed(&*key, "skywatch redaction token 1"));
        Ok(DigestKey { prompt, token, epoch: hex(&keyed(&*key, "skywatch key id")[..4]) })
    }

    /// The digest of a prompt's exact bytes: the key's epoch, and half of the HMAC.
    #[must_use]
    pub fn prompt(&self, text: &str) -> String {
        let tag = hmac::sign(&self.prompt, text.as_bytes());
        format!("{}:{}", self.epoch, hex(&tag.as_ref()[..16]))
    }

    /// The key of the redactor's tokens.
    #[must_use]
    pub fn token(&self) -> [u8; 32] {
        *self.token
    }
}

/// Random bytes of the operating system.
pub(super) fn random<const N: usize>() -> Result<[u8; N], Diagnostic> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| errors::no_random())?;
    Ok(bytes)
}

fn cipher(key: &Secret) -> Result<LessSafeKey, ring::error::Unspecified> {
    UnboundKey::new(&AES_256_GCM, &**key).map(LessSafeKey::new)
}

/// A key of one purpose, out of another.
fn keyed(key: &[u8], purpose: &str) -> [u8; KEY] {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), purpose.as_bytes());
    let mut out = [0; KEY];
    out.copy_from_slice(tag.as_ref());
    out
}

/// The key that a place holds.
fn secret(place: &KeyPlace) -> Result<Secret, Diagnostic> {
    let bytes = match place {
        KeyPlace::File(path) => read_file(path).map_err(|e| errors::no_key(place, e))?,
        KeyPlace::Variable(name) => {
            let text = std::env::var_os(name).ok_or_else(|| errors::no_key(place, "there is no such variable"))?;
            Zeroizing::new(text.into_encoded_bytes())
        }
        KeyPlace::Program(words) => {
            let answer = run(words, "get", b"").map_err(|e| errors::no_answer(place, e))?;
            let answer: Exchange<'_> = serde_json::from_slice(&answer)
                .map_err(|_| errors::no_answer(place, "it did not answer with `{\"key\": …}`"))?;
            Zeroizing::new(answer.key.as_bytes().to_vec())
        }
    };
    decoded(&bytes).ok_or_else(|| errors::no_key(place, "it holds no 32 bytes, nor their hex or base64"))
}

fn read_file(path: &Path) -> std::io::Result<Zeroizing<Vec<u8>>> {
    let file = std::fs::File::open(path)?;
    #[cfg(unix)]
    if std::os::unix::fs::MetadataExt::mode(&file.metadata()?) & 0o077 != 0 {
        return Err(std::io::Error::other("others may read it: `chmod 600` it"));
    }
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(MAX_ANSWER).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// 32 bytes, or their hex or base64 with white space around.
fn decoded(bytes: &[u8]) -> Option<Secret> {
    if let Ok(key) = <[u8; KEY]>::try_from(bytes) {
        return Some(Zeroizing::new(key));
    }
    let text = std::str::from_utf8(bytes).ok()?.trim();
    let decoded = match text.len() {
        64 => {
            (0..KEY).map(|at| text.get(2 * at..2 * at + 2).and_then(|two| u8::from_str_radix(two, 16).ok())).collect()
        }
        _ => STANDARD.decode(text).ok(),
    };
    let decoded = Zeroizing::new(decoded?);
    <[u8; KEY]>::try_from(decoded.as_slice()).map(Zeroizing::new).ok()
}

/// Runs a program with one more argument; its input and output are a key's, and never reach a log.
fn run(words: &[String], what: &str, input: &[u8]) -> std::io::Result<Zeroizing<Vec<u8>>> {
    let (program, arguments) = words.split_first().ok_or_else(|| std::io::Error::other("it names no program"))?;
    let mut child =
        Command::new(program).args(arguments).arg(what).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that reads nothing may be gone already.
        _ = stdin.write_all(input);
    }
    let mut answer = Zeroizing::new(Vec::new());
    if let Some(stdout) = child.stdout.take() {
        stdout.take(MAX_ANSWER).read_to_end(&mut answer)?;
    }
    let status = child.wait()?;
    if status.success() { Ok(answer) } else { Err(std::io::Error::other(format!("it ended with {status}"))) }
}
