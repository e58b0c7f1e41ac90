//! The external engines of tests/oracles as processes: one question a line, one answer a line.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;

/// One engine, running.
pub(crate) struct Oracle {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

/// Which engine.
#[derive(Clone, Copy)]
pub(crate) enum Engine {
    /// Microsoft's parser and binder.
    KqlCheck,
    /// duckdb-kql.
    KqlRun,
    /// sqlglot on DuckDB.
    SqlRun,
    /// pyarrow on content files.
    Sealed,
}

impl Oracle {
    /// Starts an engine; none where it is not installed, which is said in a line that the test command counts.
    pub(crate) fn start(engine: Engine) -> Option<Oracle> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracles");
        let (program, script, needed): (PathBuf, &str, PathBuf) = match engine {
            Engine::KqlCheck => {
                ("node".into(), "kql_check.mjs", folder.join("node_modules/@kusto/language-service-next"))
            }
            Engine::KqlRun => (folder.join("venv/bin/python"), "kql_run.py", folder.join("venv/bin/python")),
            Engine::SqlRun => (folder.join("venv/bin/python"), "sql_run.py", folder.join("venv/bin/python")),
            // A venv of before has no pyarrow yet.
            Engine::Sealed => {
                let pyarrow = folder.join("venv/lib/python3.11/site-packages/pyarrow");
                (folder.join("venv/bin/python"), "sealed.py", pyarrow)
            }
        };
        let started = needed.exists().then(|| {
            Command::new(program)
                .arg(folder.join(script))
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::inherit())
                .spawn()
        });
        let Some(Ok(mut child)) = started else {
            println!("SKIPPED: {script} is not installed; run tests/oracles/install.sh");
            return None;
        };
        let (stdin, stdout) = (child.stdin.take()?, child.stdout.take()?);
        Some(Oracle { child, stdin, stdout: BufReader::new(stdout) })
    }

    /// Asks one question.
    pub(crate) fn ask(&mut self, question: &Value) -> Value {
        writeln!(self.stdin, "{question}").expect("the engine takes a line");
        self.stdin.flush().expect("the engine takes a line");
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("the engine answers");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("the engine answered {line:?}: {error}"))
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        // A process that ended already needs no end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
