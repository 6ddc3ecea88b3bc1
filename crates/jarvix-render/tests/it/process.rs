//! The browser as a process: found or missing, dying, and never left behind.

use std::os::unix::fs::PermissionsExt;

use super::*;

const PAGE: &str = "http://page.example/";

/// Processes that have `mark` in their command line, other than this one.
fn processes_with(mark: &str) -> Vec<u32> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").expect("a process table").flatten() {
        let Ok(pid) = entry.file_name().to_string_lossy().parse::<u32>() else { continue };
        let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        if pid != std::process::id() && String::from_utf8_lossy(&line).contains(mark) {
            found.push(pid);
        }
    }
    found
}

/// Waits until no process has `mark` in its command line.
async fn gone(mark: &str) {
    for _ in 0..200 {
        if processes_with(mark).is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("still there: {:?}", processes_with(mark));
}

fn kill(pids: &[u32]) {
    for pid in pids {
        let pid = rustix::process::Pid::from_raw(i32::try_from(*pid).expect("a pid"));
        let killed =
            rustix::process::kill_process(pid.expect("a pid"), rustix::process::Signal::KILL);
        // One that is gone already is what was wanted.
        assert!(matches!(killed, Ok(()) | Err(rustix::io::Errno::SRCH)), "{killed:?}");
    }
}

#[tokio::test]
async fn nothing_runs_before_a_page_and_nothing_is_left_after() {
    let Some(lab) = Lab::new() else { return };
    let mark = lab.folder().display().to_string();
    let renderer = lab.renderer();
    assert!(processes_with(&mark).is_empty());
    lab.render(&renderer, PAGE, "<p>x</p>").await.expect("a page");
    assert!(!processes_with(&mark).is_empty());
    renderer.close().await;
    gone(&mark).await;
    // And when it is dropped without a word.
    let renderer = lab.renderer();
    lab.render(&renderer, PAGE, "<p>x</p>").await.expect("a page");
    drop(renderer);
    gone(&mark).await;
}

#[tokio::test]
async fn a_browser_that_is_killed_is_replaced_and_the_page_tried_again() {
    let Some(lab) = Lab::new() else { return };
    let mark = lab.folder().display().to_string();
    let renderer = lab.renderer();
    lab.render(&renderer, PAGE, "<p>x</p>").await.expect("a page");
    let first = processes_with(&mark);
    lab.web.set("http://page.example/stall.js", Does::Wait(Duration::from_millis(700)));
    let html = "<p>survived</p><script src=/stall.js></script>";
    let murder = async {
        while lab.web.asked().is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        kill(&first);
    };
    let (rendered, ()) = tokio::join!(lab.render(&renderer, PAGE, html), murder);
    assert!(rendered.expect("the second attempt").html.contains("survived"));
    assert_eq!(lab.web.asked().len(), 2, "both attempts asked");
    renderer.close().await;
    gone(&mark).await;
}

#[tokio::test]
async fn a_program_that_is_no_browser_is_said_with_its_last_words() {
    let Some(mut lab) = Lab::new() else { return };
    lab.chromium = lab.data.path().join("broken");
    std::fs::write(&lab.chromium, "#!/bin/sh\necho 'no usable sandbox!' >&2\nexit 1\n")
        .expect("a file");
    std::fs::set_permissions(&lab.chromium, PermissionsExt::from_mode(0o755)).expect("permissions");
    let renderer = lab.renderer();
    for _ in 0..5 {
        let said = lab.render(&renderer, PAGE, "<p>x</p>").await.expect_err("no browser");
        assert!(matches!(said, RenderError::NoBrowser { .. }), "{said}");
        assert!(said.to_string().contains("no usable sandbox!"), "{said}");
    }
    renderer.close().await;
}

/// What the next test starts this very program for: renders without end until it is killed.
#[tokio::test]
async fn host_of_a_browser() {
    let (Some(folder), Some(mut lab)) = (std::env::var_os(HOST), Lab::new()) else { return };
    lab.settings.deadline = Duration::from_secs(600);
    lab.web.set("http://page.example/stall.js", Does::Stall);
    let chromium = Chromium { path: lab.chromium.clone() };
    let env = lab.data.store().env().clone();
    let renderer = Renderer::new(chromium, folder.into(), env, lab.settings.clone());
    drop(lab.render(&renderer, PAGE, "<script src=/stall.js></script>").await);
}

const HOST: &str = "JARVIX_TEST_BROWSER_FOLDER";

#[tokio::test]
async fn no_browser_outlives_a_process_that_was_killed() {
    let Some(lab) = Lab::new() else { return };
    let mark = lab.folder().display().to_string();
    let mut host = tokio::process::Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "process::host_of_a_browser"])
        .env(HOST, lab.folder())
        .stdout(std::process::Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("it starts again");
    // The page's own process is the last to appear.
    let has_page = || processes_with(&mark).iter().any(|pid| is_renderer(*pid));
    while !has_page() {
        assert!(host.try_wait().expect("a process").is_none(), "it ended early");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    host.kill().await.expect("kill -9");
    gone(&mark).await;
    // What it left on the disk, the next one removes.
    assert!(lab.folder().exists());
    drop(lab.renderer());
    assert!(!lab.folder().exists());
}

fn is_renderer(pid: u32) -> bool {
    let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&line).contains("--type=renderer")
}
