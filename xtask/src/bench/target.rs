//! A target and what was reached of it, as a line below a table. A target that is missed is said
//! and is no failure of the command: machines differ, and whoever reads the table judges.

/// `- p95: 2.6 ms (target < 85 ms): reached`.
pub fn line(what: &str, reached: &str, target: &str, is_reached: bool) -> String {
    let verdict = if is_reached { "reached" } else { "MISSED" };
    format!("- {what}: {reached} (target {target}): {verdict}\n")
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_miss_is_said_aloud() {
        assert_eq!(
            super::line("p95", "2 ms", "< 85 ms", true),
            "- p95: 2 ms (target < 85 ms): reached\n"
        );
        assert!(super::line("p95", "90 ms", "< 85 ms", false).ends_with(": MISSED\n"));
    }
}
