//! What follows from the figures of a summary: sums over them, and the sums that do not hold.

use jarvix_core::Outcome;

use crate::Summary;

impl Summary {
    /// All pages of the run: the sum over the outcomes.
    pub fn pages(&self) -> u64 {
        self.outcomes.iter().map(|o| o.count).sum()
    }

    /// Pages whose outcome counts as a failure.
    pub fn failed(&self) -> u64 {
        self.outcomes.iter().filter(|o| o.failure).map(|o| o.count).sum()
    }

    /// Pages that give a document, whether it was taken already or not.
    pub fn giving(&self) -> u64 {
        self.outcomes.iter().filter(|o| o.outcome.gives_document()).map(|o| o.count).sum()
    }

    /// Pages that ended so.
    pub fn ended(&self, outcome: Outcome) -> u64 {
        self.outcomes.iter().filter(|o| o.outcome == outcome).map(|o| o.count).sum()
    }

    /// Documents that a gate held back.
    pub fn gated(&self) -> u64 {
        self.gates.iter().map(|g| g.count).sum()
    }

    /// The sums that do not hold, each as a sentence; none when the report adds up.
    pub fn discrepancies(&self) -> Vec<String> {
        let input = &self.input;
        // A run that was stopped has pages whose document is still to be taken.
        let giving = self.giving().min(self.documents);
        let sums = [
            (
                "input lines and pages, rejects and repeated lines together",
                input.lines,
                input.pages + input.left + input.rejects + input.duplicates,
            ),
            (
                "pages by outcome and pages from input and links together",
                self.pages(),
                input.pages + input.pages_from_links,
            ),
            ("documents and pages that give one", self.documents, giving),
            (
                "pages by how they were found and all pages",
                self.crawl.pages_or(self.pages()),
                self.pages(),
            ),
            (
                "scored documents and documents by action",
                self.scores.count,
                self.actions.iter().map(|a| a.count).sum(),
            ),
            (
                "scored documents and documents in the histogram",
                self.scores.count,
                self.scores.histogram.iter().sum(),
            ),
        ];
        sums.into_iter()
            .filter(|(_, left, right)| left != right)
            .map(|(what, left, right)| format!("{what} differ: {left} and {right}"))
            .collect()
    }
}
