//! Everything of the PDF but its cover and the ranking: scores, earlier runs, hosts, what became of
//! every line, failures, duplicates and the method.

use jarvix_pdf::{Align, Cell, Column, Figure, Paragraph, Span, Table, Width};

use super::{Sheet, charts};
use crate::view::account::{Failure, Group, Line};
use crate::view::over_time::OverTime;
use crate::view::{Fact, Link, Shown, View};

/// Examples that are shown of one cause on paper.
const EXAMPLES: usize = 3;

/// Width of a line in a table, in points.
const SPARK: f32 = 62.0;

fn column(head: &str, width: Width, align: Align) -> Column {
    Column { head: head.to_owned(), width, align }
}

/// A column of texts that takes what is left.
fn wide(head: &str) -> Column {
    column(head, Width::Share(1.0), Align::Start)
}

/// A column of numbers.
fn numbers(head: &str) -> Column {
    column(head, Width::Fit(84.0), Align::End)
}

impl Sheet<'_> {
    pub(super) fn table(&mut self, summary: &str, columns: Vec<Column>, rows: Vec<Vec<Cell>>) {
        let head = Some(self.look.head());
        self.document.table(&Table { columns, rows, summary: summary.to_owned(), head });
    }

    fn cell(&self, text: &Shown) -> Cell {
        Cell::of(vec![Paragraph::new(text.0.clone(), self.look.text()).cut_after(3)])
    }

    fn number(&self, text: &str) -> Cell {
        Cell::text(text, self.look.text())
    }

    /// A name with a sentence below it.
    fn named(&self, name: &str, about: &Shown) -> Cell {
        let mut lines = vec![Paragraph::new(name, self.look.strong()).cut_after(2)];
        if !about.is_empty() {
            lines.push(Paragraph::new(about.0.clone(), self.look.soft()).cut_after(3));
        }
        Cell::of(lines)
    }

    fn link(&self, link: &Link) -> Paragraph {
        let href = link.href.as_ref().map(|href| href.0.clone());
        let span = Span::new(link.text.0.clone(), self.look.address()).leading_to(href);
        Paragraph { spans: vec![span], lines_max: 2, ..Paragraph::default() }
    }

    /// Names and values, without lines between them.
    pub(super) fn facts(&mut self, facts: &[Fact]) {
        for fact in facts {
            let name = Span::new(format!("{}: ", fact.name), self.look.soft());
            let value = Span::new(fact.value.0.clone(), self.look.text());
            let spans = vec![name, value];
            self.document.paragraph(&Paragraph { spans, lines_max: 3, ..Paragraph::default() });
        }
    }

    fn lines(&mut self, summary: &str, heads: [&str; 2], lines: &[Line], total: (&str, &str)) {
        let mut rows: Vec<Vec<Cell>> = lines
            .iter()
            .map(|line| {
                vec![
                    self.named(&line.name.0, &line.about),
                    self.number(&line.count),
                    self.number(&line.share),
                ]
            })
            .collect();
        let strong = |text: &str| Cell::text(text, self.look.strong());
        rows.push(vec![strong(total.0), strong(total.1), Cell::default()]);
        self.table(summary, vec![wide(heads[0]), numbers(heads[1]), numbers("Share")], rows);
    }

    pub(super) fn scores(&mut self, view: &View) {
        self.section_of_chart("Scores and actions");
        self.note(&view.spread);
        let (width, look) = (self.document.width(), self.look);
        let Some(chart) = &view.histogram else { return };
        self.document.figure(&charts::histogram(chart, &view.spread, width, look));
        self.note("Documents per 5 points of score, 0 to 100.");
        if view.actions.is_empty() {
            return;
        }
        self.part("What the profile advises");
        self.document.figure(&charts::shares(&view.actions, width, look));
        let rows = view.actions.iter().map(|action| {
            let shapes = vec![look.swatch(action.tone, 9.0)];
            let swatch = Figure { width: 11.0, height: 11.0, shapes, alt: String::new() };
            vec![
                Cell { paragraphs: Vec::new(), figure: Some(swatch) },
                self.named(&action.name.0, &action.about),
                self.number(&action.count),
                self.number(&format!("{:.1}%", action.share)),
            ]
        });
        let rows = rows.collect();
        let columns = vec![
            column("", Width::Fit(12.0), Align::Start),
            wide("Action"),
            numbers("Documents"),
            numbers("Share"),
        ];
        self.table("Scored documents by action.", columns, rows);
    }

    pub(super) fn over_time(&mut self, view: &View) {
        let Some(facts) = &view.over_time else { return };
        self.section_of_chart("Since earlier runs");
        self.note(&facts.note);
        self.note(&facts.outlook);
        if let Some(chart) = &facts.chart {
            let figure = charts::line(chart, &facts.about, self.document.width(), self.look);
            self.document.figure(&figure);
        }
        self.runs(facts);
        if facts.movers.is_empty() {
            return;
        }
        self.part("The pages that moved most");
        let rows = facts.movers.iter().map(|page| {
            let sections: Vec<String> = page.sections.iter().map(|s| s.0.clone()).collect();
            let text = match page.text.is_empty() {
                true => page.standing.0.clone(),
                false => format!("{} · {} {}", page.standing, page.text, sections.join(", ")),
            };
            let about = Paragraph::new(text, self.look.soft()).cut_after(2);
            let look = self.look;
            let spark = page.spark.as_ref().map(|spark| charts::sparkline(spark, SPARK, look));
            vec![
                Cell::of(vec![self.link(&page.link), about]),
                Cell { paragraphs: Vec::new(), figure: spark },
                self.number(&page.before),
                self.number(&page.now),
            ]
        });
        let rows = rows.collect();
        let by_run = column("By run", Width::Fit(SPARK), Align::Start);
        let columns = vec![wide("Page"), by_run, numbers("Before"), numbers("Now")];
        self.table("Pages that moved most.", columns, rows);
    }

    fn runs(&mut self, facts: &OverTime) {
        let rows = facts.runs.iter().map(|run| {
            vec![
                self.number(&run.number.to_string()),
                self.named(&run.name.0, &run.begun),
                self.number(&run.pages),
                self.number(&run.mean),
            ]
        });
        let rows = rows.collect();
        let columns =
            vec![numbers("#"), wide("Run"), numbers("Scored pages"), numbers("Mean score")];
        self.table("Mean score by run.", columns, rows);
    }

    pub(super) fn places(&mut self, view: &View) {
        match &view.hosts_chart {
            None => self.section("Hosts, kinds of page and languages"),
            Some(chart) => {
                self.section_of_chart("Hosts, kinds of page and languages");
                let figure = charts::scatter(chart, self.document.width(), self.look);
                self.document.figure(&figure);
                self.note("Each dot is a host: further to the right with more pages, ten times as many at each power of ten; higher with a better mean score.");
            }
        }
        self.note(&view.hosts_note);
        if !view.hosts.is_empty() {
            let rows = view.hosts.iter().map(|host| {
                let mean = host.mean.map_or_else(|| "–".to_owned(), |mean| format!("{mean:.1}"));
                vec![
                    self.cell(&host.name),
                    self.number(&host.pages),
                    self.number(&host.failed),
                    self.number(&host.documents),
                    self.number(&mean),
                ]
            });
            let rows = rows.collect();
            let columns = vec![
                wide("Host"),
                numbers("Pages"),
                numbers("Failed"),
                numbers("Documents"),
                numbers("Mean score"),
            ];
            self.table("Hosts with most pages.", columns, rows);
        }
        for group in &view.groups {
            self.group(group);
        }
    }

    fn group(&mut self, group: &Group) {
        self.part(group.title);
        if group.rows.is_empty() {
            self.note(group.empty);
            return;
        }
        let rows = group.rows.iter().map(|row| {
            vec![self.cell(&row.name), self.number(&row.count), self.number(&row.share)]
        });
        let rows = rows.collect();
        let columns = vec![wide("Name"), numbers("Documents"), numbers("Share")];
        self.table(group.title, columns, rows);
    }

    pub(super) fn account(&mut self, view: &View) {
        self.section(view.account);
        if !view.ledger.is_empty() {
            let total = ("All lines", view.lines.as_str());
            let summary = "What became of the lines of the input.";
            self.lines(summary, ["Became", "Lines"], &view.ledger, total);
        }
        if let Some(more) = &view.from_links {
            self.note(&format!("{more} found through links and sitemaps."));
        }
        let all = ("All pages", view.pages.as_str());
        if !view.ways.is_empty() {
            self.part("Where the pages were found");
            self.lines("Pages by how they came into the run.", ["Found", "Pages"], &view.ways, all);
        }
        self.part("How the pages ended");
        if view.outcomes.is_empty() {
            self.note("There were no pages.");
        } else {
            self.lines("Pages by outcome.", ["Outcome", "Pages"], &view.outcomes, all);
        }
        self.part("Documents that are not content");
        if view.gates.is_empty() {
            self.note("No document was held back.");
        } else {
            let total = ("All held back", view.gated.as_str());
            self.lines("Documents held back, by gate.", ["Gate", "Documents"], &view.gates, total);
        }
    }

    pub(super) fn manners(&mut self, view: &View) {
        self.section("How much the hosts were asked");
        self.note(&view.manners.note);
        if view.manners.rows.is_empty() {
            return;
        }
        let rows = view.manners.rows.iter().map(|host| {
            vec![
                self.cell(&host.name),
                self.number(&host.requests),
                self.number(&host.concurrency),
                self.number(&host.gap),
                self.number(&host.delay),
                self.number(&host.pauses),
                self.number(&host.aside),
            ]
        });
        let rows = rows.collect();
        let heads = ["Requests", "At a time", "Shortest gap", "Crawl delay", "Waited", "Put aside"];
        let columns = std::iter::once(wide("Host")).chain(heads.map(numbers)).collect();
        self.table("The hosts that were asked most at a time.", columns, rows);
    }

    /// Causes with examples.
    fn causes(&mut self, summary: &str, heads: [&str; 2], causes: &[Failure]) {
        let rows = causes.iter().map(|cause| {
            let mut cell = self.named(&cause.outcome, &cause.reason);
            if cause.outcome.is_empty() {
                cell.paragraphs.clear();
            }
            cell.paragraphs.extend(cause.examples.iter().take(EXAMPLES).map(|url| self.link(url)));
            vec![cell, self.number(&cause.count)]
        });
        let rows = rows.collect();
        self.table(summary, vec![wide(heads[0]), numbers(heads[1])], rows);
    }

    pub(super) fn failures(&mut self, view: &View) {
        if !view.left_out.is_empty() || !view.found_on.is_empty() {
            self.section("What was found and what was left out");
        }
        if !view.left_out.is_empty() {
            let summary = "Addresses that were found and are not fetched, by cause.";
            self.causes(summary, ["Cause, with examples", "Addresses"], &view.left_out);
        }
        if !view.found_on.is_empty() {
            self.causes("The pages that led to most others.", ["Page", "Led to"], &view.found_on);
        }
        self.section("Pages without a document");
        self.note(&view.failures_note);
        if !view.failures.is_empty() {
            let heads = ["Cause, with examples", "Pages"];
            self.causes("Why there is no document.", heads, &view.failures);
        }
        if !view.failing_hosts.is_empty() {
            self.part("Failures by host");
            let rows = view.failing_hosts.iter().map(|host| {
                vec![
                    self.cell(&host.name),
                    self.number(&host.mostly),
                    self.number(&host.failed),
                    self.number(&host.pages),
                ]
            });
            let rows = rows.collect();
            let mostly = column("Mostly", Width::Fit(110.0), Align::Start);
            let columns = vec![wide("Host"), mostly, numbers("Failed"), numbers("Pages")];
            self.table("Failures by host.", columns, rows);
        }
        self.part("Lines that could not be used");
        self.note(&view.rejects_note);
        if !view.rejects.is_empty() {
            let rows = view.rejects.iter().map(|reject| {
                let place = format!("{}, line {}", reject.source, reject.line);
                vec![
                    Cell::of(vec![Paragraph::new(place, self.look.text()).cut_after(2)]),
                    self.named(&reject.text.0, &reject.reason),
                ]
            });
            let rows = rows.collect();
            let place = column("Where", Width::Fit(130.0), Align::Start);
            self.table("Rejected lines.", vec![place, wide("Line and reason")], rows);
        }
    }

    pub(super) fn duplicates(&mut self, view: &View) {
        self.section("What repeats what");
        self.note(&view.duplicates_note);
        if view.clusters.is_empty() {
            return;
        }
        let rows = view.clusters.iter().map(|cluster| {
            let mut lines = vec![self.link(&cluster.representative)];
            lines.extend(cluster.examples.iter().take(EXAMPLES).map(|url| self.link(url)));
            vec![Cell::of(lines), self.number(&cluster.repeated)]
        });
        let rows = rows.collect();
        let columns =
            vec![wide("First page, then examples of what repeats it"), numbers("Repeated by")];
        self.table("The largest groups of documents with the same text.", columns, rows);
    }

    pub(super) fn method(&mut self, view: &View) {
        self.section("Method and how to repeat it");
        if !view.repeat_command.is_empty() {
            self.part("The command");
            let command = Paragraph::new(view.repeat_command.0.clone(), self.look.text());
            self.document.paragraph(&command);
        }
        if !view.method.is_empty() {
            self.part("Notes");
            for sentence in &view.method {
                self.note(&sentence.0);
            }
        }
        if !view.profile.signals.is_empty() {
            self.part("What was scored");
            self.note(&format!("{} {}", view.profile.name, view.profile.about));
            let rows = view.profile.signals.iter().map(|signal| {
                vec![self.named(&signal.name.0, &signal.about), self.number(&signal.weight)]
            });
            let rows = rows.collect();
            self.table("Signals and their weights.", vec![wide("Signal"), numbers("Weight")], rows);
        }
        self.part("Settings");
        if !view.profile.hash.is_empty() {
            let value = format!("{} {}", view.profile.name, view.profile.hash);
            self.facts(&[Fact::new("Profile", &value)]);
        }
        self.facts(&view.settings);
        self.part("Sizes");
        self.facts(&view.sizes);
    }
}
