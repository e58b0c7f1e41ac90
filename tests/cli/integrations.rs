//! What CI servers and hooks run: the script that the GitHub action and the GitLab job call, and the commands of the hooks.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use super::{PACK, folder, text};

const MANIFEST: (&str, &str) =
    ("pack.toml", "id = \"mine\"\nversion = \"0.1.0\"\nlanguage = 1\n[levels]\ncare = \"allow\"\n");
const RULE: &str = "rule r {\n    severity low\n    from     invocation\n    where    caller.id == \"a\"\n}\n";
const TEST: &str = "\ntest r \"a call\" {\n    given invocation [\n        { time = 2026-01-01, caller.id = \"a\" }\n    ]\n    expect alert\n}\n";
const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn script(form: &str, packs: &[&str], here: &Path) -> Output {
    Command::new(Path::new(ROOT).join("integrations/check.sh"))
        .arg(form)
        .args(packs)
        .current_dir(here)
        .env("SKYWATCH", env!("CARGO_BIN_EXE_skywatch"))
        .output()
        .expect("sh runs it")
}

fn good() -> tempfile::TempDir {
    folder(&[MANIFEST, ("r.sky", &format!("{RULE}{TEST}"))])
}

#[test]
fn a_good_pack_passes_in_every_form() {
    let pack = good();
    for form in ["github", "gitlab", "sarif"] {
        let output = script(form, &["."], pack.path());
        assert_eq!(output.status.code(), Some(0), "{form}: {}{}", text(&output.stdout), text(&output.stderr));
    }
    let written = |name: &str| std::fs::read_to_string(pack.path().join(name)).expect("it was written");
    assert_eq!(serde_json::from_str::<Value>(&written("gl-code-quality.json")).expect("JSON"), serde_json::json!([]));
    assert!(written("skywatch-check.xml").contains("failures=\"0\""));
    assert!(written("skywatch-test.xml").contains("failures=\"0\""));
    assert!(written("skywatch.sarif").contains("\"results\": []"));
}

#[test]
fn what_changed_since_the_base_is_told() {
    let pack = good();
    let git = |words: &[&str]| {
        let known = ["-c", "user.name=a", "-c", "user.email=a@example.com"];
        let done = Command::new("git").args(known).args(words).current_dir(pack.path()).status().expect("git runs");
        assert!(done.success(), "{words:?}");
    };
    git(&["init", "-q", "-b", "main"]);
    git(&["add", "-A"]);
    git(&["commit", "-q", "-m", "one"]);
    std::fs::write(pack.path().join("r.sky"), format!("{}{}", RULE, TEST).replace("\"a\"", "\"b\"")).expect("written");
    let summary = pack.path().join("summary.md");
    for (form, file) in [("github", &summary), ("gitlab", &pack.path().join("skywatch-diff.md"))] {
        let output = Command::new(Path::new(ROOT).join("integrations/check.sh"))
            .args([form, "."])
            .current_dir(pack.path())
            .env("SKYWATCH", env!("CARGO_BIN_EXE_skywatch"))
            .env("SKYWATCH_BASE", "main")
            .env("GITHUB_STEP_SUMMARY", &summary)
            .output()
            .expect("sh runs it");
        assert_eq!(output.status.code(), Some(0), "{form}: {}", text(&output.stderr));
        let said = std::fs::read_to_string(file).expect("it was written");
        assert!(said.contains("### `r` changed") && said.contains("+where     caller.id == \"b\""), "{form}: {said}");
    }
}

#[test]
fn whatever_is_wrong_fails_the_job_and_is_told() {
    let loose = folder(&[MANIFEST, ("r.sky", &format!("{}{TEST}", RULE.replace("low\n", "low  \n")))]);
    let output = script("github", &["."], loose.path());
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("-    severity low  \n"), "{}", text(&output.stdout));

    let broken = folder(&[MANIFEST, ("r.sky", &RULE.replace("caller", "callr"))]);
    let output = script("github", &["."], broken.path());
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("::error file=r.sky,line=4,"), "{}", text(&output.stdout));
    let output = script("gitlab", &["."], broken.path());
    assert_eq!(output.status.code(), Some(1));
    let found = std::fs::read_to_string(broken.path().join("gl-code-quality.json")).expect("it was written");
    assert!(found.contains("\"path\": \"r.sky\""), "{found}");

    let failing = folder(&[MANIFEST, ("r.sky", &format!("{RULE}{}", TEST.replace("expect alert", "expect no alert")))]);
    assert_eq!(script("github", &["."], failing.path()).status.code(), Some(1));
    assert_eq!(script("other", &["."], failing.path()).status.code(), Some(2));
    assert_eq!(script("github", &[], failing.path()).status.code(), Some(2));
}

#[test]
fn the_hooks_commands_run() {
    let hooks = std::fs::read_to_string(Path::new(ROOT).join(".pre-commit-hooks.yaml")).expect("the hooks");
    let commands: Vec<&str> = hooks.lines().filter_map(|line| line.trim().strip_prefix("entry: skywatch ")).collect();
    assert_eq!(commands, ["fmt", "check", "test"]);
    let pack = good();
    for verb in commands {
        let output = super::skywatch(&[verb, &pack.path().display().to_string()]);
        assert_eq!(output.status.code(), Some(0), "{verb}: {}", text(&output.stderr));
    }
    // The action and the job call the script with what it takes.
    for (file, call) in [
        ("integrations/github/action.yml", "/../check.sh\" github $PACKS"),
        ("integrations/gitlab/skywatch.yml", "integrations/check.sh gitlab $PACKS"),
    ] {
        let written = std::fs::read_to_string(Path::new(ROOT).join(file)).expect("a file");
        assert!(written.contains(call), "{file}");
    }
    assert_eq!(super::status(&["check", PACK]), 0);
}
