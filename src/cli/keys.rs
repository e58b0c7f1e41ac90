//! Keys and databases on the command line: takes where they are kept, gives them. A key itself is never an argument, which other users of a
//! machine see.

use std::path::PathBuf;
use std::sync::Arc;

use crate::archive::{ContentKey, DigestKey, Keep, KeyPlace};
use crate::diag::{Code, Diagnostic};
use crate::networks::Networks;

/// Where the keys of an archive are.
#[derive(Debug, clap::Args)]
pub(super) struct Keys {
    /// The key of prompts and responses: `file:PATH`, `env:NAME` or `exec:PROGRAM`.
    #[arg(long, value_name = "PLACE")]
    content_key: Option<KeyPlace>,
    /// The key of `prompt_digest` and of tokens in redacted text, likewise.
    #[arg(long, value_name = "PLACE")]
    digest_key: Option<KeyPlace>,
}

/// The databases of networks.
#[derive(Debug, clap::Args)]
pub(super) struct Databases {
    /// A database of networks, from which `source.country`, `source.asn` and `source.place` are filled: MaxMind's `.mmdb`, or CSV. May
    /// stand several times; the first file that knows a field of an address counts.
    #[arg(long, value_name = "FILE")]
    networks: Vec<PathBuf>,
}

impl Databases {
    fn read(&self) -> Result<Option<Arc<Networks>>, Diagnostic> {
        let networks = Some(&self.networks).filter(|files| !files.is_empty()).map(|files| Networks::read(files));
        Ok(networks.transpose()?.map(Arc::new))
    }
}

impl Keys {
    /// The content key, where one is given.
    pub(super) fn content(&self) -> Result<Option<ContentKey>, Diagnostic> {
        self.content_key.as_ref().map(ContentKey::read).transpose()
    }

    /// What is to be kept of logs, and added to them.
    pub(super) fn keep(&self, content: bool, databases: &Databases) -> Result<Keep, Diagnostic> {
        let key = self.content()?.filter(|_| content);
        if content && key.is_none() {
            let message = "`--content` needs a key to encrypt prompts and responses with".to_owned();
            let help = "`--content-key file:PATH`, `env:NAME` or `exec:PROGRAM`; `openssl rand -hex 32` makes one";
            return Err(Diagnostic::error(Code::ArchiveKey, message).help(help));
        }
        let digest = self.digest_key.as_ref().map(DigestKey::read).transpose()?;
        Ok(Keep { content: key, digest, networks: databases.read()? })
    }
}
