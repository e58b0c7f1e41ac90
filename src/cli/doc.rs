//! `skywatch doc`: a pack as a site of plain HTML pages.

use std::path::{Path, PathBuf};

use super::{GOOD, UNUSABLE, complain, packs, say};
use crate::site::{Page, site};

/// Write a pack as plain HTML pages: each rule with what it means, its queries on every target, its tests; what is seen where.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  skywatch doc rulepacks/ai-security --out site
  skywatch doc my-pack --out public          as a job of a code host's pages")]
pub(super) struct Arguments {
    /// A folder with a pack.toml, or a .sky file.
    pack: PathBuf,
    /// The folder that the pages are written into; pages of rules that are gone stay in it.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> u8 {
    let Some(packs) = packs(std::slice::from_ref(&arguments.pack)) else { return UNUSABLE };
    let pages: Vec<Page> = packs.iter().flat_map(site).collect();
    for page in &pages {
        let path = arguments.out.join(&page.path);
        if let Err(error) = write(&path, &page.text) {
            complain(&format!("{}: can't be written: {error}\n", path.display()));
            return UNUSABLE;
        }
    }
    say(&format!("{} pages: {}\n", pages.len(), arguments.out.join("index.html").display()));
    GOOD
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    path.parent().map(std::fs::create_dir_all).transpose()?;
    std::fs::write(path, text)
}
