//! The command line: what can be asked. Flags of settings come from the table in
//! [`crate::settings`]; help, completions and errors derive from what is built here.

use clap::{Arg, ArgAction, Command};

use jarvix_pipeline::report::Split;

use crate::settings;

/// The whole command line.
pub fn command() -> Command {
    let mut command = Command::new("jarvix")
        .version(env!("CARGO_PKG_VERSION"))
        .about("From a list of URLs or a folder to a ranked, explained report")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .max_term_width(100)
        .after_help(
            "Examples:\n  jarvix demo                                  the whole line on bundled pages, offline\n  \
             jarvix run urls.txt                          collect, curate, score and report\n  \
             jarvix run pages/ --profile classic          the same for a folder of .html files\n  \
             jarvix runs                                  what there is\n\n\
             Exit codes: 0 done, 1 failed, 2 usage, 3 done but too many pages failed, 130 interrupted (resumable)",
        )
        .args([
            Arg::new("json").long("json").global(true).action(ArgAction::SetTrue).help("Print the result, errors too, as JSON on stdout"),
            Arg::new("quiet").short('q').long("quiet").global(true).action(ArgAction::SetTrue).help("No progress and no notes on stderr"),
            Arg::new("verbose").short('v').long("verbose").global(true).action(ArgAction::Count).help("More log lines on stderr; twice for still more"),
        ]);
    for key in settings::KEYS.iter().filter(|key| key.commands.is_empty()) {
        command = command.arg(settings::flag(key).global(true));
    }
    command.subcommands([
        run(),
        demo(),
        collect(),
        stage(
            "curate",
            "Take text, metadata and signals from the pages of a run",
            "  jarvix curate --run urls-1",
        ),
        score(),
        profile(),
        report(),
        query(),
        trends(),
        export(),
        runs(),
        verify(),
        bench(),
        Command::new("doctor").about("Check that this machine and these settings can do the work"),
        config(),
        completions(),
    ])
}

fn examples(text: &str) -> String {
    format!("Examples:\n{text}")
}

fn run_id(required: bool) -> Arg {
    Arg::new("run").long("run").value_name("ID").required(required).help("The run's id")
}

fn inputs() -> Arg {
    Arg::new("input").value_name("INPUT").num_args(1..).help(
        "Lists of URLs (text, CSV, TSV, JSONL, Parquet; .gz and .zst too; - for stdin), URLs, .html files, folders or web archives (.warc, .warc.gz, .warc.zst)",
    )
}

fn sitemap() -> Arg {
    Arg::new("sitemap")
        .long("sitemap")
        .value_name("URL")
        .action(ArgAction::Append)
        .help("A sitemap: what it lists is input; may be repeated. A URL whose file is named sitemap*.xml or sitemap*.xml.gz is taken as one by itself")
}

fn run() -> Command {
    let command = Command::new("run")
        .about("The whole line: collect, curate, score and report")
        .arg(inputs().required_unless_present_any(["from", "sitemap"]).conflicts_with("from"))
        .arg(sitemap().conflicts_with("from"))
        .arg(Arg::new("from").long("from").value_name("RUN").help("Take pages of this earlier run again, instead of an INPUT"))
        .arg(
            Arg::new("outcome")
                .long("outcome")
                .value_name("LIST")
                .requires("from")
                .help("Which pages of --from: those that ended so, such as timeout,dns [default: every failure]"),
        )
        .arg(run_id(false).help("The run's id; without it the newest unfinished run of the same input goes on, else a new one is made"))
        .arg(Arg::new("dry-run").long("dry-run").action(ArgAction::SetTrue).help("Read the input, print the plan, fetch nothing"))
        .after_help(examples(
            "  jarvix run urls.txt\n  jarvix run urls.csv --url-column link --profile classic\n  \
             jarvix run https://example.org/ pages/ --run first-look\n  \
             jarvix run https://example.org/docs/ --depth 2 --scope prefix\n  zcat urls.gz | jarvix run - --concurrent 400\n  jarvix run --from urls-1 --outcome timeout,dns --timeout 120",
        ));
    settings::add_flags(command, "run")
}

fn demo() -> Command {
    let command = Command::new("demo")
        .about("The whole line on bundled pages, served from loopback, offline; always a new run")
        .after_help(examples("  jarvix demo\n  jarvix demo --profile classic --data /tmp/demo"));
    settings::add_flags(command, "demo")
}

fn collect() -> Command {
    let command = Command::new("collect")
        .about("Fetch a list of URLs into pages")
        .arg(run_id(true))
        .arg(
            Arg::new("input")
                .long("input")
                .value_name("FILE|-")
                .required_unless_present("sitemap")
                .action(ArgAction::Append)
                .help("List of URLs, or - for stdin; may be repeated"),
        )
        .arg(sitemap())
        .arg(
            Arg::new("dry-run")
                .long("dry-run")
                .action(ArgAction::SetTrue)
                .help("Read the input, print the plan, fetch nothing"),
        )
        .after_help(examples(
            "  jarvix collect --run urls-1 --input urls.txt --concurrent 400 --per-host 2",
        ));
    settings::add_flags(command, "collect")
}

fn stage(name: &'static str, about: &'static str, example: &str) -> Command {
    let command = Command::new(name).about(about).arg(run_id(true)).after_help(examples(example));
    settings::add_flags(command, name)
}

fn score() -> Command {
    let example = "  jarvix score --run urls-1 --profile classic\n  jarvix score --run urls-1 --profile mine.toml\n  \
                   jarvix score --run urls-1 --profile mine.toml --compare            what would move; nothing is written\n  \
                   jarvix score --run urls-1 --profile mine.toml --compare default    two profiles beside each other";
    stage("score", "Score the documents of a run by a profile", example)
        .arg(
            Arg::new("compare")
                .long("compare")
                .value_name("PROFILE")
                .num_args(0..=1)
                .default_missing_value(COMPARE_STORED)
                .help("Write nothing; say what the profile would move against the scores that there are, or against this other profile"),
        )
        .arg(
            Arg::new("movers")
                .long("movers")
                .value_name("N")
                .value_parser(clap::value_parser!(usize))
                .default_value("15")
                .requires("compare")
                .help("How many pages --compare names, those that move most first"),
        )
}

/// What `--compare` without a profile compares with: the scores that there are.
pub const COMPARE_STORED: &str = "stored";

fn profile() -> Command {
    let named =
        |help: &'static str| Arg::new("profile").value_name("NAME|FILE").required(true).help(help);
    Command::new("profile")
        .about("Look at profiles, make one, check one")
        .subcommand(Command::new("list").about("The profiles that come with the program"))
        .subcommand(Command::new("show").about("A profile as its file").arg(named("A built-in profile or a file")))
        .subcommand(
            Command::new("check")
                .about("Whether profiles can be used; what is wrong, with line and column, if not")
                .arg(named("Built-in profiles or files").num_args(1..)),
        )
        .subcommand(
            Command::new("new")
                .about("Write a copy of a profile to begin with")
                .arg(Arg::new("file").value_name("FILE").required(true).help("The file; its name is the profile's"))
                .arg(Arg::new("from").long("from").value_name("NAME|FILE").default_value("default").help("The profile to begin with"))
                .arg(Arg::new("force").long("force").action(ArgAction::SetTrue).help("Replace a file that is there")),
        )
        .subcommand(
            Command::new("tune")
                .about("Fit weights or a threshold to labelled pages, tested on pages that were held out")
                .arg(named("The profile to begin with"))
                .arg(run_id(true))
                .arg(Arg::new("labels").long("labels").value_name("FILE").required(true).help("CSV with the columns url and label: yes or no, 1 or 0, or an action"))
                .arg(Arg::new("fit").long("fit").value_name("WHAT").value_parser(["weights", "threshold", "both"]).default_value("both").help("What may change"))
                .arg(Arg::new("action").long("action").value_name("NAME").help("The action that good pages should get [default: the highest]"))
                .arg(Arg::new("out").long("out").value_name("FILE").help("Write the fitted profile"))
                .arg(Arg::new("force").long("force").action(ArgAction::SetTrue).help("Replace a file that is there")),
        )
        .subcommand(
            Command::new("explain")
                .about("A profile in words, or how one page gets its score by it")
                .arg(named("A built-in profile or a file"))
                .arg(run_id(false).requires("url").help("The run that the page is in"))
                .arg(Arg::new("url").long("url").value_name("URL").requires("run").help("The page whose score is explained")),
        )
        .after_help(examples(
            "  jarvix profile list\n  jarvix profile new mine.toml --from default\n  jarvix profile check mine.toml\n  \
             jarvix profile tune mine.toml --run urls-1 --labels labels.csv --out tuned.toml\n  \
             jarvix profile explain mine.toml --run urls-1 --url https://example.org/",
        ))
}

fn verify() -> Command {
    let about = "Check sizes and hashes of every part of a run";
    let example = "  jarvix verify --run urls-1\n  jarvix verify --run urls-1 --quarantine";
    let quarantine = Arg::new("quarantine").long("quarantine").action(ArgAction::SetTrue);
    stage("verify", about, example).arg(quarantine.help(
        "Set damaged parts aside, in .quarantine in the run's folder, so that the run's command makes their rows again",
    ))
}

fn split(word: &str) -> Result<Split, String> {
    Split::parse(word).ok_or_else(|| format!("pages are split by {}", Split::WORDS))
}

fn report() -> Command {
    let command = Command::new("report")
        .about("Write the report of one or more runs, or one for each host of a run")
        .arg(run_id(true).action(ArgAction::Append).num_args(1..))
        .arg(Arg::new("format").long("format").value_name("LIST").default_value("html,json,csv").help("Formats: html, pdf, json, csv; html alone with --split unless they are given"))
        .arg(Arg::new("out").long("out").value_name("DIR").help("Folder to write to: a sub-folder per run, or the files of one --split [default: the run's own report folder]"))
        .arg(Arg::new("split").long("split").value_name("WHAT").value_parser(split).help("One report for each group of the run's pages: by host, domain, action, language, page_type or column:NAME, a column of your list"))
        .arg(Arg::new("pool").long("pool").value_name("N").value_parser(clap::value_parser!(u16).range(1..=256)).help("Reports drawn at a time [default: --threads]"))
        .arg(Arg::new("force").long("force").action(ArgAction::SetTrue).help("Make reports of a batch anew, those that are there and up to date, too"))
        .after_help(examples("  jarvix report --run urls-1\n  jarvix report --run urls-1 --format pdf --paper letter\n  jarvix report --run urls-1 urls-2 --format html,pdf --out reports\n  jarvix report --run urls-1 --format pdf --split host --out by-host\n  jarvix report --run urls-1 --format html --split column:team --out by-team\n  jarvix report --run urls-1 --format html,pdf --brand brand.toml\n\nA brand file, every line of which may be left out:\n  title = \"Suppliers, week 48\"\n  footer = \"ACME, internal\"\n  logo = \"logo.svg\"          # PNG or SVG, beside the file\n  accent = \"#7a1fa2\"         # and accent_dark, for the dark theme\n  sections = [\"scores\", \"ranking\", \"trends\", \"hosts\", \"politeness\", \"lines\", \"failures\", \"duplicates\", \"method\"]"));
    settings::add_flags(command, "report")
}

fn export() -> Command {
    let long = "Datasets: pages, hosts, rejects, documents, links, duplicates, scores, or ranking, which joins scores with what the documents are [default: pages for warc, documents for jsonl, all but ranking for parquet, else ranking]";
    Command::new("export")
        .about("Write what a run has as a web archive, a table for spreadsheets, JSON or Parquet")
        .arg(run_id(true))
        .arg(Arg::new("format").long("format").value_name("FORMAT").required(true).help("warc, parquet, jsonl, json, csv, markdown or xlsx"))
        .arg(Arg::new("out").long("out").value_name("DIR|FILE").help("Folder to write to, or where there is one file its name [default: the folder export of the run]"))
        .arg(Arg::new("dataset").long("dataset").value_name("LIST").action(ArgAction::Append).help(long))
        .arg(Arg::new("columns").long("columns").value_name("LIST").action(ArgAction::Append).help("Only these columns, in this order [default: all but bytes]"))
        .arg(Arg::new("where").long("where").value_name("SQL").help("Only rows that meet this condition over the columns of the dataset"))
        .arg(Arg::new("gzip").long("gzip").action(ArgAction::SetTrue).help("Pack JSON, JSON lines, CSV and Markdown as gzip"))
        .arg(Arg::new("force").long("force").action(ArgAction::SetTrue).help("Replace files that are there"))
        .after_help(examples(
            "  jarvix export --run urls-1 --format xlsx --out ranking.xlsx\n  \
             jarvix export --run urls-1 --format csv --columns url,title,score --where \"word_count > 300\"\n  \
             jarvix export --run urls-1 --format markdown --where \"rank <= 20\" --out best.md\n  \
             jarvix export --run urls-1 --format json --dataset documents --columns url,title,text\n  \
             jarvix export --run urls-1 --format warc --out archive\n  \
             jarvix export --run urls-1 --format jsonl --dataset documents,scores --gzip\n  \
             jarvix export --run urls-1 --format parquet --out copy",
        ))
}

fn query() -> Command {
    Command::new("query")
        .about("SQL over every dataset of every run; without a query there is a prompt")
        .arg(Arg::new("sql").value_name("SQL").conflicts_with("file").help("The query; tables are pages, hosts, rejects, documents, links, duplicates and scores, each with a column run"))
        .arg(Arg::new("file").long("file").value_name("FILE").help("Take the query from a file; from stdin where nobody types"))
        .arg(run_id(false).action(ArgAction::Append).help("Only this run; may be repeated [default: all]"))
        .arg(
            Arg::new("format")
                .long("format")
                .value_name("FORMAT")
                .value_parser(["table", "csv", "json", "jsonl", "parquet"])
                .help("How rows are written [default: table, or as --out ends]"),
        )
        .arg(Arg::new("out").long("out").value_name("FILE").help("Write the rows to a file"))
        .arg(Arg::new("force").long("force").action(ArgAction::SetTrue).help("Replace a file that is there"))
        .after_help(examples(
            "  jarvix query \"SELECT outcome, count(*) AS pages FROM pages GROUP BY outcome ORDER BY pages DESC\"\n  \
             jarvix query --run urls-1 --out best.csv \"SELECT d.title, s.score, d.url FROM scores s JOIN documents d USING (run, ordinal) ORDER BY s.score DESC LIMIT 100\"\n  \
             jarvix query \"EXPLAIN SELECT * FROM documents WHERE run = 'urls-1'\"\n  \
             jarvix query                                   a prompt with history and completion",
        ))
}

fn trends() -> Command {
    Command::new("trends")
        .about("The same pages over several runs: new, improved, declined, stable, gone")
        .arg(run_id(true).action(ArgAction::Append).num_args(1..).help("The runs, oldest first; the last one is what is asked about"))
        .arg(Arg::new("host").long("host").value_name("HOST").help("Only pages of this host"))
        .arg(Arg::new("url").long("url").value_name("URL").help("Only this page, with what changed in its text"))
        .arg(
            Arg::new("top")
                .long("top")
                .value_name("N")
                .value_parser(clap::value_parser!(usize))
                .default_value("20")
                .help("How many pages are named, those that moved most first"),
        )
        .arg(
            Arg::new("format")
                .long("format")
                .value_name("FORMAT")
                .value_parser(["table", "csv", "json"])
                .default_value("table")
                .help("csv has every page, table and json those that moved most"),
        )
        .after_help(examples(
            "  jarvix trends --run urls-1 urls-2 urls-3\n  jarvix trends --run urls-1 urls-2 --host example.org\n  \
             jarvix trends --run urls-1 urls-2 --url https://example.org/\n  jarvix trends --run urls-1 urls-2 --format csv > moved.csv",
        ))
}

fn bench() -> Command {
    Command::new("bench")
        .about("What this machine does with this program, on pages from loopback")
        .arg(
            Arg::new("what")
                .value_name("WHAT")
                .default_value("all")
                .value_parser(["collect", "curate", "score", "report", "line", "all"])
                .help("The stage to measure; what it needs is made first, unmeasured"),
        )
        .arg(
            Arg::new("sizes")
                .long("sizes")
                .value_name("LIST")
                .value_delimiter(',')
                .default_value("10000")
                .help("How many pages; each size is a run of its own"),
        )
        .arg(
            Arg::new("load")
                .long("load")
                .value_name("LOAD")
                .default_value("high")
                .value_parser(["low", "high"])
                .help("low: one thread and 10 fetches at a time; high: --threads and 100"),
        )
        .arg(Arg::new("corpus").long("corpus").value_name("DIR").help(
            "Serve the .html and .html.gz files of this folder instead of made-up pages",
        ))
        .after_help(examples(
            "  jarvix bench collect --sizes 1000,50000\n  jarvix bench line --load low\n  jarvix bench curate --corpus pages/ --json",
        ))
}

fn runs() -> Command {
    let id = || Arg::new("run").value_name("ID").required(true).help("The run's id");
    Command::new("runs")
        .about("List, show and remove runs")
        .subcommand(Command::new("list").about("Every run, newest first"))
        .subcommand(Command::new("show").about("One run: settings, parts, outcomes").arg(id()))
        .subcommand(Command::new("rm").about("Remove a run and everything in it").arg(id()))
        .after_help(examples("  jarvix runs\n  jarvix runs show urls-1\n  jarvix runs rm urls-1"))
}

fn config() -> Command {
    Command::new("config").about("Settings").subcommand_required(true).subcommand(
        Command::new("show")
            .about("Every setting and its value")
            .arg(
                Arg::new("origin")
                    .long("origin")
                    .action(ArgAction::SetTrue)
                    .help("Say where each value comes from"),
            )
            .after_help(examples("  jarvix config show --origin")),
    )
}

fn completions() -> Command {
    Command::new("completions")
        .about("Print a completion script for a shell")
        .arg(
            Arg::new("shell")
                .value_name("SHELL")
                .required(true)
                .value_parser(clap::value_parser!(clap_complete::Shell)),
        )
        .after_help(examples(
            "  jarvix completions bash > ~/.local/share/bash-completion/completions/jarvix",
        ))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_consistent() {
        super::command().debug_assert();
    }
}
