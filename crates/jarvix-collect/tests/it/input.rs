//! Folders of local pages: order, links, and the way back from a frontier entry to a file.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use jarvix_collect::input::{Content, Input, Line, Lines, classify};
use jarvix_store::system_env;

use crate::admit::Bench;

fn write(root: &Path, name: &str) {
    let path = root.join(name);
    fs::create_dir_all(path.parent().expect("parent")).expect("folder");
    fs::write(path, format!("<p>{name}")).expect("write");
}

fn lines(input: &Input) -> Vec<Line> {
    Lines::open(&system_env(), input, None).expect("opens").map(|l| l.expect("line")).collect()
}

#[test]
fn a_folder_is_walked_in_the_order_of_its_names_and_never_left() {
    let outside = tempfile::tempdir().expect("folder");
    write(outside.path(), "secret.html");
    let folder = tempfile::tempdir().expect("folder");
    let root = folder.path().join("pages");
    for name in ["b.html", "a/2.htm", "a/1.xhtml", "z.HTML.gz", "notes.txt", "a/.html"] {
        write(&root, name);
    }
    symlink(outside.path().join("secret.html"), root.join("c-escape.html")).expect("link");
    symlink(outside.path(), root.join("d-escape")).expect("link");
    symlink(root.join("a"), root.join("e-again")).expect("link");
    symlink(root.join("b.html"), root.join("f-alias.html")).expect("link");
    symlink(root.join("nothing"), root.join("g-lost.html")).expect("link");
    symlink("/dev/null", root.join("h.txt")).expect("link");

    let input = classify(&root.display().to_string()).expect("folder");
    let shown: Vec<String> = lines(&input)
        .into_iter()
        .map(|line| match line.content {
            Content::Local { relative } => relative,
            Content::Unusable { text, reason } => format!("{text}! {reason}"),
            Content::Url { text, .. } | Content::Archived { text, .. } => panic!("{text}"),
        })
        .collect();
    assert_eq!(
        shown,
        [
            "a/1.xhtml",
            "a/2.htm",
            "b.html",
            "c-escape.html! the link leads out of the folder; it was not followed",
            "d-escape! the link leads out of the folder; it was not followed",
            "e-again! the link leads to a folder that is read at its own place; it was not followed",
            "f-alias.html",
            "g-lost.html! the link leads nowhere",
            "z.HTML.gz",
        ]
    );
}

#[test]
fn pages_of_folders_come_back_as_files_and_only_from_inside() {
    let folder = tempfile::tempdir().expect("folder");
    let roots = ["one/pages", "two/pages"].map(|name| folder.path().join(name));
    for root in &roots {
        write(root, "a b.html");
        write(root, "later.html");
    }
    let bench = Bench::new();
    let inputs: Vec<Input> = roots
        .iter()
        .map(|root| classify(&root.display().to_string()).expect("folder"))
        .chain([
            Input::Url("file:///etc/passwd".to_owned()),
            classify(&roots[0].join("a b.html").display().to_string()).expect("file"),
        ])
        .collect();
    let admission = bench.admit(&inputs).expect("admitted");
    assert_eq!((admission.admitted, admission.duplicates), (5, 1));

    // After admission one page is replaced by a link that leads out.
    fs::remove_file(roots[1].join("later.html")).expect("remove");
    symlink("/etc/passwd", roots[1].join("later.html")).expect("link");
    let entries: Vec<(String, Option<String>)> = bench
        .entries()
        .into_iter()
        .map(|entry| (entry.url, entry.local.map(|p| fs::read_to_string(p).expect("readable"))))
        .collect();
    let page = |url: &str, text: &str| (url.to_owned(), Some(text.to_owned()));
    assert_eq!(
        entries,
        [
            page("file:///pages/a%20b.html", "<p>a b.html"),
            page("file:///pages/later.html", "<p>later.html"),
            page("file:///pages-2/a%20b.html", "<p>a b.html"),
            ("file:///pages-2/later.html".to_owned(), None),
            ("file:///etc/passwd".to_owned(), None),
        ]
    );
}
