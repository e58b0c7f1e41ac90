//! Archives: what is written is read back, names come from content, tiers are kept apart, and one process writes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock};

use skywatch::archive::{Archive, Arrived, Claim, ContentKey, DigestKey, Keep, KeyPlace, append, verify};
use skywatch::diag::Code;
use skywatch::engine::{Engine, Limits};
use skywatch::eval::{Event, Value};
use skywatch::ir::{Expr, ExprKind, REDACTED, Source, Tier, Type};
use skywatch::resolve::Resolved;
use skywatch::schema::{BUILTIN, Schema};
use skywatch::source::Span;

use crate::DAY;
use crate::support::choices::Choices;
use crate::support::every_type::{START, STREAM, events};
use crate::support::{resolved_on, seeded};

pub(crate) const SOURCES: [&str; 2] = ["aws.a", "gcp.b"];

/// The made-up stream with two sources that carry every field, and the rules of a text.
pub(crate) fn sampled(rules: &str) -> Resolved {
    // Clouds are known by the built-in sources; reading those takes time, so only rules that name clouds get them.
    let built_in = if rules.contains("operations") { BUILTIN } else { &BUILTIN[..1] };
    let mut resolved = resolved_on(built_in, &[STREAM, rules]);
    let stream = resolved.schema.stream("sample").expect("the stream");
    let fields = &resolved.schema.streams[stream].fields;
    let given = |ty| Some(Expr::new(ExprKind::Case(Vec::new(), None), ty, Span::default()));
    let source = |name: &str| Source {
        name: name.to_owned(),
        doc: String::new(),
        stream,
        files: None,
        places: Vec::new(),
        delay: 0,
        assemble: None,
        widened: Vec::new(),
        provided: Vec::new(),
        unique: given(Type::Text),
        with: Vec::new(),
        filter: Vec::new(),
        fields: fields.iter().map(|field| given(field.ty.clone())).collect(),
        joins: Vec::new(),
        absent: vec![None; fields.len()],
        enable: Vec::new(),
        traps: Vec::new(),
        span: Span::default(),
    };
    resolved.schema.sources = SOURCES.map(source).to_vec();
    resolved
}

/// Random events of both sources.
pub(crate) fn sample(resolved: &Resolved, seed: u32, most: usize) -> Vec<Event> {
    let stream = &resolved.schema.streams[resolved.schema.stream("sample").expect("the stream")];
    let mut choices = Choices::new(seeded(seed, 60_000));
    let mut events = events(&mut choices, stream, most);
    // No log gives the counts of redaction.
    let counts = stream.field(REDACTED).expect("every stream has them").index();
    for event in &mut events {
        event.source = (*choices.one(&SOURCES)).into();
        event.fields[counts] = Value::Missing;
    }
    events
}

/// A key in a file of its owner's.
fn place(name: &str) -> KeyPlace {
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    // One test at a time: a key that another is still writing is no key.
    static WRITING: Mutex<()> = Mutex::new(());
    let path = FOLDER.get_or_init(|| tempfile::tempdir().expect("a folder")).path().join(name);
    let _writing = WRITING.lock();
    let key = format!("{:0>64}", name.bytes().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}")));
    if !path.exists() {
        fs::write(&path, key).expect("a key");
        #[cfg(unix)]
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("its owner's");
    }
    KeyPlace::File(path)
}

pub(crate) fn key() -> Option<ContentKey> {
    Some(ContentKey::read(&place("content")).expect("a key"))
}

pub(crate) fn keep() -> Keep {
    Keep { content: key(), digest: Some(DigestKey::read(&place("digest")).expect("a key")), networks: None }
}

pub(crate) fn write(root: &Path, schema: &Schema, events: &[Event]) {
    write_as(root, schema, events, &keep());
}

pub(crate) fn write_as(root: &Path, schema: &Schema, events: &[Event], keep: &Keep) {
    let stream = &schema.streams[schema.stream("sample").expect("the stream")];
    let mut claim = Claim::take(root).expect("an archive");
    let events = events.iter().map(|event| Arrived { event: event.clone(), at: START + DAY }).collect();
    append(&mut claim, &schema.sources.iter().collect::<Vec<_>>(), stream, keep, events)
        .expect("the files get their names");
}

pub(crate) fn opened(root: &Path, schema: &Schema) -> Archive {
    Archive::open(root, schema, key()).expect("an archive")
}

pub(crate) fn engine<'s>(root: &Path, schema: &'s Schema, limits: Limits) -> Engine<'s> {
    Engine::open(opened(root, schema), schema, limits).expect("an engine")
}

/// The Parquet files of a tier.
pub(crate) fn of_tier(root: &Path, tier: &str) -> Vec<PathBuf> {
    let part = format!("/{tier}/");
    files(root).into_iter().filter(|path| path.display().to_string().contains(&part)).collect()
}

fn files(root: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(root).into_iter().flatten().flatten() {
        if entry.path().is_dir() { found.extend(files(&entry.path())) } else { _ = found.insert(entry.path()) }
    }
    found
}

#[test]
fn what_is_written_is_read_back_in_order() {
    let resolved = sampled("");
    let (schema, index) = (&resolved.schema, resolved.schema.stream("sample").expect("the stream"));
    let folder = tempfile::tempdir().expect("a folder");
    let mut written = sample(&resolved, 1, 300);
    write(folder.path(), schema, &written);
    let archive = opened(folder.path(), schema);
    let read = archive.events(index, &schema.streams[index]).expect("events");
    let time = schema.streams[index].time().index();
    let day = |event: &Event| event.fields[time].as_time().expect("a time").div_euclid(DAY);
    assert!(read.is_sorted_by_key(|event| (day(event), event.source.clone(), event.fields[time].as_time())));
    written.sort();
    let mut sorted = read.clone();
    sorted.sort();
    assert!(sorted == written, "what was read is not what was written");
    // Coverage is in whole days, by source.
    for source in archive.sources() {
        let of = |event: &&Event| *event.source == *source.source;
        let times = || written.iter().filter(of).filter_map(|event| event.fields[time].as_time());
        assert_eq!(source.rows as usize, times().count());
        let (first, last) = (times().min().expect("events"), times().max().expect("events"));
        assert!(source.days.0 % DAY == 0 && source.days.0 <= first && first < source.days.0 + DAY, "{source:?}");
        assert!(source.days.1 % DAY == 0 && last < source.days.1 && source.days.1 - DAY <= last, "{source:?}");
    }
}

#[test]
fn equal_input_gives_equal_files_in_any_order() {
    let resolved = sampled("");
    let (one, other) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let mut events = sample(&resolved, 2, 200);
    write(one.path(), &resolved.schema, &events);
    events.reverse();
    write(other.path(), &resolved.schema, &events);
    let contents = |root: &Path| -> BTreeMap<PathBuf, Vec<u8>> {
        let inside =
            |path: PathBuf| (path.strip_prefix(root).expect("inside").to_owned(), fs::read(&path).expect("a file"));
        of_tier(root, "metadata").into_iter().map(inside).collect()
    };
    assert!(contents(one.path()) == contents(other.path()), "{:?} {:?}", files(one.path()), files(other.path()));
    // Of each file of metadata one of content, which has its data key.
    let count = |what: &str| of_tier(one.path(), what).len();
    assert!(count("metadata") > 2 && count("metadata") == count("content") && count("content") == count("keys"));
}

#[test]
fn text_of_users_is_in_the_content_tier_only_and_encrypted() {
    let resolved = sampled("");
    let folder = tempfile::tempdir().expect("a folder");
    let mut events = sample(&resolved, 3, 20);
    let index = resolved.schema.stream("sample").expect("the stream");
    let stream = &resolved.schema.streams[index];
    let content = stream.field("t3").expect("the content field").index();
    events.iter_mut().for_each(|event| event.fields[content] = Value::text("a secret prompt"));
    write(folder.path(), &resolved.schema, &events);
    let holds = |path: &PathBuf| {
        let bytes = fs::read(path).expect("a file");
        bytes.windows(15).any(|window| window == b"a secret prompt")
    };
    assert!(!files(folder.path()).iter().any(holds));
    let texts = |archive: &Archive| -> Vec<Value> {
        let events = archive.events(index, stream).expect("events");
        events.into_iter().map(|event| event.fields[content].clone()).collect()
    };
    assert!(
        texts(&opened(folder.path(), &resolved.schema)).iter().all(|text| text.as_text() == Some("a secret prompt"))
    );
    let without = Archive::open(folder.path(), &resolved.schema, None).expect("an archive");
    assert!(texts(&without).iter().all(|text| *text == Value::Missing));
    let other = ContentKey::read(&place("other")).expect("a key");
    let other = Archive::open(folder.path(), &resolved.schema, Some(other)).expect("an archive");
    assert_eq!(other.events(index, stream).expect_err("another key").code, Code::ArchiveKey);
}

/// A field may come to be text of users, as a schema changes: files of before that have it in clear are a flaw.
#[test]
fn text_of_users_in_the_metadata_tier_is_a_flaw() {
    let resolved = sampled("");
    let mut before = resolved.schema.clone();
    let index = before.stream("sample").expect("the stream");
    let field = before.streams[index].fields.iter_mut().find(|field| field.name == "t3").expect("the field");
    assert_eq!(field.tier, Tier::Content);
    field.tier = Tier::Metadata;
    let root = tempfile::tempdir().expect("a folder");
    write(root.path(), &before, &sample(&resolved, 8, 20));
    assert_eq!(verify(root.path(), &before, None).expect("a manifest").flaws, []);
    let flaws = verify(root.path(), &resolved.schema, None).expect("a manifest").flaws;
    assert_eq!(flaws.len(), of_tier(root.path(), "metadata").len(), "{flaws:?}");
    assert!(flaws.iter().all(|flaw| flaw.what == "the metadata tier has text of users: `t3`"), "{flaws:?}");
}

#[test]
fn what_is_wrong_with_an_archive_is_named() {
    let resolved = sampled("");
    let schema = &resolved.schema;
    let message = |root: &Path| {
        let error = Archive::open(root, schema, key()).expect_err("an error");
        assert_eq!(error.code, Code::BadArchive);
        assert!(error.help.is_some());
        error.message
    };
    let folder = tempfile::tempdir().expect("a folder");
    assert!(message(&folder.path().join("none")).starts_with("no archive at"));
    assert!(message(folder.path()).starts_with("no archive at"));
    write(folder.path(), schema, &sample(&resolved, 8, 50));
    let metadata = of_tier(folder.path(), "metadata").remove(0);
    // What no manifest names is not there: of a run that was cut off, or of anyone.
    fs::write(metadata.with_file_name(".1-0.tmp"), b"half").expect("a file");
    fs::copy(&metadata, metadata.with_file_name("part-0.parquet")).expect("a copy");
    assert!(Archive::open(folder.path(), schema, key()).is_ok());

    let bytes = fs::read(&metadata).expect("a file");
    for cut in [0, 20, bytes.len() - 3] {
        fs::write(&metadata, &bytes[..cut]).expect("a file");
        assert!(message(folder.path()).contains("is damaged: it has"), "{cut}: {}", message(folder.path()));
    }
    fs::write(&metadata, &bytes).expect("a file");
    let content = of_tier(folder.path(), "content").remove(0);
    fs::rename(&content, content.with_extension("away")).expect("it goes");
    assert!(message(folder.path()).ends_with("is missing"), "{}", message(folder.path()));
    fs::rename(content.with_extension("away"), &content).expect("it comes back");

    // The manifest is a chain.
    write(folder.path(), schema, &sample(&resolved, 9, 5));
    let entry = of_tier(folder.path(), "manifest").remove(0);
    let text = fs::read_to_string(&entry).expect("an entry");
    fs::write(&entry, text.replace("\"rows\":", "\"rows\": ")).expect("an entry");
    assert!(message(folder.path()).contains("does not follow"), "{}", message(folder.path()));
    fs::write(&entry, &text[..text.len() / 2]).expect("an entry");
    assert!(message(folder.path()).contains("is damaged"), "{}", message(folder.path()));
    fs::write(&entry, text.replacen(":2,", ":3,", 1)).expect("an entry");
    assert!(message(folder.path()).contains("newer version"), "{}", message(folder.path()));
    fs::write(&entry, text.replacen("sample/metadata", "../metadata", 1)).expect("an entry");
    assert!(message(folder.path()).contains("can't be of this archive"), "{}", message(folder.path()));
    fs::write(&entry, &text).expect("an entry");

    let mut changed = schema.clone();
    let stream = changed.stream("sample").expect("the stream");
    let n1 = changed.streams[stream].field("n1").expect("a field").index();
    changed.streams[stream].fields[n1].ty = Type::Text;
    let error = Archive::open(folder.path(), &changed, key()).expect_err("an error");
    assert!(error.message.contains("has `n1` as int, but the stream declares it as text"), "{}", error.message);
}

#[test]
fn one_process_writes_and_readers_go_on() {
    let resolved = sampled("");
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), &resolved.schema, &sample(&resolved, 8, 50));
    let claim = Claim::take(folder.path()).expect("the claim");
    let second = Claim::take(folder.path()).expect_err("it is taken");
    assert!(second.message.contains("another process is writing"), "{}", second.message);
    assert!(Archive::open(folder.path(), &resolved.schema, None).is_ok());
    drop(claim);
    assert!(Claim::take(folder.path()).is_ok());
}
