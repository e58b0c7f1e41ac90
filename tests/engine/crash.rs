//! Archives that are written on machines that fail: killed at any moment, or with a full disk. Whatever happens, what was committed can be read,
//! and running the same commands again gives what an uninterrupted run gives.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use skywatch::archive::{
    Archive, Claim, ContentKey, Disk, Keep, KeyPlace, LocalDisk, Manifest, Options, Output, compact, gc, ingest,
    retain, verify,
};
use skywatch::diag::Diagnostic;
use skywatch::eval::Event;
use skywatch::eval::clock::parse_time;
use skywatch::ir::Retention;
use skywatch::pack::built_in;
use skywatch::record::{Limits, inputs};
use skywatch::schema::Schema;

use crate::support::choices::Choices;
use crate::support::{cases, seeded};

const SOURCE: &str = "aws.bedrock";
/// Days of the logs: content of the first is over its time when they are retained.
const DAYS: [&str; 3] = ["2026-11-01", "2026-11-02", "2026-11-30"];
const RETAINED: &str = "2026-12-02";

/// Logs of some files, with duplicates among them, records of other kinds, and lines that can't be read.
fn logs(folder: &Path, files: usize, records: usize) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    for file in 0..files {
        let mut text = String::new();
        for record in 0..records {
            // Every seventh was in the file before, too.
            let number =
                if record % 7 == 0 && file > 0 { (file - 1) * records + record + 1 } else { file * records + record };
            let day = DAYS[number % DAYS.len()];
            let (minute, second) = (number / 60 % 60, number % 60);
            text.push_str(&format!(
                r#"{{"schemaType":"ModelInvocationLog","schemaVersion":"1.0","timestamp":"{day}T10:{minute:02}:{second:02}Z","accountId":"111122223333","region":"eu-west-1","requestId":"request-{number}","operation":"InvokeModel","modelId":"anthropic.claude-3-haiku-20240307-v1:0","identity":{{"arn":"arn:aws:iam::111122223333:user/u{}"}},"input":{{"inputContentType":"application/json","inputBodyJson":{{"anthropic_version":"bedrock-2023-05-31","messages":[{{"role":"user","content":"question {number}"}}]}},"inputTokenCount":{number}}},"output":{{"outputContentType":"application/json","outputTokenCount":5}}}}"#,
                number % 9
            ));
            text.push('\n');
        }
        text.push_str("{\"schemaType\":\"SomethingElse\",\"timestamp\":\"2026-11-01T00:00:00Z\"}\nno JSON at all\n");
        let path = folder.join(format!("{file:03}.json"));
        fs::write(&path, text).expect("a log");
        paths.push(path);
    }
    paths
}

/// A content key, and where it is.
fn key(folder: &Path) -> (String, ContentKey) {
    let path = folder.join("content.key");
    fs::write(&path, "5a".repeat(32)).expect("a key");
    #[cfg(unix)]
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("its owner's");
    let place = KeyPlace::File(path);
    (place.to_string(), ContentKey::read(&place).expect("a key"))
}

/// All events, with their text, in an order of their own.
fn events(root: &Path, schema: &Schema, key: &ContentKey) -> Vec<Event> {
    let archive = Archive::open(root, schema, Some(key.clone())).expect("an archive");
    let index = schema.stream("invocation").expect("the stream");
    let mut events = archive.events(index, &schema.streams[index]).expect("every file can be read");
    events.sort();
    events
}

/// Events that differ, for a message that can be read.
fn assert_same(found: &[Event], expected: &[Event], what: &str) {
    let mut counts: BTreeMap<&Event, (i64, i64)> = BTreeMap::new();
    found.iter().for_each(|event| counts.entry(event).or_default().0 += 1);
    expected.iter().for_each(|event| counts.entry(event).or_default().1 += 1);
    let wrong: Vec<_> = counts.iter().filter(|(_, (found, expected))| found != expected).take(3).collect();
    assert!(wrong.is_empty(), "{what}: {} events, expected {}: {wrong:#?}", found.len(), expected.len());
}

/// The commands of a working day on an archive.
fn commands(archive: &Path, logs: &[PathBuf], key: &str) -> Vec<Vec<String>> {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let root = archive.display().to_string();
    let mut commands = Vec::new();
    for part in logs.chunks(logs.len().div_ceil(4)) {
        let mut ingest = words(&["ingest", "--source", SOURCE, "--archive", &root, "--content", "--content-key", key]);
        ingest.extend(part.iter().map(|path| path.display().to_string()));
        commands.push(ingest);
        commands.push(words(&["archive", "compact", "--archive", &root, "--content-key", key]));
    }
    commands.push(words(&["retain", "--archive", &root, "--at", RETAINED]));
    commands.push(words(&["archive", "compact", "--archive", &root, "--content-key", key]));
    commands
}

fn command(words: &[String]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_skywatch"));
    command.args(words).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

/// Runs it to its end.
fn finish(words: &[String]) {
    let output = command(words).output().expect("the program runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}\n{words:?}", said.replace('\n', " "));
}

/// `SKYWATCH_CASES=200` is the long check.
#[test]
fn killed_at_any_moment() {
    let (schema, place) = (built_in(), tempfile::tempdir().expect("a folder"));
    let logs = logs(&place.path().join("."), 8, 120);
    let (key_place, key) = key(place.path());
    let calm = place.path().join("calm");
    let mut times = Vec::new();
    for words in commands(&calm, &logs, &key_place) {
        let start = Instant::now();
        finish(&words);
        times.push(start.elapsed());
    }
    let expected = events(&calm, &schema, &key);
    assert!(expected.len() > 500, "{} events", expected.len());

    let mut choices = Choices::new(seeded(17, 10_000));
    let (mut kills, mut round) = (0, 0);
    while kills < cases(30) {
        round += 1;
        let root = place.path().join(format!("killed-{round}"));
        for (words, time) in commands(&root, &logs, &key_place).iter().zip(&times) {
            // Up to three times in one command, then it is let through.
            for _ in 0..choices.below(4) {
                let mut child = command(words).spawn().expect("the program runs");
                let share = f64::from(u32::try_from(choices.below(1_000)).expect("small")) / 1_000.0;
                std::thread::sleep(Duration::from_secs_f64(time.as_secs_f64() * share));
                let ended = child.try_wait().expect("a child").is_some();
                child.kill().expect("a child");
                child.wait().expect("a child");
                kills += u32::from(!ended);
                // Whatever was committed can be read at once.
                if root.join("manifest").is_dir()
                    && fs::read_dir(root.join("manifest"))
                        .expect("a folder")
                        .flatten()
                        .any(|e| e.path().extension().is_some_and(|e| e == "json"))
                {
                    events(&root, &schema, &key);
                }
            }
            finish(words);
        }
        assert_same(&events(&root, &schema, &key), &expected, &format!("round {round}"));
        let claim = Claim::take(&root).expect("nobody holds it");
        gc(&claim, false).expect("orphans go");
        drop(claim);
        let verified = verify(&root, &schema, Some(&key)).expect("an archive");
        assert!(verified.flaws.is_empty(), "{:?}", verified.flaws);
        assert_same(&events(&root, &schema, &key), &expected, &format!("round {round}, cleaned"));
        let _ = fs::remove_dir_all(&root);
    }
    println!("killed {kills} times in {round} rounds of {} commands; {} events each", times.len(), expected.len());
}

/// A disk with room for so many bytes, whichever files they go to.
#[derive(Debug)]
struct Small(Arc<AtomicU64>);

struct SmallFile {
    file: Box<dyn Output>,
    left: Arc<AtomicU64>,
}

impl Disk for Small {
    fn create(&self, path: &Path) -> io::Result<Box<dyn Output>> {
        Ok(Box::new(SmallFile { file: LocalDisk.create(path)?, left: Arc::clone(&self.0) }))
    }
}

impl Write for SmallFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Several files may be written at a time: room is taken before it is used.
        let wanted = bytes.len() as u64;
        let taken =
            self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| Some(left.saturating_sub(wanted)));
        let room = taken.unwrap_or_else(|left| left).min(wanted);
        if room == 0 && !bytes.is_empty() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.file.write_all(&bytes[..usize::try_from(room).expect("a part of the bytes")])?;
        Ok(usize::try_from(room).expect("a part of the bytes"))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Output for SmallFile {
    fn sync(&mut self) -> io::Result<()> {
        self.file.sync()
    }
}

/// What is done on an archive.
type Stage<'a> = &'a dyn Fn(&mut Claim) -> Result<(), Diagnostic>;

/// Of logs, of what is put together, of what is retained: whichever it was that did not fit, once there is room the same commands end as if there
/// always had been.
#[test]
fn a_disk_that_fills_up() {
    let (schema, place) = (built_in(), tempfile::tempdir().expect("a folder"));
    let logs = logs(&place.path().join("."), 3, 20);
    let keep = Keep { content: Some(key(place.path()).1), digest: None, networks: None };
    let key = keep.content.clone().expect("a key");
    // Small enough for several portions a file and a commit after each.
    let options = Options { source: Some(SOURCE), portion: 16 << 10, ..Options::default() };
    let found = inputs(&logs, Limits::default()).expect("the logs");
    // The calls of two of the three days go, sums of them stay.
    let policy = Retention { days: [("invocation".to_owned(), 20)].into(), holds: Vec::new() };
    let read = |claim: &mut Claim| ingest(claim, &schema, &keep, options, &found.inputs, |_| true).map(drop);
    let put_together = |claim: &mut Claim| compact(claim, &schema, keep.content.as_ref(), None).map(drop);
    let retained = parse_time(&format!("{RETAINED}T00:00:00Z"));
    let let_go = |claim: &mut Claim| retain(claim, &schema, &policy, retained, false).map(drop);
    // Each with how many sizes of disk end in it.
    let stages: [(usize, Stage<'_>); 3] = [(30, &read), (10, &put_together), (10, &let_go)];
    // Where it fails, in which stage.
    let work = |root: &Path, disk: Arc<dyn Disk>, after: &dyn Fn()| {
        let mut claim = Claim::on(root, disk).map_err(|cause| (0, Box::new(cause)))?;
        stages.iter().enumerate().try_for_each(|(at, (_, stage))| {
            stage(&mut claim).map_err(|cause| (at, Box::new(cause)))?;
            after();
            Ok(())
        })
    };
    let sums = |root: &Path| -> u64 {
        let manifest = Manifest::existing(root).expect("an archive");
        manifest.files.values().filter(|file| file.stream == "usage").map(|file| file.rows).sum()
    };
    let calm = place.path().join("calm");
    let room = Arc::new(AtomicU64::new(u64::MAX));
    // The bytes that were written before each stage, and in the end.
    let written = RefCell::new(vec![0]);
    let note = || written.borrow_mut().push(u64::MAX - room.load(Ordering::SeqCst));
    work(&calm, Arc::new(Small(Arc::clone(&room))), &note).expect("there is room");
    let written = written.into_inner();
    let (expected, expected_sums) = (events(&calm, &schema, &key), sums(&calm));
    assert!(!expected.is_empty() && expected_sums > 0);
    for (stage, (count, _)) in stages.iter().enumerate() {
        let (before, end) = (written[stage], written[stage + 1]);
        for step in 0..*count {
            let bytes = before + (end - before) * step as u64 / *count as u64;
            let what = format!("{bytes} bytes, in stage {stage} from {before} to {end}");
            let root = place.path().join("small");
            let small = Small(Arc::new(AtomicU64::new(bytes)));
            let (failed, error) = work(&root, Arc::new(small), &|| {}).expect_err("there is no room");
            assert_eq!(failed, stage, "{what}");
            assert!(error.message.starts_with("can't write"), "{what}: {}", error.message);
            assert!(error.help.is_some_and(|help| help.contains("the disk has room")));
            work(&root, Arc::new(LocalDisk), &|| {}).expect("there is room now");
            assert_same(&events(&root, &schema, &key), &expected, &what);
            assert_eq!(sums(&root), expected_sums, "{what}");
            fs::remove_dir_all(&root).expect("it goes");
        }
    }
}
