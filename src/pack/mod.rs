//! Rule packs: takes a folder (or one `.sky` file), gives its rules resolved together with the built-in schema, and every finding.

mod manifest;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path, PathBuf};

pub use manifest::{Budget, LANGUAGE, Manifest, check_id};

use crate::diag::{Code, Diagnostic, Level, has_errors};
use crate::ir::Retention;
use crate::resolve::{Resolved, Written, resolve, resolve_beside};
use crate::schema::{BUILTIN, Schema};
use crate::source::{SourceId, SourceMap, Spanned};
use crate::syntax::{self, MAX_FILE_BYTES, ast};

/// Most files of one pack.
const MAX_FILES: usize = 10_000;

/// A pack, read as far as it can be.
#[derive(Debug, Clone)]
pub struct Pack {
    /// `pack.toml`'s id; for a single file its name without the ending.
    pub id: String,
    /// Its folder; fixtures are found from here.
    pub root: PathBuf,
    /// All texts: the built-in ones, then the pack's.
    pub sources: SourceMap,
    /// The pack's own files, in order of their paths.
    pub files: Vec<PackFile>,
    /// Streams, sources, rules and tests.
    pub resolved: Resolved,
    /// How long what is kept of archives.
    pub retention: Retention,
    /// What becomes of the findings of lints, by the name of a lint or of a kind of them.
    pub levels: BTreeMap<String, Spanned<Level>>,
    /// How many alerts a day are too many.
    pub budget: Budget,
    /// Everything that was found wrong.
    pub diagnostics: Vec<Diagnostic>,
}

/// One `.sky` file of a pack.
#[derive(Debug, Clone)]
pub struct PackFile {
    /// Where it is.
    pub path: PathBuf,
    /// Its id in [`Pack::sources`].
    pub id: SourceId,
    /// What was read of it.
    pub file: ast::File,
    /// Whether all of it could be read.
    pub whole: bool,
}

/// The built-in streams, sources and operations alone.
#[must_use]
pub fn built_in() -> Schema {
    resolve(&Texts::new().built_in, &|_| Err("the built-in files name none".to_owned())).0.schema
}

/// Reads a pack. What is wrong is in [`Pack::diagnostics`]; the rest of it is there all the same.
#[must_use]
pub fn load(path: &Path) -> Pack {
    let mut texts = Texts::new();
    let read = Read::new(path, &BTreeMap::new(), &mut texts);
    let files = read.files(&texts);
    read.resolved(&texts, Written { id: &read.pack.id, files: &files, read: &|name| read.list(name) }, &[])
}

/// Reads packs that are used together: exceptions of one may be for rules of another.
#[must_use]
pub fn load_together(paths: &[PathBuf]) -> Vec<Pack> {
    load_edited(paths, &BTreeMap::new())
}

/// The same with other texts in place of what some `.sky` files hold.
#[must_use]
pub fn load_edited(paths: &[PathBuf], edited: &BTreeMap<PathBuf, String>) -> Vec<Pack> {
    let mut texts = Texts::new();
    let read: Vec<Read> = paths.iter().map(|path| Read::new(path, edited, &mut texts)).collect();
    let files: Vec<Vec<&ast::File>> = read.iter().map(|one| one.files(&texts)).collect();
    let lists: Vec<_> = read.iter().map(|one| move |name: &str| one.list(name)).collect();
    let parts = read.iter().zip(files.iter().zip(&lists));
    let written: Vec<Written<'_>> =
        parts.map(|(one, (files, read))| Written { id: &one.pack.id, files, read }).collect();
    let mut packs = Vec::new();
    for (at, (one, own)) in read.iter().zip(&written).enumerate() {
        let others = written.iter().enumerate().filter(|(other, _)| *other != at);
        let mut others: Vec<Written<'_>> = others.map(|(_, other)| *other).collect();
        // The order in which packs are named shows nowhere.
        others.sort_by_key(|other| other.id);
        packs.push(one.resolved(&texts, *own, &others));
    }
    bring_home(&mut packs);
    packs
}

/// What is wrong with an exception for another pack's rule is found there, and is a finding of the pack that has it.
fn bring_home(packs: &mut [Pack]) {
    let of_pack = |(at, pack): (usize, &Pack)| pack.files.iter().map(|file| (file.id, at)).collect::<Vec<_>>();
    let homes: BTreeMap<SourceId, usize> = packs.iter().enumerate().flat_map(of_pack).collect();
    let home = |d: &Diagnostic| homes.get(&d.labels.first()?.span.source).copied();
    let mut strays = Vec::new();
    for (at, pack) in packs.iter_mut().enumerate() {
        let all = std::mem::take(&mut pack.diagnostics).into_iter();
        let (own, others): (Vec<_>, Vec<_>) = all.partition(|diagnostic| home(diagnostic).is_none_or(|of| of == at));
        pack.diagnostics = own;
        strays.extend(others);
    }
    for stray in strays {
        let Some(pack) = home(&stray).and_then(|at| packs.get_mut(at)) else { continue };
        if !pack.diagnostics.contains(&stray) {
            pack.diagnostics.push(stray);
            pack.sort_diagnostics();
        }
    }
}

/// The texts of packs that are used together, the built-in ones first, and the trees of those.
struct Texts {
    sources: SourceMap,
    built_in: Vec<ast::File>,
}

impl Texts {
    fn new() -> Texts {
        let mut sources = SourceMap::default();
        let built_in = BUILTIN.iter().map(|(name, text)| syntax::parse(sources.add(*name, *text), text).0).collect();
        Texts { sources, built_in }
    }
}

/// A pack whose files are read.
struct Read {
    /// Without its sources, and nothing of it is resolved.
    pack: Pack,
    /// The texts that its lists and tables are read from, by the name that these give.
    lists: BTreeMap<String, Result<String, String>>,
    manifest: Option<(Manifest, String, SourceId)>,
}

impl Read {
    fn new(path: &Path, edited: &BTreeMap<PathBuf, String>, texts: &mut Texts) -> Read {
        let mut pack = Pack {
            id: path.file_stem().and_then(|s| s.to_str()).unwrap_or("pack").to_owned(),
            root: if path.is_dir() { path.to_owned() } else { path.parent().unwrap_or(Path::new(".")).to_owned() },
            sources: SourceMap::default(),
            files: Vec::new(),
            resolved: Resolved::default(),
            retention: Retention::default(),
            levels: BTreeMap::new(),
            budget: Budget::default(),
            diagnostics: Vec::new(),
        };
        let manifest = if path.is_dir() { pack.manifest(path, &mut texts.sources) } else { None };
        if let Some((manifest, ..)) = &manifest {
            pack.id.clone_from(&manifest.id);
            pack.retention = manifest.retention.clone();
            pack.levels = manifest.levels.clone();
            pack.budget = manifest.budget.clone();
        }
        let paths = if path.is_dir() { pack.sky_files(path) } else { vec![path.to_owned()] };
        if paths.is_empty() {
            let message = format!("`{}` holds no .sky file", path.display());
            let help = "write a rule into a file that ends in `.sky`, anywhere below the pack's folder";
            pack.diagnostics.push(Diagnostic::error(Code::NoRules, message).help(help));
        }
        for path in paths {
            let text = edited.get(&path).cloned().or_else(|| pack.read(&path, MAX_FILE_BYTES as u64));
            let Some(text) = text else { continue };
            let id = texts.sources.add(path.display().to_string(), text.as_str());
            let (file, mut said) = syntax::parse(id, &text);
            let whole = !has_errors(&said);
            pack.diagnostics.append(&mut said);
            pack.files.push(PackFile { path, id, file, whole });
        }
        let lists = pack.list_files();
        Read { pack, lists, manifest }
    }

    /// The built-in files and its own.
    fn files<'a>(&'a self, texts: &'a Texts) -> Vec<&'a ast::File> {
        texts.built_in.iter().chain(self.pack.files.iter().map(|file| &file.file)).collect()
    }

    /// The text of a list's or table's file.
    fn list(&self, name: &str) -> Result<String, String> {
        self.lists.get(name).cloned().unwrap_or_else(|| Err("it is not in the pack".to_owned()))
    }

    fn resolved(&self, texts: &Texts, own: Written<'_>, others: &[Written<'_>]) -> Pack {
        let (resolved, mut said) = resolve_beside(own, others);
        let mut pack = Pack { sources: texts.sources.clone(), resolved, ..self.pack.clone() };
        pack.diagnostics.append(&mut said);
        if let Some((manifest, text, id)) = &self.manifest {
            let mut said = manifest::set_places(manifest, text, *id, &mut pack.resolved.schema);
            pack.diagnostics.append(&mut said);
            // A rule that failed is unknown here, and is said where it failed.
            if !has_errors(&pack.diagnostics) {
                // Signals reach nobody, so they have no budget.
                let rules = pack.resolved.rules.iter().filter(|rule| !rule.signal).map(|rule| rule.name.as_str());
                let names: Vec<&str> =
                    rules.chain(pack.resolved.correlations.iter().map(|one| one.name.as_str())).collect();
                let mut said = manifest::unknown_budgets(&pack.budget, &names);
                pack.diagnostics.append(&mut said);
            }
        }
        pack.sort_diagnostics();
        pack
    }
}

impl Pack {
    /// Puts findings among those that it has.
    pub fn add(&mut self, mut found: Vec<Diagnostic>) {
        self.diagnostics.append(&mut found);
        self.sort_diagnostics();
    }

    /// As a reader meets them: by file and place.
    fn sort_diagnostics(&mut self) {
        self.diagnostics.sort_by_key(|d| d.labels.first().map(|label| (label.span.source, label.span.start)));
    }

    fn manifest(&mut self, folder: &Path, sources: &mut SourceMap) -> Option<(Manifest, String, SourceId)> {
        let path = folder.join("pack.toml");
        if !path.is_file() {
            let message = format!("`{}` has no pack.toml", folder.display());
            self.diagnostics.push(Diagnostic::error(Code::BadManifest, message).help(
                "a pack is a folder with a pack.toml: `id = \"my-rules\"`, `version = \"0.1.0\"`, `language = 1`",
            ));
            return None;
        }
        let text = self.read(&path, MAX_FILE_BYTES as u64)?;
        let id = sources.add(path.display().to_string(), text.as_str());
        match manifest::read(&text, id) {
            Ok(manifest) => Some((manifest, text, id)),
            Err(mut diagnostics) => {
                self.diagnostics.append(&mut diagnostics);
                None
            }
        }
    }

    /// All `.sky` files below a folder, by path; folders that begin with a dot are skipped.
    fn sky_files(&mut self, folder: &Path) -> Vec<PathBuf> {
        let (mut out, mut open) = (Vec::new(), vec![folder.to_owned()]);
        while let Some(folder) = open.pop() {
            let entries = match fs::read_dir(&folder) {
                Ok(entries) => entries,
                Err(error) => {
                    self.unreadable(&folder, &error.to_string());
                    continue;
                }
            };
            for entry in entries.flatten() {
                let path = entry.path();
                let hidden = entry.file_name().to_string_lossy().starts_with('.');
                // Links are not followed: a pack is what its folder holds.
                let Ok(kind) = entry.file_type() else { continue };
                if kind.is_dir() && !hidden {
                    open.push(path);
                } else if kind.is_file() && path.extension().is_some_and(|e| e == "sky") {
                    out.push(path);
                }
            }
            if out.len() > MAX_FILES {
                self.unreadable(&folder, &format!("more than {MAX_FILES} files"));
                break;
            }
        }
        out.sort();
        out
    }

    fn unreadable(&mut self, path: &Path, why: &str) {
        let message = format!("`{}` can't be read: {why}", path.display());
        self.diagnostics.push(
            Diagnostic::error(Code::UnreadableFile, message)
                .help("a pack is a folder with a pack.toml, or one .sky file; its files are UTF-8"),
        );
    }

    fn read(&mut self, path: &Path, limit: u64) -> Option<String> {
        match read_text(path, limit) {
            Ok(text) => Some(text),
            Err(why) => {
                self.unreadable(path, &why);
                None
            }
        }
    }

    /// The texts of the files that lists and tables are read from, by the name that these give.
    fn list_files(&self) -> BTreeMap<String, Result<String, String>> {
        let names = self.files.iter().flat_map(|file| &file.file.items).filter_map(|item| match &item.kind {
            ast::ItemKind::List(ast::List { body: ast::ListBody::File(name), .. }) => Some(name.node.clone()),
            ast::ItemKind::Table(table) => Some(table.file.node.clone()),
            _ => None,
        });
        names
            .map(|name| {
                let text = inside(&self.root, &name).and_then(|path| read_text(&path, MAX_FILE_BYTES as u64));
                (name, text)
            })
            .collect()
    }
}

/// A path that a pack names, below its root.
///
/// # Errors
/// A path that is absolute or leads out of the pack.
pub fn inside(root: &Path, name: &str) -> Result<PathBuf, String> {
    let path = Path::new(name);
    if path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir)) {
        Ok(root.join(path))
    } else {
        Err("a pack names only files below its own folder".to_owned())
    }
}

fn read_text(path: &Path, limit: u64) -> Result<String, String> {
    let size = fs::metadata(path).map_err(|e| e.to_string())?.len();
    if size > limit {
        return Err(format!("{size} bytes, at most {limit} are read"));
    }
    let bytes = fs::read(path).map_err(|e| e.to_string())?;
    String::from_utf8(bytes).map_err(|e| format!("it is not UTF-8 at byte {}", e.utf8_error().valid_up_to()))
}
