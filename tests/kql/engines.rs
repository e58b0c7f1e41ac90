//! Microsoft's parser and an independent engine, each one process that is asked many cases. Without them tests say so and pass.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;

/// A program that answers each line with a line.
pub(crate) struct Engine {
    child: Child,
    ask: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Engine {
    /// Microsoft's parser; none where it is not installed.
    pub(crate) fn parser() -> Option<Engine> {
        let installed = folder().join("node_modules").is_dir();
        installed.then(|| Engine::start(Command::new("node").arg("kql_check.mjs")))
    }

    /// The engine that runs KQL; none where it is not installed.
    pub(crate) fn runner() -> Option<Engine> {
        let python = folder().join("venv/bin/python");
        python.is_file().then(|| Engine::start(Command::new(python).arg("kql_run.py")))
    }

    fn start(command: &mut Command) -> Engine {
        let piped = command.current_dir(folder()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = piped.spawn().expect("an installed engine starts");
        let ask = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().expect("it was piped"));
        Engine { child, ask, answers }
    }

    /// Its answer to one case.
    pub(crate) fn answer(&mut self, case: &Value) -> Value {
        let ask = self.ask.as_mut().expect("it is open until it is dropped");
        writeln!(ask, "{case}").expect("the engine reads");
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("the engine answers");
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("no answer but {line:?} to {case}"))
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.ask = None;
        _ = self.child.wait();
    }
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/oracles")
}
