//! What the command line promises: help, one clear message for each mistake, the exit codes, and
//! JSON from every command.

use crate::support::{Place, allowed, site};

#[test]
fn help_says_what_can_be_done() {
    let place = Place::new();
    for (name, args) in [
        ("help", &["--help"][..]),
        ("help_run", &["run", "--help"]),
        ("help_collect", &["collect", "--help"]),
        ("help_report", &["report", "--help"]),
        ("help_export", &["export", "--help"]),
        ("help_runs", &["runs", "--help"]),
        ("help_bench", &["bench", "--help"]),
        ("help_query", &["query", "--help"]),
        ("help_score", &["score", "--help"]),
        ("help_profile", &["profile", "--help"]),
    ] {
        let ended = place.run(args).expect(0);
        insta::assert_snapshot!(name, ended.stdout());
    }
}

#[test]
fn every_mistake_gets_one_message_and_its_exit_code() {
    let place = Place::new();
    place.file("plain", "not a folder");
    place.file("plain.warc", "not an archive");
    place.file("crawl.wacz", "PK");
    place.file("jarvix.toml", "[collect]\nconcurent = 5\n");
    let cases: &[(&str, &[&str])] = &[
        ("no_command", &[]),
        ("wrong_command", &["rum"]),
        ("wrong_flag", &["run", "urls.txt", "--concurent", "5"]),
        ("wrong_setting", &["runs"]),
    ];
    let mut told = String::new();
    for (name, args) in cases {
        told.push_str(&mistake(&place, name, args));
    }
    std::fs::remove_file(place.path().join("jarvix.toml")).expect("the file is there");
    let cases: &[(&str, &[&str])] = &[
        ("wrong_value", &["run", "urls.txt", "--timeout", "soon"]),
        ("missing_file", &["run", "nowhere.txt"]),
        ("unwritable_folder", &["run", "https://example.org/", "--data", "plain/data"]),
        ("unknown_run", &["score", "--run", "nobody"]),
        ("unknown_run_shown", &["runs", "show", "nobody"]),
        ("run_id_with_a_path", &["verify", "--run", "../../x"]),
        ("unknown_profile", &["score", "--run", "nobody", "--profile", "defualt"]),
        ("wrong_export", &["export", "--run", "nobody", "--format", "arc"]),
        ("wrong_dataset", &["export", "--run", "nobody", "--format", "warc", "--dataset", "links"]),
        ("package", &["run", "crawl.wacz"]),
        ("no_archive", &["run", "plain.warc", "--run", "w"]),
        ("wrong_format", &["report", "--run", "nobody", "--format", "docx"]),
    ];
    for (name, args) in cases {
        told.push_str(&mistake(&place, name, args));
    }
    insta::assert_snapshot!("mistakes", told);
}

fn mistake(place: &Place, name: &str, args: &[&str]) -> String {
    let ended = place.run(args);
    assert_eq!(ended.stdout(), "", "{name}: stdout carries data only");
    format!(
        "# {name}: jarvix {}\nexit code {:?}\n{}\n",
        args.join(" "),
        ended.code(),
        ended.stderr().replace(&place.path().display().to_string(), "<folder>")
    )
}

#[test]
fn json_of_every_command_parses_errors_too() {
    let place = Place::new();
    let (origin, list) = site(&place, 6);
    let allow = allowed(&origin);
    let collect = ["collect", "--run", "a", "--input", &list, "--allow-net", &allow];
    let run = ["run", &list, "--run", "b", "--allow-net", &allow];
    let good: &[&[&str]] = &[
        &["runs"],
        &["run", &list, "--dry-run"],
        &collect,
        &["curate", "--run", "a"],
        &["score", "--run", "a"],
        &["report", "--run", "a"],
        &["export", "--run", "a", "--format", "warc"],
        &["export", "--run", "a", "--format", "jsonl", "--dataset", "pages,scores", "--gzip"],
        &["export", "--run", "a", "--format", "parquet"],
        &["export", "--run", "a", "--format", "xlsx", "--columns", "url,score"],
        &run,
        &["runs", "list"],
        &["runs", "show", "b"],
        &["verify", "--run", "b"],
        &["config", "show", "--origin"],
        &["doctor"],
        &["completions", "bash"],
        &["runs", "rm", "b"],
    ];
    for args in good {
        let told = place.run(&[*args, &["--json"]].concat()).expect(0).json();
        assert_eq!(told["ok"], true, "{args:?}");
        assert_eq!(told["exit_code"], 0, "{args:?}");
        let schema = told["schema"].as_str().unwrap_or_default();
        assert!(schema.starts_with("jarvix.") && schema.ends_with("/1"), "{args:?}: {schema}");
    }
    let bad: &[&[&str]] = &[
        &["rum"],
        &["run"],
        &["run", "nowhere.txt"],
        &["runs", "show", "nobody"],
        &["run", "x", "--retries", "many"],
    ];
    for args in bad {
        let ended = place.run(&[*args, &["--json"]].concat()).expect(2);
        let told = ended.json();
        assert_eq!(told["ok"], false, "{args:?}");
        assert_eq!(told["exit_code"], 2, "{args:?}");
        assert!(told["error"]["message"].is_string(), "{args:?}");
    }
}

#[test]
fn completions_are_printed_for_every_shell() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ended = place.run(&["completions", shell]).expect(0);
        assert!(ended.stdout().contains("jarvix"), "{shell}");
    }
}

#[test]
fn layers_of_settings_lie_on_each_other() {
    let place = Place::new();
    place.file("jarvix.toml", "[collect]\nconcurrent = 7\nretries = 1\ntimeout = \"5s\"\n");
    let shown = |args: &[&str], variable: Option<(&str, &str)>| {
        let mut command = place.command(args);
        command.envs(variable);
        let output = command.output().expect("the binary starts");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let text = shown(&["config", "show", "--origin"], Some(("JARVIX_RETRIES", "9")));
    assert!(text.contains("7  (jarvix.toml)"), "{text}");
    assert!(text.contains("9  (JARVIX_RETRIES)"), "{text}");
    assert!(text.contains("4096  (default)"), "{text}");
    let robots = |value| {
        let text = shown(&["config", "show", "--origin"], Some(("JARVIX_ROBOTS", value)));
        let line = text.lines().find(|line| line.contains("collect.robots"));
        line.expect("the setting is shown").to_owned()
    };
    assert!(robots("off").contains("off  (JARVIX_ROBOTS)"), "{}", robots("off"));
    assert!(robots("on").contains("on  (JARVIX_ROBOTS)"), "{}", robots("on"));
}

#[test]
fn a_run_whose_time_is_over_is_not_finished_and_goes_on() {
    let place = Place::new();
    let (origin, list) = site(&place, 40);
    let allow = allowed(&origin);
    let args = ["run", list.as_str(), "--allow-net", &allow, "--json"];
    // Forty pages at one a second do not fit into two.
    let told =
        place.run(&[&args[..], &["--rate", "1", "--max-time", "2"]].concat()).expect(0).json();
    let input = &told["data"]["summary"]["input"];
    let (pages, left) = (input["pages"].as_u64(), input["left"].as_u64());
    let (pages, left) = (pages.expect("a count"), left.expect("a count"));
    assert!(pages < 40 && left > 0, "{told}");
    assert_eq!(pages + left, 40, "the sum does not add up");
    let runs = place.run(&["runs", "--json"]).expect(0).json();
    assert_eq!(runs["data"][0]["state"], "unfinished");
    // A session has its own time; the rate would be that of the session before.
    let told = place.run(&[&args[..], &["--rate", "0"]].concat()).expect(0).json();
    assert_eq!(told["data"]["run"], "urls-1", "the same command goes on with the same run");
    assert_eq!(told["data"]["summary"]["input"]["pages"], 40);
    let runs = place.run(&["runs", "--json"]).expect(0).json();
    assert_eq!(runs["data"][0]["state"], "finished");
    let file = std::fs::read_to_string(place.data().join("runs/urls-1/run.toml"));
    assert!(file.expect("run.toml is there").contains("[[changes]]"), "the change is appended");
}

#[test]
fn a_repeated_run_does_nothing_and_appended_lines_are_new_work() {
    let place = Place::new();
    let (origin, list) = site(&place, 8);
    let allow = allowed(&origin);
    let text = std::fs::read_to_string(place.path().join(&list)).expect("the list is there");
    let lines: Vec<&str> = text.lines().collect();
    place.file(&list, lines[..5].join("\n") + "\n");
    let args = ["run", list.as_str(), "--run", "r", "--allow-net", &allow, "--json"];
    assert_eq!(place.run(&args).expect(0).json()["data"]["collected"]["pages"], 5);
    let asked = origin.requests();
    assert_eq!(place.run(&args).expect(0).json()["data"]["collected"]["pages"], 0);
    assert_eq!(origin.requests(), asked, "a repeated run asked the server again");
    place.file(&list, &text);
    let told = place.run(&args).expect(0).json();
    assert_eq!(told["data"]["collected"]["pages"], 3);
    assert_eq!(told["data"]["summary"]["documents"], 8);
    place.file(&list, text.replace(lines[0], "https://example.org/changed"));
    let ended = place.run(&args).expect(2);
    assert!(ended.json()["error"]["message"].as_str().is_some_and(|m| m.contains("urls.txt")));
}

#[test]
fn bench_measures_each_stage_and_leaves_nothing_behind() {
    let place = Place::new();
    let told = place.run(&["bench", "--sizes", "20", "--json"]).expect(0).json();
    assert_eq!(told["schema"], "jarvix.bench/1");
    let rates = [
        ("collect", "urls_per_s"),
        ("curate", "pages_per_s"),
        ("score", "rows_per_s"),
        ("report", "reports_per_s"),
        ("line", "urls_per_s"),
    ];
    let figures = told["data"]["figures"].as_array().expect("figures");
    assert_eq!(figures.len(), rates.len());
    for (figure, (name, rate)) in figures.iter().zip(rates) {
        assert_eq!(figure["bench"], name);
        for number in [rate, "wall_s", "cpu_s", "rss_mb"] {
            assert!(figure[number].as_f64().is_some_and(|n| n > 0.0), "{name} {number}: {figure}");
        }
    }
    assert_eq!(told["data"]["urls_per_s"], figures[4]["urls_per_s"]);
    let left = std::fs::read_dir(place.data().join("cache")).expect("the cache").count();
    assert_eq!(left, 0, "something is left in the cache");
    let ended = place.run(&["bench", "line", "--sizes", "none"]).expect(2);
    assert!(ended.stderr().contains("--sizes 1000,10000"), "{}", ended.stderr());
    place.file("empty.txt", "");
    let ended = place.run(&["bench", "line", "--corpus", "."]).expect(2);
    assert!(ended.stderr().contains("no .html"), "{}", ended.stderr());
}
