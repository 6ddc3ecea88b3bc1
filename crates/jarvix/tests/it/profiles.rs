//! `jarvix profile` and `jarvix score --compare`: profiles before and after they are used.

use serde_json::json;

use crate::support::Place;

fn scored() -> Place {
    let place = Place::new();
    std::fs::create_dir_all(place.path().join("pages")).expect("a folder");
    for (name, words) in [("long", 900), ("short", 80)] {
        let text =
            "This sentence is one of many that make a page worth reading. ".repeat(words / 12);
        let html = format!("<title>{name}</title><article><h1>{name}</h1><p>{text}</p></article>");
        place.file(&format!("pages/{name}.html"), html);
    }
    place.run(&["run", "pages", "--run", "a", "--quiet"]).expect(0);
    place
}

#[test]
fn what_comes_with_the_program_is_listed_and_shown() {
    let place = Place::new();
    let list = place.run(&["profile"]).expect(0).stdout();
    insta::assert_snapshot!("profile_list", list);
    for name in ["default", "classic", "buying-intent", "editorial-quality", "corpus-for-training"]
    {
        let shown = place.run(&["profile", "show", name]).expect(0).stdout();
        let file = place.file(&format!("{name}.toml"), &shown);
        let checked = place.run(&["profile", "check", name, &file]).expect(0).stdout();
        assert_eq!(checked.lines().count(), 2, "{checked}");
        let words = place.run(&["profile", "explain", name]).expect(0).stdout();
        assert!(words.contains(name), "{words}");
    }
    let json = place.run(&["profile", "list", "--json"]).expect(0).json();
    assert_eq!(json["data"].as_array().map(Vec::len), Some(6), "{json}");
}

#[test]
fn a_new_profile_can_be_used_at_once_and_none_is_overwritten() {
    let place = scored();
    place.run(&["profile", "new", "mine.toml", "--from", "classic"]).expect(0);
    let text = std::fs::read_to_string(place.path().join("mine.toml")).expect("a file");
    assert!(text.contains("name = \"mine\"") && text.contains("# Made from the profile classic"));
    place.run(&["profile", "check", "mine.toml"]).expect(0);
    let again = place.run(&["profile", "new", "mine.toml"]).expect(2).stderr();
    assert!(again.contains("--force"), "{again}");
    place.run(&["profile", "new", "Mine Own.toml"]).expect(2);
    place.run(&["profile", "new", "mine.toml", "--force"]).expect(0);
    place.run(&["score", "--run", "a", "--profile", "mine.toml", "--quiet"]).expect(0);
}

#[test]
fn every_wrong_profile_is_told_with_its_place() {
    let place = Place::new();
    let text = place.run(&["profile", "show", "default"]).expect(0).stdout();
    place.file("typo.toml", text.replace("curve(word_count, 50", "curve(word_cuont, 50"));
    place.file("sum.toml", text.replace("weight = 24", "weight = 25"));
    let ended = place.run(&["profile", "check", "typo.toml", "default", "sum.toml", "none"]);
    let told = ended.expect(2).stdout();
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines.len(), 4, "{told}");
    assert!(lines[0].contains("line") && lines[0].contains("did you mean `word_count`"), "{told}");
    assert!(lines[1].contains("right"), "{told}");
    let json = place.run(&["profile", "check", "typo.toml", "--json"]).expect(2).json();
    assert!(json["data"][0]["line"].is_number() && json["ok"] == json!(false), "{json}");
}

#[test]
fn a_page_is_explained_by_its_contributions() {
    let place = scored();
    let url = "file:///pages/long.html";
    let args = ["profile", "explain", "default", "--run", "a", "--url", url];
    let page = place.run(&[&args[..], &["--json"]].concat()).expect(0).json();
    let page = &page["data"]["page"];
    let parts = page["contributions"].as_array().expect("a list");
    let sum: i64 = parts.iter().filter_map(|part| part["points"].as_i64()).sum();
    assert_eq!(Some(sum + page["gate"].as_i64().unwrap_or(0)), page["score"].as_i64(), "{page}");
    let told = place.run(&args).expect(0).stdout();
    assert!(told.contains(url) && told.contains("substance") && told.contains('█'), "{told}");
    let none = ["profile", "explain", "default", "--run", "a", "--url", "https://x.example/"];
    assert!(place.run(&none).expect(2).stderr().contains("no document"));
}

#[test]
fn what_would_move_is_shown_and_nothing_is_written() {
    let place = scored();
    let before = crate::support::comparable(&place.store(), "a");
    let same = place.run(&["score", "--run", "a", "--compare", "--json"]).expect(0).json();
    assert_eq!(same["data"]["comparison"]["same"], json!(2), "{same}");
    let args = ["score", "--run", "a", "--profile", "classic", "--compare"];
    let moved = place.run(&[&args[..], &["--json"]].concat()).expect(0).json();
    let moved = &moved["data"]["comparison"];
    assert_eq!(moved["documents"], json!(2));
    let first = &moved["movers"][0];
    let changes = first["changes"].as_array().expect("a list");
    let sum: i64 = changes
        .iter()
        .map(|c| c["new"].as_i64().unwrap_or(0) - c["old"].as_i64().unwrap_or(0))
        .sum();
    let points = |name: &str| first[name].as_i64().expect("a number");
    assert_eq!(sum, points("new_score") - points("old_score"), "{first}");
    let told = place.run(&[&args[..], &["default", "--movers", "1"]].concat()).expect(0);
    assert!(told.stdout().starts_with("classic against default, 2 documents"), "{}", told.stdout());
    assert!(told.stderr().contains("nothing was written"), "{}", told.stderr());
    assert_eq!(crate::support::comparable(&place.store(), "a"), before);
}

#[test]
fn a_profile_is_fitted_to_labels_and_written_where_it_is_wanted() {
    let place = Place::new();
    std::fs::create_dir_all(place.path().join("pages")).expect("a folder");
    let mut labels = "url,label\n".to_owned();
    for at in 0..60 {
        let words = if at % 2 == 0 { 900 } else { 60 };
        let text = format!("This sentence of page {at} is one of many that make it long. ")
            .repeat(words / 12);
        place.file(
            &format!("pages/{at}.html"),
            format!("<title>{at}</title><article><p>{text}</p>"),
        );
        let word = if at % 2 == 0 { "yes" } else { "no" };
        labels.push_str(&format!("file:///pages/{at}.html,{word}\n"));
    }
    place.run(&["run", "pages", "--run", "a", "--quiet"]).expect(0);
    let labels = place.file("labels.csv", labels);
    let args = ["profile", "tune", "default", "--run", "a", "--labels", &labels];
    let told = place.run(&args).expect(0);
    assert!(told.stdout().contains("held out") && told.stdout().contains("substance"));
    assert!(told.stderr().contains("warning") && told.stderr().contains("nothing was written"));
    let tuned =
        place.run(&[&args[..], &["--json", "--out", "tuned.toml"]].concat()).expect(0).json();
    assert_eq!(tuned["data"]["missing"], json!(0), "{tuned}");
    place.run(&["profile", "check", "tuned.toml"]).expect(0);
    place.run(&[&args[..], &["--out", "tuned.toml"]].concat()).expect(2);
    let wrong = place.file("wrong.csv", "url,label\nhttps://x.example/,perhaps\n");
    let args = ["profile", "tune", "default", "--run", "a", "--labels", &wrong];
    let told = place.run(&args).expect(2).stderr();
    assert!(told.contains("line 2") && told.contains("perhaps"), "{told}");
}

#[test]
fn a_topic_in_words_or_in_a_file_ranks_what_is_about_it() {
    let place = Place::new();
    std::fs::create_dir_all(place.path().join("pages")).expect("a folder");
    for (name, subject) in
        [("solar", "solar panels"), ("dogs", "young dogs"), ("tax", "income tax")]
    {
        let text =
            format!("Here is a sentence about {subject} that goes on for a while. ").repeat(80);
        let html = format!("<title>On {subject}</title><article><p>{text}</p></article>");
        place.file(&format!("pages/{name}.html"), html);
    }
    let topic = ["run", "pages", "--run", "a", "--quiet", "--topic", "solar panels for balconies"];
    place.run(&topic).expect(0);
    let sql = "SELECT url FROM scores ORDER BY score DESC, url LIMIT 1";
    let best = |place: &Place| place.run(&["query", "--format", "csv", sql]).expect(0).stdout();
    assert!(best(&place).contains("solar.html"), "{}", best(&place));
    let file = place.file("brief.txt", "We look for pages on dogs,\nyoung ones above all.");
    place.run(&["score", "--run", "a", "--topic", &file, "--quiet"]).expect(0);
    assert!(best(&place).contains("dogs.html"), "{}", best(&place));
    let saved = std::fs::read_to_string(place.data().join("runs/a/profile.toml")).expect("a file");
    assert!(saved.contains("topic = ") && saved.contains("young ones above all"), "{saved}");
    let run = std::fs::read_to_string(place.data().join("runs/a/run.toml")).expect("a file");
    assert!(run.contains("profile = \"topic\""), "{run}");
    let none = place.run(&["score", "--run", "a", "--profile", "topic"]).expect(2).stderr();
    assert!(none.contains("asks for a topic"), "{none}");
    let unasked = ["score", "--run", "a", "--profile", "classic", "--topic", "dogs"];
    assert!(place.run(&unasked).expect(2).stderr().contains("does not ask"));
}
