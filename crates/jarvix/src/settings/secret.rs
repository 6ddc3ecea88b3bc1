//! Secrets in settings: where they are read from, so that they need not stand on the command line
//! where every user of the machine sees them, and how they are shown: not at all.

/// Largest file that a secret is read from, in bytes.
const FILE_BYTES_MAX: u64 = 64 * 1024;
/// What stands where a secret was.
const HIDDEN: &str = "(hidden)";

/// The secret that `text` is or names: `env:NAME` is a variable, `@FILE` the content of a file.
/// The error never shows it.
pub fn resolve(text: &str) -> Result<String, String> {
    let text = text.trim();
    if let Some(name) = text.strip_prefix("env:") {
        return std::env::var(name).map_err(|_| format!("there is no variable {name}"));
    }
    let Some(path) = text.strip_prefix('@') else { return Ok(text.to_owned()) };
    let disk = jarvix_store::system_env().disk;
    let content = disk
        .read(std::path::Path::new(path), FILE_BYTES_MAX)
        .map_err(|error| format!("failed to read {path}: {error}"))?;
    let content = String::from_utf8(content).map_err(|_| format!("{path} is not text"))?;
    Ok(content.trim_end_matches(['\r', '\n']).to_owned())
}

/// Whether `text` only says where the secret is.
fn is_reference(text: &str) -> bool {
    text.starts_with("env:") || text.starts_with('@')
}

/// `line` with everything after the first `between` hidden, unless it is a reference.
pub fn hidden_after(line: &str, between: char, gap: &str) -> String {
    match line.split_once(between) {
        Some((_, secret)) if is_reference(secret.trim()) => line.to_owned(),
        Some((name, _)) => format!("{name}{between}{gap}{HIDDEN}"),
        // Not written as it should be: it may be all secret.
        None => HIDDEN.to_owned(),
    }
}

/// An address without what stands before its `@`.
pub fn hidden_login(text: &str) -> String {
    if is_reference(text.trim()) {
        return text.to_owned();
    }
    match text.rsplit_once('@') {
        None => text.to_owned(),
        Some((before, host)) => {
            let scheme = before.split_once("://").map_or(String::new(), |(s, _)| format!("{s}://"));
            format!("{scheme}{HIDDEN}@{host}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_come_from_elsewhere_and_are_not_shown() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("token");
        std::fs::write(&file, "s3cret\n").expect("a file");
        assert_eq!(resolve(&format!(" @{}", file.display())), Ok("s3cret".to_owned()));
        assert_eq!(resolve("s3cret "), Ok("s3cret".to_owned()));
        assert!(resolve("env:JARVIX_NO_SUCH_VARIABLE").is_err_and(|why| why.contains("NO_SUCH")));
        assert!(resolve("@/nowhere/at/all").is_err());
        for (shown, expected) in [
            (hidden_after("X-Key: s3cret", ':', " "), "X-Key: (hidden)"),
            (hidden_after("X-Key: env:KEY", ':', " "), "X-Key: env:KEY"),
            (hidden_after("s3cret", ':', " "), "(hidden)"),
            (hidden_after("host=me:s3=cret", '=', ""), "host=(hidden)"),
            (hidden_after("host=@file", '=', ""), "host=@file"),
            (hidden_login("socks5://me:s3@cret@host:1"), "socks5://(hidden)@host:1"),
            (hidden_login("http://host:1"), "http://host:1"),
            (hidden_login("env:PROXY"), "env:PROXY"),
        ] {
            assert_eq!(shown, expected);
        }
    }
}
