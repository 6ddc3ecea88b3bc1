//! The prompt of `jarvix query` as somebody at a terminal has it: a pseudo-terminal, keys, a screen.

use crate::support::{Place, allowed, python, site};

const SCRIPT: &str = r#"
import json, os, pty, select, sys

data = os.path.dirname(os.path.dirname(sys.argv[1]))
child, screen = pty.fork()
if child == 0:
    os.environ["TERM"] = "xterm"
    os.execv("PROGRAM", ["PROGRAM", "query", "--data", data])
seen = ""

def until(what):
    global seen
    while what not in seen:
        if not select.select([screen], [], [], 120)[0]:
            sys.exit(f"{what!r} did not come; seen: {seen!r}")
        seen += os.read(screen, 65536).decode("utf-8", "replace")
    seen = seen[seen.index(what) + len(what):]

def keys(text):
    os.write(screen, text.encode())

until("jarvix> ")
# The name of the table is completed, or it would not be one.
keys("SELECT count(*) * 1001 AS n FROM docu\t;\r")
until("10010")
until("jarvix> ")
# A statement of two lines.
keys("SELECT 6 *\r")
keys("7000 AS answer;\r")
until("42000")
until("jarvix> ")
# A mistake is told, and the prompt goes on.
keys("SELECT ordinel FROM documents;\r")
until("did you mean `ordinal`?")
until("jarvix> ")
# The statement before comes back.
keys("\x1b[A\r")
until("did you mean `ordinal`?")
until("jarvix> ")
keys(".tables\r")
until("documents")
until("jarvix> ")
keys("\x04")
_, status = os.waitpid(child, 0)
history = open(os.path.join(data, "cache", "query-history")).read()
print(json.dumps({"status": os.waitstatus_to_exitcode(status), "kept": "ordinel" in history}))
"#;

/// A query that no machine is through with: what matters is what is seen meanwhile.
const WAITS: &str = r#"
import json, os, pty, select, signal, sys

data = os.path.dirname(os.path.dirname(sys.argv[1]))
ten_million = "generate_series(1, 10000000)"
sql = f"SELECT count(*) FROM {ten_million} AS a(x) JOIN {ten_million} AS b(y) ON a.x <> b.y"
child, screen = pty.fork()
if child == 0:
    os.environ["TERM"] = "xterm"
    os.execv("PROGRAM", ["PROGRAM", "query", sql, "--data", data])
seen = ""
while "asking, 2s" not in seen:
    if not select.select([screen], [], [], 120)[0]:
        sys.exit(f"nothing came for two minutes; seen: {seen!r}")
    seen += os.read(screen, 65536).decode("utf-8", "replace")
os.kill(child, signal.SIGKILL)
os.waitpid(child, 0)
print(json.dumps({"seen": seen}))
"#;

#[test]
fn whoever_waits_is_told_what_for() {
    let place = Place::new();
    let (origin, list) = site(&place, 1);
    let allow = allowed(&origin);
    place.run(&["run", &list, "--run", "r", "--allow-net", &allow]).expect(0);
    let script = WAITS.replace("PROGRAM", env!("CARGO_BIN_EXE_jarvix"));
    let Some(told) = python(&place, &script, "r") else { return };
    let seen = told["seen"].as_str().unwrap_or_default();
    // Nothing for the first second: most queries need none.
    assert!(!seen.contains("asking, 0s"), "{seen:?}");
}

#[test]
fn whoever_types_gets_answers_completion_and_history() {
    let place = Place::new();
    let (origin, list) = site(&place, 10);
    let allow = allowed(&origin);
    place.run(&["run", &list, "--run", "r", "--allow-net", &allow]).expect(0);
    let script = SCRIPT.replace("PROGRAM", env!("CARGO_BIN_EXE_jarvix"));
    let Some(told) = python(&place, &script, "r") else { return };
    assert_eq!(told["status"], 0, "{told}");
    assert_eq!(told["kept"], true, "{told}");
}
