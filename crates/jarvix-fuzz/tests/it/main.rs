//! The corpora of all targets, and many small changes of what is in them, on any toolchain: what a
//! fuzzer once found stays found.

use std::fs;
use std::path::PathBuf;

use jarvix_core::env::{Entropy, SeededEntropy};
use jarvix_fuzz::{TARGETS, Target};

/// Changes of each input that are tried.
const CHANGES: u64 = 40;
/// All corpora together, in bytes: they are read by everyone who runs the tests.
const CORPORA_BYTES_MAX: usize = 200 * 1024;

fn fuzz_folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz")
}

/// The inputs of a target, by the names of their files.
fn corpus(target: &Target) -> Vec<(String, Vec<u8>)> {
    let folder = fuzz_folder().join("corpus").join(target.name);
    let files = fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut inputs: Vec<(String, Vec<u8>)> = files
        .map(|file| {
            let path = file.expect("a file").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            (name, fs::read(&path).expect("a readable file"))
        })
        .collect();
    inputs.sort();
    inputs
}

/// Runs one input; a panic names it.
fn run(target: &Target, name: &str, input: &[u8]) {
    let result = std::panic::catch_unwind(|| (target.run)(input));
    assert!(result.is_ok(), "{} is broken by {name}: {:?}", target.name, input.escape_ascii());
}

fn replay(name: &str) {
    let target = TARGETS.iter().find(|target| target.name == name).expect("a target");
    let inputs = corpus(target);
    assert!(inputs.len() >= 10, "{name} has only {} inputs", inputs.len());
    run(target, "nothing", b"");
    let dice = SeededEntropy::new(3);
    for (file, input) in &inputs {
        run(target, file, input);
        for change in 0..CHANGES {
            let other = &inputs[pick(&dice, inputs.len())].1;
            run(target, &format!("change {change} of {file}"), &changed(input, other, &dice));
        }
    }
}

fn pick(dice: &SeededEntropy, below: usize) -> usize {
    usize::try_from(dice.next_u64() % below.max(1) as u64).unwrap_or(0)
}

/// `input` with one thing changed: a byte, a piece, or its end.
fn changed(input: &[u8], other: &[u8], dice: &SeededEntropy) -> Vec<u8> {
    let mut bytes = input.to_vec();
    let at = pick(dice, bytes.len() + 1);
    let end = (at + 1 + pick(dice, 8)).min(bytes.len());
    match dice.next_u64() % 7 {
        0 => bytes.truncate(at),
        1 if at < bytes.len() => bytes[at] ^= 1 << pick(dice, 8),
        2 if at < bytes.len() => bytes[at] = dice.next_u64().to_le_bytes()[0],
        3 => drop(bytes.drain(at.min(end)..end)),
        4 => {
            let piece = bytes[at.min(end)..end].repeat(1 + pick(dice, 50));
            drop(bytes.splice(at..at, piece));
        }
        5 => {
            let odd = [0, b'\n', b'\r', 0x1b, 0x7f, 0xff, 0xc3, b'<', b'"', b'%'];
            bytes.insert(at, odd[pick(dice, odd.len())]);
        }
        _ => {
            bytes.truncate(at);
            bytes.extend_from_slice(&other[pick(dice, other.len() + 1)..]);
        }
    }
    bytes
}

#[test]
fn url() {
    replay("url");
}

#[test]
fn robots() {
    replay("robots");
}

#[test]
fn list() {
    replay("list");
}

#[test]
fn answer() {
    replay("answer");
}

#[test]
fn html() {
    replay("html");
}

#[test]
fn sitemap() {
    replay("sitemap");
}

#[test]
fn warc() {
    replay("warc");
}

#[test]
fn page() {
    replay("page");
}

#[test]
fn json_ld() {
    replay("json_ld");
}

#[test]
fn dates() {
    replay("dates");
}

#[test]
fn every_target_has_a_program_a_corpus_and_a_test() {
    let this = include_str!("main.rs");
    let mut bytes = 0;
    for target in TARGETS {
        let program = fuzz_folder().join("fuzz_targets").join(format!("{}.rs", target.name));
        let program = fs::read_to_string(&program).expect("a program");
        let call = format!("jarvix_fuzz::{}::target(data)", target.name);
        assert!(program.contains(&call), "{program}");
        assert!(this.contains(&format!("replay(\"{}\")", target.name)), "{}", target.name);
        bytes += corpus(target).iter().map(|(_, input)| input.len()).sum::<usize>();
    }
    let programs = fs::read_dir(fuzz_folder().join("fuzz_targets")).expect("programs").count();
    assert_eq!(programs, TARGETS.len());
    assert!(bytes <= CORPORA_BYTES_MAX, "the corpora take {bytes} bytes");
}

/// The replay is worth something: a target that breaks on one byte is caught.
#[test]
fn a_target_that_breaks_is_caught() {
    fn brittle(data: &[u8]) {
        assert!(!data.contains(&0x1b), "an escape");
    }
    let target = Target { name: "brittle", run: brittle };
    run(&target, "calm", b"nothing");
    let caught = std::panic::catch_unwind(|| {
        let dice = SeededEntropy::new(3);
        for change in 0..1_000 {
            run(&target, &format!("change {change}"), &changed(b"some words", b"others", &dice));
        }
    });
    assert!(caught.is_err(), "a thousand changes never made an escape");
}
